"""The page of results: `docs/benchmarks.md` and its charts, written from the kept results alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.report.chart import line_chart
from benchmarks.report.goals import GOALS, OURS, compare
from benchmarks.report.results import RESULTS, Row, by_size, load
from benchmarks.report.table import markdown_table
from benchmarks.scaling import BASE_CONTACTS, BASE_SEGMENTS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

TEMPLATE = Path(__file__).with_name("page.md")
PAGE = "benchmarks.md"
INGEST = "ingest"
"""Results of `python -m benchmarks ingest --json`, by how their files' names begin."""
SIMULATE = "simulate"
"""Those of `python -m benchmarks simulate --results`."""


def write_page(docs: Path, results: Path = RESULTS) -> list[Path]:
    """Write the page and its charts into a folder; return what was written.

    Raises `FileNotFoundError` where nothing was kept.
    """
    loads = sorted(results.glob(f"{INGEST}*.json"))
    replays = sorted(results.glob(f"{SIMULATE}*.json"))
    files = sorted({*results.glob("*.json")} - {*loads, *replays})
    if not files:
        raise FileNotFoundError(f"no results are kept in {results}")
    kept = [load(file) for file in files]
    rows = [row for _, found in kept for row in found]
    written = []
    for name, chart in _charts(rows):
        (docs / name).write_text(chart, encoding="utf-8")
        written.append(docs / name)
    page = TEMPLATE.read_text(encoding="utf-8")
    page = page.replace("{tables}", "\n\n".join(_tables(kept)))
    page = page.replace("{loads}", "\n\n".join(_load_table(json.loads(file.read_text())) for file in loads))
    page = page.replace("{replays}", "\n\n".join(_replay(json.loads(file.read_text())) for file in replays))
    page = page.replace("{charts}", "\n".join(f"![{path.stem}]({path.name})" for path in written))
    (docs / PAGE).write_text(page, encoding="utf-8")
    return [docs / PAGE, *written]


def _tables(kept: Iterable[tuple[dict[str, Any], list[Row]]]) -> Iterable[str]:
    """Yield a heading, the machine and a table a size; sizes that ran alone share one."""
    for about, rows in kept:
        alone = []
        for size, group in by_size(rows).items():
            if {(row.engine, row.output) for row in group} <= {(OURS, "load"), (OURS, "memberships")}:
                alone += [row for row in group if row.output == "memberships"]
                continue
            contacts, events, segments = size
            rounds = max(row.round for row in group)
            yield (
                f"## {contacts:,} contacts × {events:,} events × {segments:,} segments\n\n"
                f"{_said(about)}; {rounds} round{'s' if rounds > 1 else ''}, "
                f"{max(row.memberships for row in group):,} memberships.\n\n{markdown_table(compare(group))}"
            )
        if alone:
            yield f"## Ours, as sizes grow\n\n{_said(about)}.\n\n{_growth_table(alone)}"


def _growth_table(rows: Iterable[Row]) -> str:
    lines = [
        "| contacts | events | segments | memberships | wall s | CPU s | of it evaluating | peak MB |",
        "| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for row in sorted(rows, key=lambda row: (row.contacts, row.segments, row.round)):
        size = f"{row.contacts:,} | {row.events:,} | {row.segments:,} | {row.memberships:,}"
        evaluating = f"{row.phases['evaluate']:,.2f}" if "evaluate" in row.phases else ""
        cost = f"{row.wall_s:,.2f} | {row.cpu_s:,.2f} | {evaluating} | {row.peak_mb:,.0f}"
        lines.append(f"| {size} | {cost} |")
    return "\n".join(lines)


def _load_table(document: dict[str, Any]) -> str:
    """Return a heading and a line a step and engine."""
    lines = [
        f"## CSV of {document['contacts']:,} contacts and {document['events']:,} activities",
        "",
        "| engine | step | wall s | CPU s | peak MB |",
        "| --- | --- | ---: | ---: | ---: |",
    ]
    for row in document["rows"]:
        figures = f"{row['wall_s']:,.1f} | {row['cpu_s']:,.1f} | {row['peak_mb']:,.0f}"
        lines.append(f"| {row['engine']} | {row['step']} | {figures} |")
    return "\n".join(lines)


def _replay(document: dict[str, Any]) -> str:
    """Return a heading, what was replayed, a line a phase, and what was checked."""
    size = f"{document['contacts']:,} contacts × {document['days']} days × {document['segments']} segments"
    said = (
        f"{_said(document)}. {document['claims']:,} claims, {document['won']:,} contacts made; every reason "
        "counted, blockers, pressure, starvation and a full trace of some contacts included."
    )
    lines = [f"## {size}, replayed", "", said, "", "| phase | CPU s | peak MB |", "| --- | ---: | ---: |"]
    lines += [
        f"| {row['phase']} | {row['cpu_s']:,.1f} | {row['peak_mb']:,.0f} |" for row in document["phases"]
    ]
    total = document["total"]
    lines.append(f"| **together** | **{total['cpu_s']:,.1f}** | **{total['peak_mb']:,.0f}** |")
    lines += ["", f"{total['wall_s']:,.0f} seconds of wall time. Checked in the same run:", ""]
    return "\n".join([*lines, *(f"- {found}" for found in document["checks"])])


def _said(about: dict[str, Any]) -> str:
    machine = about["machine"]
    packages = ", ".join(f"{name} {version}" for name, version in machine["packages"].items())
    return (
        f"{about['taken']}: {machine['processor']}, {machine['cores']} cores, {machine['memory_gb']} GB, "
        f"{machine['system']}, Python {machine['python']}, {packages}"
    )


def _charts(rows: list[Row]) -> Iterable[tuple[str, str]]:
    """Yield file names and charts, those for which there are at least two points of our engine."""
    measured = [row for row in rows if row.output == "memberships"]
    wide = [row for row in measured if row.contacts == BASE_CONTACTS]
    deep = [row for row in measured if row.segments == BASE_SEGMENTS]
    at, with_ = f"{BASE_CONTACTS:,} contacts", f"{BASE_SEGMENTS} segments"
    wanted: list[tuple[str, str, str, str, list[Row], Callable[[Row], float], Callable[[Row], float]]] = [
        ("segments", f"Time against segments, {at}", "segments", "CPU seconds", wide, _segments, _cpu),
        ("contacts", f"Time against contacts, {with_}", "contacts", "CPU seconds", deep, _contacts, _cpu),
        ("memory", f"Memory against contacts, {with_}", "contacts", "peak MB", deep, _contacts, _peak),
    ]
    for name, title, x_title, y_title, found, x, y in wanted:
        lines = _lines(found, x, y)
        if len(lines.get(OURS, [])) > 1:
            yield f"benchmarks-{name}.svg", line_chart(title, x_title, y_title, lines)


def _lines(
    rows: list[Row], x: Callable[[Row], float], y: Callable[[Row], float]
) -> dict[str, list[tuple[float, float]]]:
    """Return the lowest of all rounds at each x, by engine, ours first; a single point is no line."""
    best: dict[str, dict[float, float]] = {}
    for row in rows:
        line = best.setdefault(row.engine, {})
        line[x(row)] = min(y(row), line.get(x(row), y(row)))
    names = [name for name in (OURS, *GOALS) if len(best.get(name, {})) > 1]
    return {name: sorted(best[name].items()) for name in names}


def _segments(row: Row) -> float:
    return row.segments


def _contacts(row: Row) -> float:
    return row.contacts


def _cpu(row: Row) -> float:
    return row.cpu_s


def _peak(row: Row) -> float:
    return row.peak_mb
