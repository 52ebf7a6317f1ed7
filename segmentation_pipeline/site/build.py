"""The site of a workspace: an index with search, a page a segment, report and simulation, the tables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from segmentation_pipeline.documents import Mapping as Document
from segmentation_pipeline.documents import read_file
from segmentation_pipeline.errors import SegmentationError, UsageError
from segmentation_pipeline.lake.erasing import table_names
from segmentation_pipeline.report.contents.side_by_side import side_by_side
from segmentation_pipeline.report.contents.standing import compare
from segmentation_pipeline.report.renderings.html import html, render, style
from segmentation_pipeline.segments.basis import read_definitions
from segmentation_pipeline.segments.registry import read_registry
from segmentation_pipeline.segments.saved_reports import read_report, report_files
from segmentation_pipeline.site.segment_page import SegmentPage, segment_page
from segmentation_pipeline.site.simulation_pages import simulation_pages
from segmentation_pipeline.site.tables_page import table_entries

if TYPE_CHECKING:
    from pathlib import Path

    from segmentation_pipeline.lake.store import DeltaStore
    from segmentation_pipeline.rules.segment import Definitions
    from segmentation_pipeline.workspace import Workspace

_PLACES = ("segments", "reports", "simulations")
MARK = ".segmentation-site"
"""A file that says: this folder was written here and may be written again."""


@dataclass(frozen=True, slots=True)
class Site:
    """The files that were written, below the folder; ``left_out`` says why a report or test is missing."""

    pages: tuple[str, ...]
    left_out: tuple[str, ...]


def build_site(workspace: Workspace, store: DeltaStore, folder: Path) -> Site:
    """Write the site of what is defined and published now; it opens from its files.

    Raises:
        UsageError: the folder holds something else.
    """
    _claim(folder)
    definitions = read_definitions(workspace)
    states = {row["segment_id"]: row for row in read_registry(store)}
    tests, unread = _tests(workspace)
    pages = _segment_pages(workspace, store, definitions, states, tests)
    written = {f"segments/{page.id}.html": _page("segment.html", workspace, page=page) for page in pages}
    reports, unmade = _reports(workspace, store, definitions)
    simulations, unknown = simulation_pages(store)
    left_out = (*unmade, *unknown, *unread)
    written |= {f"simulations/{name}.html": text for name, (_, text) in simulations.items()}
    written |= {f"reports/{name}.html": text for name, (_, text) in reports.items()}
    entries = table_entries(store, table_names(store))
    written["tables.html"] = _page("tables.html", workspace, entries=entries)
    written["index.html"] = _page(
        "index.html",
        workspace,
        pages=pages,
        broken=definitions.broken,
        reports={name: title for name, (title, _) in reports.items()},
        simulations={name: title for name, (title, _) in simulations.items()},
        left_out=left_out,
    )
    written["style.css"] = style()
    for old in (path for place in _PLACES for path in folder.glob(f"{place}/*.html")):
        if old.relative_to(folder).as_posix() not in written:
            old.unlink()
    for name, text in sorted(written.items()):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return Site(tuple(sorted(written)), left_out)


def _claim(folder: Path) -> None:
    """Make the folder ours, or refuse one that holds what somebody else put there."""
    if folder.is_dir() and any(folder.iterdir()) and not (folder / MARK).is_file():
        raise UsageError(
            "this folder holds other files", where=str(folder), hint="name a new or an empty one"
        )
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MARK).write_text("Written by `segmentation docs`, and overwritten by it.\n", encoding="utf-8")


def _segment_pages(
    workspace: Workspace,
    store: DeltaStore,
    definitions: Definitions,
    registry: dict[str, dict[str, Any]],
    tests: list[tuple[str, set[str]]],
) -> list[SegmentPage]:
    lake = store.snapshot(table_names(store))
    pages = []
    for name, segment in sorted(definitions.segments.items()):
        text = (workspace.project / segment.at.file).read_text(encoding="utf-8")
        mine = [test for test, named in tests if name in named]
        pages.append(segment_page(definitions, name, text, mine, state=registry.get(name, {}), lake=lake))
    return pages


def _tests(workspace: Workspace) -> tuple[list[tuple[str, set[str]]], list[str]]:
    """Return the names of the tests, the segments that each expects something of, and unreadable files."""
    found: list[tuple[str, set[str]]] = []
    unread: list[str] = []
    for path in sorted(workspace.tests_folder.rglob("*.yaml")):
        try:
            nodes = read_file(path, workspace.file_name(path))
        except SegmentationError as error:
            unread.append(str(error))
            continue
        for node in nodes:
            plain = node.plain if isinstance(node, Document) else {}
            expected = plain.get("expect") if isinstance(plain, dict) else None
            if isinstance(expected, dict):
                found.append((str(plain.get("test", path.stem)), set(map(str, expected))))
    return found, unread


def _reports(
    workspace: Workspace, store: DeltaStore, definitions: Definitions
) -> tuple[dict[str, tuple[str, str]], tuple[str, ...]]:
    """Return the saved reports' titles and pages; one that cannot be made is named and left out."""
    made: dict[str, tuple[str, str]] = {}
    left_out: list[str] = []
    known = {*definitions.segments, *definitions.broken}
    for path in report_files(workspace.definitions):
        try:
            saved = read_report(path, known, workspace.file_name(path))
            found = compare(store, definitions.catalog, workspace.time_zone, saved.segments, days=saved.days)
        except SegmentationError as error:
            left_out.append(f"{workspace.file_name(path)}: {error}")
            continue
        shown = side_by_side(found, saved.title, charts=saved.charts, figures=saved.figures)
        made[saved.report] = (saved.title, html(shown))
    return made, tuple(left_out)


def _page(template: str, workspace: Workspace, **values: Any) -> str:
    return render(template, workspace=workspace.name, **values)
