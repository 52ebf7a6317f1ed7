"""Reads a folder of definitions: the good ones in dependency order, and every finding of all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segmentation_pipeline.diagnostics import Diagnostic
from segmentation_pipeline.documents import Mapping as MappingNode
from segmentation_pipeline.documents import Node, locate, read_file
from segmentation_pipeline.errors import DocumentError, Position
from segmentation_pipeline.rules.definition import Setting, read_definition
from segmentation_pipeline.rules.graph import check_embeddings, embeds, evaluation_order
from segmentation_pipeline.rules.segment import Definitions, Segment

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from segmentation_pipeline.catalog.model import Catalog


def load_definitions(
    folder: Path, catalog: Catalog, *, time_zone: str = "UTC", week_starts: int = 0, root: Path | None = None
) -> Definitions:
    """Return the definitions of ``folder/segments/**/*.yaml``; nothing is raised for a bad file.

    Positions name files relative to ``root`` (default: the folder that holds ``folder``).
    """
    base = root or folder.parent
    setting = Setting(catalog, time_zone, folder)
    segments: dict[str, Segment] = {}
    findings: list[Diagnostic] = []
    unreadable: dict[str, Diagnostic] = {}
    first: dict[str, str] = {}
    for path in sorted((folder / "segments").rglob("*.yaml")):
        name = path.stem
        file = path.relative_to(base).as_posix() if path.is_relative_to(base) else str(path)
        if name in first:
            at = Position(file, 1, 1)
            found = [
                Diagnostic(
                    "duplicate-segment", f"segment `{name}` stands in {first[name]} too", at, segment=name
                )
            ]
            segment = segments.pop(name, None)
        else:
            first[name] = file
            segment, found = _read_file(path, file, name, setting)
        findings += found
        if found:
            unreadable.setdefault(name, found[0])
        elif segment is not None:
            segments[name] = segment
    return link(catalog, segments, findings, unreadable, week_starts)


def read_local(
    nodes: Mapping[str, Node], setting: Setting, week_starts: int, others: Definitions | None = None
) -> Definitions:
    """Return definitions written elsewhere than in files: in full form, or just ``where``."""
    segments: dict[str, Segment] = dict(others.segments) if others else {}
    findings: list[Diagnostic] = []
    unreadable: dict[str, Diagnostic] = dict(others.broken) if others else {}
    for name, node in nodes.items():
        unreadable.pop(name, None)
        segments.pop(name, None)
        segment, found = read_definition(node, setting, segment=name, named=False)
        findings += found
        if segment is not None:
            segments[name] = segment
        else:
            unreadable[name] = found[0]
    return link(setting.catalog, segments, findings, unreadable, week_starts)


def link(
    catalog: Catalog,
    segments: Mapping[str, Segment],
    findings: Iterable[Diagnostic],
    unreadable: Mapping[str, Diagnostic],
    week_starts: int,
) -> Definitions:
    """Return definitions checked against each other: unique names, embeddings, order."""
    linked = [*_names(segments), *check_embeddings(segments, unreadable)]
    broken = dict(unreadable)
    for finding in linked:
        if finding.segment is not None:
            broken.setdefault(finding.segment, finding)
    sound = {name: segment for name, segment in segments.items() if name not in broken}
    while blocked := {name: bad for name, s in sound.items() if (bad := _blocker(s, broken)) is not None}:
        for name, bad in blocked.items():
            segment = sound.pop(name)
            broken[name] = Diagnostic(
                "embeds-broken", f"embeds `{bad}`: {broken[bad].message}", segment.at, segment=name
            )
    ordered = {name: sound[name] for name in evaluation_order(sound)}
    everything = sorted({*findings, *linked}, key=lambda finding: (finding.at, finding.rule))
    return Definitions(catalog, ordered, tuple(everything), broken, week_starts)


def _blocker(segment: Segment, broken: Mapping[str, Diagnostic]) -> str | None:
    return next((name for name in embeds(segment) if name in broken), None)


def _names(segments: Mapping[str, Segment]) -> list[Diagnostic]:
    seen: dict[str, Segment] = {}
    found = []
    for segment in segments.values():
        first = seen.setdefault(segment.name, segment)
        if first is not segment:
            message = f"the name `{segment.name}` belongs to `{first.id}` already"
            found.append(Diagnostic("duplicate-segment-name", message, segment.at, segment=segment.id))
    return found


def _read_file(path: Path, file: str, name: str, setting: Setting) -> tuple[Segment | None, list[Diagnostic]]:
    try:
        documents = read_file(path, file)
        source = path.read_text(encoding="utf-8-sig")
    except DocumentError as error:
        at = error.where if isinstance(error.where, Position) else Position(file, 1, 1)
        return None, [Diagnostic("yaml", error.what, at, error.hint, segment=name)]
    except OSError as error:
        return None, [
            Diagnostic("yaml", f"not readable: {error.strerror}", Position(file, 1, 1), segment=name)
        ]
    if len(documents) != 1:
        at = documents[1].at if documents else Position(file, 1, 1)
        message = f"one file holds one segment; found {len(documents)} documents"
        return None, [Diagnostic("definition-shape", message, at, segment=name)]
    node = documents[0]
    if isinstance(node, MappingNode) and "segment" not in node:
        at = locate(node, ())
        return None, [Diagnostic("definition-shape", f"`segment: {name}` is missing", at, segment=name)]
    return read_definition(node, setting, segment=name, source=source)
