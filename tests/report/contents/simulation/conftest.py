"""A week of five customers and four segments under two policies, as the tables of a run."""

from __future__ import annotations

import datetime as dt

import polars as pl
import pytest

from segmentation_pipeline.simulation import tables
from segmentation_pipeline.simulation.compare import diff_rows

MONDAY = dt.date(2026, 6, 1)
NOW = dt.datetime(2026, 6, 8, 4, tzinfo=dt.UTC)
CHANNELS = {"welcome": "email", "sms_flash": "sms", "winback": "email", "promo": "email"}
A = """
c0 sms_flash  won            gap             won             gap             .     .     .
c0 promo      out:sms_flash  cool:sms_flash  out:sms_flash   cool:sms_flash  won   gap   quiet
c1 welcome    won            spent           spent           spent           spent spent spent
c1 winback    grp            grp             grp             grp             grp   grp   grp
c1 promo      out:welcome    cool:welcome    won             gap             gap   cap:promo quiet
c2 sms_flash  won            gap             won             gap             won   gap   quiet
c2 promo      sup            sup             sup             sup             sup   sup   sup
c3 winback    .              .               won             spent           .     won   spent
c4 promo      cool:winback   cap:winback     cap:winback     cap:winback     won   gap   quiet
"""
B = """
c0 sms_flash  won            gap             won             gap             .     .     .
c0 promo      out:sms_flash  cool:sms_flash  out:sms_flash   cool:sms_flash  won   gap   quiet
c1 welcome    won            spent           spent           spent           spent spent spent
c1 winback    grp            grp             grp             grp             grp   grp   grp
c1 promo      out:welcome    cool:welcome    cap:welcome     cap:welcome     cap:welcome cap:welcome quiet
c2 sms_flash  won            gap             won             gap             won   gap   quiet
c2 promo      sup            sup             sup             sup             sup   sup   sup
c3 winback    .              .               won             spent           .     cap:winback quiet
c4 promo      cool:winback   cap:winback     cap:winback     cap:winback     cap:winback cap:winback quiet
"""
LONG = {"out": "outranked", "cool": "cooldown", "grp": "group_loser", "sup": "suppressed"}
HISTORY = (("c4", -3, "promo"), ("c4", -1, "winback"))
DECLARATION = """\
simulation: lower_email_cap
mode: compare
days: 7
to: 2026-06-07
baseline: {policy: a}
proposed: {policy: b}
fail_if:
  - {metric: never_won_segments, operator: greater_than, value: 0}
  - {metric: won, segment: promo, operator: less_than, value: 2}
"""


def decisions(grid: str) -> pl.DataFrame:
    """The cells of a grid as rows: contact, segment, day, decision, blocked_by."""
    rows = []
    for line in grid.strip().splitlines():
        contact, segment, *cells = line.split()
        assert len(cells) == 7, line
        for at, cell in enumerate(cells):
            if cell != ".":
                word, _, by = cell.partition(":")
                reason = LONG.get(word, word)
                by = {"gap": segment, "group_loser": "welcome"}.get(reason, by or None)
                rows.append((contact, segment, at, reason, by))
    return pl.DataFrame(rows, ["contact", "segment_id", "at", "reason", "by"], orient="row")


def segment_days(cells: pl.DataFrame, variant: str) -> pl.DataFrame:
    rows, before = [], {}
    for at in range(7):
        for segment, channel in CHANNELS.items():
            mine = cells.filter(pl.col("at") == at, pl.col("segment_id") == segment)
            members = set(mine["contact"])
            was, seen = before.get(segment, (set(), set()))
            counts = {reason: mine.filter(pl.col("reason") == reason).height for reason in tables.REASONS}
            rows.append(
                {
                    "run_id": "sim-000001",
                    "variant": variant,
                    "day": MONDAY + dt.timedelta(days=at),
                    "segment_id": segment,
                    "channel": channel,
                    "size": len(members),
                    "entered": len(members - was),
                    "exited": len(was - members),
                    "reentered": len((members - was) & seen),
                    "claims": sum(counts[reason] for reason in tables.CLAIMS),
                    **counts,
                    "inactive": 0,
                }
            )
            before[segment] = (members, seen | members)
    return pl.DataFrame(rows, schema=tables.SEGMENT_DAYS.schema)


def channel_days(days: pl.DataFrame) -> pl.DataFrame:
    sums = days.group_by("run_id", "variant", "day", "channel").agg(
        pl.col("won").sum().alias("messages"),
        pl.col("claims", "quiet", "suppressed").sum(),
        pl.col("capacity").sum().alias("displaced"),
    )
    return sums.with_columns(
        pl.lit(None, pl.Int64).alias("capacity"), pl.lit(None, pl.Float64).alias("utilisation")
    ).select(tables.CHANNEL_DAYS.schema.names())


def blocks(cells: pl.DataFrame, variant: str) -> pl.DataFrame:
    lost = cells.filter(~pl.col("reason").is_in(["won", "spent", "expired"]))
    counts = lost.group_by("segment_id", "by", "reason").agg(pl.len().cast(pl.Int64).alias("decisions"))
    rules = pl.col("reason").replace_strict({"cooldown": 0, "cap": 1}, default=None, return_dtype=pl.Int64)
    return counts.select(
        pl.lit("sim-000001").alias("run_id"),
        pl.lit(variant).alias("variant"),
        pl.col("segment_id").alias("blocked"),
        pl.col("by").alias("blocker"),
        "reason",
        rules.alias("rule"),
        "decisions",
    )


def pressure(cells: pl.DataFrame, variant: str) -> pl.DataFrame:
    """Histograms of the fullest windows that end on one of the seven days."""
    won = cells.filter(pl.col("reason") == "won")
    sent = [*won.select("contact", "at", "segment_id").iter_rows(), *HISTORY]
    rows = []
    for window in (1, 7, 30):
        for channel in (None, "email", "sms"):
            most: dict[int, int] = {}
            windows: dict[int, int] = {}
            for contact in ("c0", "c1", "c2", "c3", "c4"):
                mine = [
                    at for who, at, segment in sent if who == contact and channel in (None, CHANNELS[segment])
                ]
                each = [sum(end - window < at <= end for at in mine) for end in range(7)]
                most[max(each)] = most.get(max(each), 0) + 1
                for number in each:
                    windows[number] = windows.get(number, 0) + 1
            rows += [
                ("sim-000001", variant, window, channel, number, most.get(number, 0), windows.get(number, 0))
                for number in sorted({*most, *windows})
            ]
    return pl.DataFrame(rows, schema=tables.PRESSURE.schema, orient="row")


def starvation(cells: pl.DataFrame, variant: str) -> pl.DataFrame:
    rows = []
    for segment in CHANNELS:
        mine = cells.filter(pl.col("segment_id") == segment)
        claims = mine.filter(pl.col("reason").is_in(tables.CLAIMS))
        won = mine.filter(pl.col("reason") == "won")
        wanted = set(claims["contact"]) | set(mine.filter(pl.col("reason") == "group_loser")["contact"])
        lost = mine.filter(pl.col("reason") != "won", pl.col("reason") != "spent")
        worst = lost.group_by("reason").len().sort("len", "reason", descending=[True, False])
        first = won["at"].min()
        rows.append(
            {
                "run_id": "sim-000001",
                "variant": variant,
                "segment_id": segment,
                "status": "ok" if won.height else "never_won",
                "days_with_members": mine["at"].n_unique(),
                "days_with_claims": claims["at"].n_unique(),
                "claims": claims.height,
                "won": won.height,
                "win_rate": won.height / claims.height if claims.height else None,
                "first_win_day": None if first is None else MONDAY + dt.timedelta(days=first),
                "contacts_wanting": len(wanted),
                "contacts_won": won["contact"].n_unique(),
                "contacts_never_won": len(wanted - set(won["contact"])),
                "held_back_by": worst["reason"][0] if worst.height else None,
                "culprits": None,
            }
        )
    return pl.DataFrame(rows, schema=tables.STARVATION.schema)


def traced(cells: pl.DataFrame, variant: str) -> pl.DataFrame:
    ranks = {"welcome": 0, "sms_flash": 1, "winback": 2, "promo": 3}
    rows = [
        {
            "run_id": "sim-000001",
            "variant": variant,
            "day": MONDAY + dt.timedelta(days=row["at"]),
            "object_index": int(row["contact"][1:]),
            "contact_id": row["contact"],
            "segment_id": row["segment_id"],
            "channel": CHANNELS[row["segment_id"]],
            "rank": ranks[row["segment_id"]],
            "decision": row["reason"],
            "blocked_by": row["by"],
            "rule": {"cooldown": 0, "cap": 1}.get(row["reason"]),
        }
        for row in cells.to_dicts()
    ]
    return pl.DataFrame(rows, schema=tables.DECISIONS.schema)


def run_row(cells: pl.DataFrame, variant: str, policy: str) -> dict[str, object]:
    claims = cells.filter(pl.col("reason").is_in(tables.CLAIMS))
    won = cells.filter(pl.col("reason") == "won")
    return {
        "run_id": "sim-000001",
        "variant": variant,
        "simulation": "lower_email_cap",
        "mode": "compare",
        "policy": policy,
        "definitions": "worktree",
        "from_day": MONDAY,
        "to_day": MONDAY + dt.timedelta(days=6),
        "time_zone": "Europe/Berlin",
        "as_of": NOW,
        "contacts": 5,
        "won": won.height,
        "contacts_wanted": claims["contact"].n_unique(),
        "contacts_never_won": len(set(claims["contact"]) - set(won["contact"])),
        "failed": ["won of promo less than 2"],
        "sample_percent": 100.0,
        "salt": None,
        "attribute_basis": [{"name": "plan", "basis": "history"}, {"name": "promo", "basis": "current"}],
        "inputs": [{"table": "contacts", "version": 3}],
        "definitions_hash": "d" * 64,
        "policy_hash": policy * 64,
        "declaration": DECLARATION,
        "engine_version": "1.0.0",
        "result_hash": "e" * 64,
        "repeats": None,
        "recorded_at": NOW,
        "seconds": 1.5,
    }


def switches(one: pl.DataFrame, other: pl.DataFrame) -> pl.DataFrame:
    winners = [
        cells.filter(pl.col("reason") == "won").select("contact", "at", pl.col("segment_id").alias(name))
        for cells, name in ((one, "winner_baseline"), (other, "winner_proposed"))
    ]
    both = winners[0].join(winners[1], on=["contact", "at"], how="full", coalesce=True)
    counts = both.group_by("winner_baseline", "winner_proposed").agg(
        pl.len().cast(pl.Int64).alias("contact_days")
    )
    return counts.select(pl.lit("sim-000001").alias("run_id"), pl.all())


@pytest.fixture(scope="session")
def week() -> dict[str, pl.DataFrame]:
    """The rows of the run, by table."""
    sides = {"baseline": (decisions(A), "a"), "proposed": (decisions(B), "b")}
    days = pl.concat([segment_days(cells, variant) for variant, (cells, _) in sides.items()])

    def each(make) -> pl.DataFrame:
        return pl.concat([make(cells, variant) for variant, (cells, _) in sides.items()])

    runs = [run_row(cells, variant, policy) for variant, (cells, policy) in sides.items()]
    frames = {
        tables.RUNS.name: pl.DataFrame(runs, schema=tables.RUNS.schema),
        tables.SEGMENT_DAYS.name: days,
        tables.CHANNEL_DAYS.name: channel_days(days),
        tables.BLOCKS.name: each(blocks),
        tables.PRESSURE.name: each(pressure),
        tables.STARVATION.name: each(starvation),
        tables.DECISIONS.name: each(traced),
        tables.SWITCHES.name: switches(sides["baseline"][0], sides["proposed"][0]),
        tables.FORECAST.name: pl.DataFrame(schema=tables.FORECAST.schema),
    }
    diff = diff_rows(frames, "compare", list(sides)).with_columns(pl.lit("sim-000001").alias("run_id"))
    return {**frames, tables.DIFF.name: diff}
