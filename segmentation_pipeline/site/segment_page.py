"""One segment's page: its rule, its neighbours, its size, what members did, overlaps, conflicts, tests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from segmentation_pipeline.analytics.tables import RATES, SEGMENT_ANALYTICS, SEGMENT_SIZES
from segmentation_pipeline.conflicts.tables import FINDINGS, OVERLAPS
from segmentation_pipeline.evaluation.estimate import tables_read
from segmentation_pipeline.report.model import Chart, Column, Figures, Section, Series, Text
from segmentation_pipeline.segments.summary import summarise
from segmentation_pipeline.site.lineage import lineage

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from segmentation_pipeline.lake.reading import Snapshot
    from segmentation_pipeline.report.model import Kind, Part
    from segmentation_pipeline.rules.segment import Definitions
    from segmentation_pipeline.site.lineage import Lineage

_OVERLAPS, _DAYS = 10, 90
_REASONS = ("by_definition", "by_data", "by_time", "by_pin", "by_other")


@dataclass(frozen=True, slots=True)
class SegmentPage:
    """``facts`` are lines of name and value; ``state`` the registry's row, empty before the first run."""

    id: str
    name: str
    description: str
    rule: str
    yaml: str
    facts: tuple[tuple[str, str], ...]
    state: Mapping[str, Any]
    lineage: Lineage
    sections: tuple[Section, ...]


def segment_page(
    definitions: Definitions,
    name: str,
    text: str,
    tests: Sequence[str],
    *,
    state: Mapping[str, Any],
    lake: Snapshot,
) -> SegmentPage:
    """Return the page of a segment that can be read; ``text`` is its definition as written."""
    segment = definitions.segments[name]
    said = summarise(segment, definitions)
    tables = sorted(tables_read(segment, definitions.catalog))
    # A table that nothing was imported into yet has no place on the page of tables.
    places = [(table, f"../tables.html#{table}" if table in lake else None) for table in tables]
    reads = [*places, *_links(said["embeds"])]
    labels = ", ".join(segment.labels)
    delivery = segment.delivery
    facts = [
        ("file", said["file"]),
        ("type", f"{segment.type}, of {segment.object}"),
        ("owner", segment.owner or ""),
        ("labels", labels),
        ("delivery", "" if delivery is None else f"{delivery.channel}, priority {delivery.priority}"),
        ("tests", "; ".join(tests)),
    ]
    parts = {
        "Size": _size(lake, name),
        "What members did": _did(lake, name),
        "Overlaps": _overlaps(lake, name, definitions.segments),
        "Conflicts": _conflicts(lake, name),
    }
    return SegmentPage(
        name,
        segment.name,
        segment.description,
        said["rule"],
        text,
        tuple((key, value) for key, value in facts if value),
        state,
        lineage(name, reads, _links(said["embedded_by"])),
        tuple(Section(title, tuple(found)) for title, found in parts.items() if found),
    )


def _links(names: Sequence[str]) -> list[tuple[str, str | None]]:
    return [(name, f"{name}.html") for name in names]


def _rows(lake: Snapshot, table: str, name: str, order: str) -> pl.DataFrame | None:
    if table not in lake:
        return None
    rows = lake.scan(table).filter(pl.col("segment_id") == name).sort(order).tail(_DAYS).collect()
    return rows if rows.height else None


def _size(lake: Snapshot, name: str) -> list[Part]:
    parts: list[Part] = []
    rows = _rows(lake, SEGMENT_ANALYTICS.name, name, "date")
    if rows is not None:
        sizes = Series(name, tuple(rows["contact_count"]))
        parts.append(Chart("Members at the end of each day", "line", _days(rows), (sizes,)))
    moves = _rows(lake, SEGMENT_SIZES.name, name, "date")
    if moves is not None:
        names = ("date", "size", "entered", "exited", *_REASONS)
        columns = tuple(
            Column(column.replace("_", " "), "day" if column == "date" else "count") for column in names
        )
        last = moves.tail(10).select(names).reverse()
        parts.append(
            Figures(columns, tuple(last.iter_rows()), caption="The last days on which somebody moved")
        )
    return parts


def _did(lake: Snapshot, name: str) -> list[Part]:
    rows = _rows(lake, SEGMENT_ANALYTICS.name, name, "date")
    if rows is None or rows["emails_delivered"].null_count() == rows.height:
        return []
    lines = {
        "unique_opens": "opened messages",
        "unique_clicks": "clicked messages",
        "conversions": "conversions",
    }
    series = tuple(Series(said, tuple(rows[column])) for column, said in lines.items())
    money = Series("revenue", tuple(float(value) for value in rows["revenue"]))
    delivered = int(rows["emails_delivered"].sum())
    sums = [("e-mails delivered", delivered), ("revenue", rows["revenue"].sum())]
    rates = [
        (rate.replace("_", " "), int(rows[part].sum()) / delivered if delivered else None)
        for rate, part in RATES.items()
    ]
    shares: list[Kind] = ["share"] * len(rates)
    return [
        Figures(
            (Column(""), Column("sum")),
            (*sums, *rates),
            caption=_span(rows),
            row_kinds=("count", "money", *shares),
        ),
        Chart("Opened, clicked, converted by day", "line", _days(rows), series),
        Chart("Revenue by day", "line", _days(rows), (money,), unit="money"),
    ]


def _overlaps(lake: Snapshot, name: str, paged: Collection[str]) -> list[Part]:
    """Return the largest overlaps that were found last; segments that have a page are linked."""
    if OVERLAPS.name not in lake:
        return []
    rows = lake.scan(OVERLAPS.name)
    a = rows.filter(pl.col("segment_a") == name).select(
        other="segment_b", both="overlap", share="share_of_a", theirs="share_of_b", relation="relation"
    )
    b = rows.filter(pl.col("segment_b") == name).select(
        other="segment_a", both="overlap", share="share_of_b", theirs="share_of_a", relation="relation"
    )
    most = pl.concat([a, b]).filter(pl.col("both") > 0).sort("both", "other", descending=[True, False])
    found = most.head(_OVERLAPS).collect()
    if found.is_empty():
        return []
    columns = (
        Column("segment"),
        Column("members of both", "count"),
        Column("of this one", "share"),
        Column("of the other", "share"),
        Column("proved"),
    )
    links = {other: f"{other}.html" for other in found["other"] if other in paged}
    return [Figures(columns, tuple(found.iter_rows()), links=links)]


def _conflicts(lake: Snapshot, name: str) -> list[Part]:
    if FINDINGS.name not in lake:
        return []
    mine = (pl.col("segment") == name) | pl.col("culprits").list.contains(name)
    found = lake.scan(FINDINGS.name).filter(mine).select("severity", "finding", "message", "hint").collect()
    if found.is_empty():
        return [Text(("No rule contradicts this one, and none is contained in it.",))]
    columns = (Column("severity"), Column("finding"), Column("what"), Column("fix"))
    return [Figures(columns, tuple(found.iter_rows()))]


def _days(rows: pl.DataFrame) -> tuple[str, ...]:
    return tuple(f"{day:%m-%d}" for day in rows["date"])


def _span(rows: pl.DataFrame) -> str:
    return f"{rows['date'][0]} to {rows['date'][-1]}"
