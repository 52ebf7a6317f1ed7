"""Segments side by side, and against everybody, as a report."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segmentation_pipeline.report.model import Chart, Column, Figures, Report, Section, Series, Text

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from decimal import Decimal

    from segmentation_pipeline.report.contents.standing import Comparison, Standing
    from segmentation_pipeline.report.model import Cell, Kind

CHARTS = {
    "size": "Members at the end of each day",
    "revenue": "Revenue of members by day",
    "unique_opens": "Opened messages of members by day",
    "conversions": "Conversions of members by day",
}
"""The charts a report may show, and their captions."""
FIGURES: dict[str, tuple[str, Kind]] = {
    "members": ("members", "count"),
    "share": ("share of everybody", "share"),
    "contactable": ("contactable", "count"),
    "suppressed": ("suppressed", "count"),
    "entered": ("entered", "count"),
    "exited": ("exited", "count"),
    "emails_sent": ("e-mails sent", "count"),
    "emails_delivered": ("e-mails delivered", "count"),
    "unique_opens": ("opened messages", "count"),
    "unique_clicks": ("clicked messages", "count"),
    "conversions": ("conversions", "count"),
    "open_rate": ("open rate", "share"),
    "click_rate": ("click rate", "share"),
    "conversion_rate": ("conversion rate", "share"),
    "revenue": ("revenue", "money"),
    "revenue_each": ("revenue a member", "money"),
}
"""The figures a report may show in their order, what they are called, and how they are written."""
_TELLING = 8


def side_by_side(
    found: Comparison,
    title: str,
    *,
    charts: Collection[str] = tuple(CHARTS),
    figures: Collection[str] = tuple(FIGURES),
) -> Report:
    """Return the comparison; ``charts`` and ``figures`` name those to show."""
    names = ", ".join(one.name for one in found.segments)
    subtitle = f"{names}: {found.days[0]} to {found.days[-1]}, members as of the last run"
    sections = [
        Section("Figures", (_figures(found, figures),)),
        Section("Over time", tuple(_chart(found, name) for name in CHARTS if name in charts)),
        Section("What sets them apart", tuple(_apart(one) for one in found.segments)),
    ]
    if len(found.segments) > 1:
        sections.append(Section("Overlap", (_overlap(found),)))
    return Report(title, subtitle, tuple(section for section in sections if section.parts))


def heading(number: int, one: Standing) -> str:
    """Return a segment's column, such as ``S1: vip``."""
    return f"S{number}: {one.name}"


def _figures(found: Comparison, wanted: Collection[str]) -> Figures:
    shown = [name for name in FIGURES if name in wanted]
    columns = [
        Column(""),
        *(Column(heading(n, one)) for n, one in enumerate(found.segments, 1)),
        Column("everybody"),
    ]
    each = [dict(_values(found, one)) for one in found.segments]
    everybody: dict[str, Cell] = {"members": found.everybody, "share": 1.0, **found.everybody_did}
    everybody["revenue_each"] = _each(found.everybody_did["revenue"], found.everybody)
    rows = [(FIGURES[name][0], *(values.get(name) for values in each), everybody.get(name)) for name in shown]
    return Figures(tuple(columns), tuple(rows), row_kinds=tuple(FIGURES[name][1] for name in shown))


def _values(found: Comparison, one: Standing) -> Iterator[tuple[str, Cell]]:
    size = one.members.len()
    yield "members", size
    yield "share", size / found.everybody if found.everybody else None
    for name in ("contactable", "suppressed"):
        yield name, one.registry[name]
    yield "entered", one.entered
    yield "exited", one.exited
    yield from one.did.items()
    yield "revenue_each", _each(one.did["revenue"], size)


def _each(revenue: Decimal | None, members: int) -> float | None:
    return float(revenue) / members if members and revenue is not None else None


def _chart(found: Comparison, name: str) -> Chart:
    series = tuple(
        Series(one.name, one.sizes if name == "size" else _daily(found, one, name)) for one in found.segments
    )
    unit: Kind = "money" if name == "revenue" else "count"
    return Chart(CHARTS[name], "line", tuple(f"{day:%m-%d}" for day in found.days), series, unit)


def _daily(found: Comparison, one: Standing, name: str) -> tuple[float | None, ...]:
    values = dict(one.by_day.select("date", name).iter_rows())
    said = (values.get(day) for day in found.days)
    return tuple(None if value is None else float(value) for value in said)


def _apart(one: Standing) -> Figures | Text:
    shown = one.apart[:_TELLING]
    if not shown:
        return Text((f"{one.name}: too few members, or no attribute, to tell",))
    columns = (
        Column("attribute"),
        Column("value"),
        Column("members", "count"),
        Column("share of members", "share"),
        Column("of everybody", "share"),
        Column("lift", "number"),
    )
    rows = tuple((d.field, d.value, d.members, d.share, d.among_all, round(d.lift, 2)) for d in shown)
    return Figures(columns, rows, caption=f"{one.name}: has more, or less, often than everybody")


def _overlap(found: Comparison) -> Figures:
    columns = (Column("members of"), *(Column(f"also in {one.name}", "share") for one in found.segments))
    rows = []
    for one in found.segments:
        size = one.members.len()
        shares = [
            (1.0 if other is one else found.both[one.name, other.name] / size) if size else None
            for other in found.segments
        ]
        rows.append((one.name, *shares))
    return Figures(
        columns, tuple(rows), caption="Of the members on the left, the share that the one above has too"
    )
