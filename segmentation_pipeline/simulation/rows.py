"""What was counted in a replay, as rows of the tables; nothing is handed on that does not add up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from segmentation_pipeline.errors import RunFailed
from segmentation_pipeline.simulation.replay.tally import FLOWS
from segmentation_pipeline.simulation.replay.trace import COLUMNS
from segmentation_pipeline.simulation.tables import (
    BLOCKS,
    CHANNEL_DAYS,
    CLAIMS,
    DECISIONS,
    NO_CLAIMS,
    PRESSURE,
    REASONS,
    RUN,
    SEGMENT_DAYS,
    STARVATION,
    VARIANT,
)

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from segmentation_pipeline.lake.tables import Table
    from segmentation_pipeline.simulation.replay.tally import Tally

_UNBLOCKED = ("suppressed", "holdout", "quiet", "capacity")
"""Claims that no segment blocked."""


def frame_of(table: Table, rows: Iterable[Mapping[str, Any]]) -> pl.DataFrame:
    """Return rows as a frame of a table, without the run's id."""
    schema = {name: kind for name, kind in table.schema.items() if name != RUN}
    return pl.DataFrame(list(rows), schema=schema, orient="row")


def segment_days(variant: str, tally: Tally, days: Sequence[dt.date]) -> pl.DataFrame:
    """Return `simulation_segment_days`: every day of every segment that delivers.

    Raises `RunFailed` where the figures do not balance: then the arbiter or its inputs are wrong.
    """
    ranks = len(tally.ranking)
    found: dict[str, Any] = {
        VARIANT: [variant] * (len(days) * ranks),
        "day": np.repeat(np.array(days, dtype="datetime64[D]"), ranks),
        "segment_id": list(tally.ranking.ids) * len(days),
        "channel": [one.delivery.channel for one in tally.ranking.contenders] * len(days),
    }
    flows = {name: tally.flows[place].reshape(-1) for place, name in enumerate(FLOWS)}
    reasons = {name: tally.reasons[place].reshape(-1) for place, name in enumerate(REASONS)}
    claims = sum((reasons[name] for name in CLAIMS), np.zeros(len(days) * ranks, dtype=np.int64))
    inactive = flows["size"] - sum(reasons.values())
    columns = {**found, **flows, "claims": claims, **reasons, "inactive": inactive}
    schema = {name: kind for name, kind in SEGMENT_DAYS.schema.items() if name != RUN}
    rows = pl.DataFrame({name: columns[name] for name in schema}).cast(schema)  # type: ignore[arg-type]  # a schema is a mapping
    check_balance(rows)
    _check_inactive(tally, days, inactive.reshape(len(days), ranks))
    return rows


def check_balance(rows: pl.DataFrame) -> None:
    """Raise `RunFailed` unless claims are the sum of what became of them, and sizes of what moved."""
    before = pl.col("size").shift(1).over(VARIANT, "segment_id", order_by="day")
    moved = before + pl.col("entered") - pl.col("exited")
    others = pl.sum_horizontal(*NO_CLAIMS, "inactive")
    wrong = rows.filter(
        (pl.col("claims") != pl.sum_horizontal(CLAIMS))
        | (pl.col("size") != pl.col("claims") + others)
        | (pl.col("inactive") < 0)
    )
    jumped = rows.with_columns(moved.alias("moved")).filter(pl.col("moved") != pl.col("size"))
    for found, what in ((wrong, "decisions do not add up to its members"), (jumped, "size does not follow")):
        if not found.is_empty():
            row = found.row(0, named=True)
            raise RunFailed(
                f"the {what}: `{row['segment_id']}` on {row['day']}",
                where="simulation_segment_days",
                hint="the program is wrong: please report this simulation",
            )


def _check_inactive(tally: Tally, days: Sequence[dt.date], inactive: NDArray[np.int64]) -> None:
    """Hold members without a decision against the days on which their segment rests."""
    for rank, one in enumerate(tally.ranking.contenders):
        for place, day in enumerate(days):
            if one.delivery.is_active_on(day) and inactive[place, rank]:
                raise RunFailed(
                    f"{inactive[place, rank]} members of `{one.segment_id}` have no decision on {day}",
                    where="simulation_segment_days",
                    hint="the program is wrong: please report this simulation",
                )


def channel_days(segment_rows: pl.DataFrame, capacity: Mapping[str, int], share: float) -> pl.DataFrame:
    """Return `simulation_channel_days`, the sums of the segments', against capacities of a sample."""
    room = {name: round(most * share) for name, most in capacity.items()}
    summed = segment_rows.group_by(VARIANT, "day", "channel").agg(
        pl.col("won").sum().alias("messages"),
        pl.col("claims").sum(),
        pl.col("capacity").sum().alias("displaced"),
        pl.col("quiet", "suppressed").sum(),
    )
    limit = pl.col("channel").replace_strict(room, default=None, return_dtype=pl.Int64)
    found = summed.with_columns(limit.alias("capacity")).with_columns(
        pl.when(pl.col("capacity") > 0).then(pl.col("messages") / pl.col("capacity")).alias("utilisation")
    )
    columns = [name for name in CHANNEL_DAYS.schema if name != RUN]
    return found.select(columns).sort(VARIANT, "day", "channel")


def block_rows(variant: str, tally: Tally) -> pl.DataFrame:
    """Return `simulation_blocks`: of every claim that did not win, and of group losers."""
    return frame_of(BLOCKS, _blocks(variant, tally)).sort(
        VARIANT, "blocked", "reason", "rule", "blocker", nulls_last=True
    )


def _blocks(variant: str, tally: Tally) -> Iterator[dict[str, Any]]:
    ids = tally.ranking.ids
    blockers = (*tally.sources.segment_ids, None)
    counted: dict[tuple[str, str | None, str, int | None], int] = {}
    for (reason, rule), counts in tally.blocks.items():
        for rank, source in zip(*np.nonzero(counts), strict=True):
            key = (ids[rank], blockers[source], str(reason), None if rule < 0 else rule)
            # A segment can be told of through several channels: they are one blocker.
            counted[key] = counted.get(key, 0) + int(counts[rank, source])
    for name in (*_UNBLOCKED, "gap"):
        for rank, many in enumerate(tally.reasons[REASONS.index(name)].sum(axis=0)):
            if many:
                counted[ids[rank], ids[rank] if name == "gap" else None, name, None] = int(many)
    for (blocked, blocker, name, place), many in counted.items():
        yield {
            VARIANT: variant,
            "blocked": blocked,
            "blocker": blocker,
            "reason": name,
            "rule": place,
            "decisions": many,
        }


def pressure_rows(variant: str, tally: Tally) -> pl.DataFrame:
    """Return `simulation_pressure`, without the numbers of contacts that nobody has."""
    rows = (
        {
            VARIANT: variant,
            "window_days": window,
            "channel": channel,
            "contacts_in_window": many,
            "contacts": int(customers[many]) if many < len(customers) else 0,
            "windows": int(windows[many]) if many < len(windows) else 0,
        }
        for (window, channel), (customers, windows) in tally.pressure.items()
        for many in range(max(len(customers), len(windows)))
    )
    found = frame_of(PRESSURE, (row for row in rows if row["contacts"] or row["windows"]))
    return found.sort(VARIANT, "window_days", "channel", "contacts_in_window", nulls_last=False)


def starvation_frame(variant: str, rows: Iterable[Mapping[str, Any]]) -> pl.DataFrame:
    """Return `simulation_starvation`."""
    return frame_of(STARVATION, ({VARIANT: variant, **row} for row in rows))


def decision_rows(
    variant: str, tally: Tally, days: Sequence[dt.date], keys: pl.DataFrame, contacts: NDArray[np.int64]
) -> pl.DataFrame:
    """Return `simulation_decisions` about some contacts; ``keys`` are by number their keys as text."""
    rows = np.concatenate([np.zeros((0, len(COLUMNS)), dtype=np.int64), *tally.trace])
    rows = rows[np.isin(rows[:, COLUMNS.index("contact")], contacts)]
    told = {name: rows[:, place] for place, name in enumerate(COLUMNS)}
    contenders = tally.ranking.contenders
    blockers = (*tally.sources.segment_ids, None)
    found = frame_of(
        DECISIONS,
        (
            {
                VARIANT: variant,
                "day": days[day],
                "object_index": contact,
                "segment_id": contenders[rank].segment_id,
                "channel": contenders[rank].delivery.channel,
                "rank": rank,
                "decision": REASONS[reason],
                "blocked_by": blockers[blocker],
                "rule": None if rule < 0 else rule,
            }
            for day, contact, rank, reason, blocker, rule in zip(
                *(told[name].tolist() for name in COLUMNS), strict=True
            )
        ),
    )
    named = found.drop("contact_id").join(keys, on="object_index", how="left", maintain_order="left")
    return named.select(found.columns).sort(VARIANT, "object_index", "day", "rank")
