"""Reading a mapping file against the catalog, and the mapping that headings alone give."""

from __future__ import annotations

from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from segmentation_pipeline.catalog.types import ListOf
from segmentation_pipeline.diagnostics import Diagnostic, did_you_mean
from segmentation_pipeline.documents import locate, read_file, read_model
from segmentation_pipeline.errors import DefinitionError, ImportFailed, Position
from segmentation_pipeline.ingest.mapping import FileFormat, Source, SourceMapping
from segmentation_pipeline.ingest.targets import target_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from pathlib import Path

    from segmentation_pipeline.catalog.model import Catalog
    from segmentation_pipeline.documents import Node
    from segmentation_pipeline.ingest.targets import Target

Found = tuple[str, tuple[int | str, ...], str, str | None]
"""Rule, place, message, hint."""


def load_mapping(path: Path, catalog: Catalog, name: str | None = None) -> SourceMapping:
    """Read one mapping file; ``name`` is how positions call it (default: the path)."""
    if not path.is_file():
        raise ImportFailed("there is no such mapping file", where=name or str(path))
    documents = read_file(path, name)
    if len(documents) != 1:
        at = documents[1].at if documents else Position(name or str(path), 1, 1)
        raise DefinitionError([Diagnostic("mapping-shape", "a mapping file holds exactly one document", at)])
    return read_mapping(documents[0], catalog)


def read_mapping(node: Node, catalog: Catalog) -> SourceMapping:
    """Return a mapping that fits the catalog; raise `DefinitionError` with every finding, positioned."""
    mapping = read_model(SourceMapping, node, "mapping-shape")
    try:
        target = target_of(catalog, mapping.table)
    except ImportFailed as error:
        allowed = f"tables: {', '.join(error.allowed or ())}"
        found = Diagnostic("unknown-table", error.what, locate(node, ("table",)), error.hint or allowed)
        raise DefinitionError([found]) from error
    findings = [
        Diagnostic(rule, message, locate(node, path), hint)
        for rule, path, message, hint in _faults(mapping, target, catalog)
    ]
    if findings:
        raise DefinitionError(sorted(findings, key=lambda finding: finding.at))
    return mapping


def mapping_of_headings(target: Target, headings: Sequence[str], where: str) -> SourceMapping:
    """Return the mapping of a file that has none: by exact and alias names.

    Raises:
        ImportFailed: no heading names a field, or the key is not among them.
    """
    found = target.match(headings)
    there = f"the columns are {', '.join(headings)}"
    if not found:
        raise ImportFailed(
            f"no column names a field of `{target.table}`; {there}",
            where=where,
            allowed=tuple(target.fields),
            hint="write a mapping file",
        )
    missing = _missing(target, found)
    if missing:
        raise ImportFailed(
            f"no column names {' and '.join(f'`{name}`' for name in missing)} of `{target.table}`; {there}",
            where=where,
            hint="say in a mapping file where it comes from",
        )
    return SourceMapping(
        table=target.table,
        format=FileFormat(),
        columns={name: Source(column=heading) for name, heading in found.items()},
    )


def _missing(target: Target, mapped: Collection[str]) -> list[str]:
    """Return the fields that must be mapped and are not: of an object its key, or what makes it."""
    if target.made_from and all(name in mapped for name in target.key):
        return []
    if target.identity is not None and target.identity.name not in mapped:
        return [name for name in target.key if name not in mapped]
    return [name for name in target.needed if name not in mapped]


def _faults(mapping: SourceMapping, target: Target, catalog: Catalog) -> Iterator[Found]:
    yield from _of_fields(mapping.columns, target, ("columns",))
    yield from _of_zone(mapping.time_zone, ("time_zone",))
    yield from _of_needed(mapping, target)
    yield from _of_lookups(mapping, target, catalog)
    if mapping.equal_rows == "one" and target.source is None:
        yield (
            "equal-rows",
            ("equal_rows",),
            f"`{target.table}` has a key, by which its rows are told apart",
            None,
        )
    for table, made in mapping.creates.items():
        path = ("creates", table)
        if target.source is None:
            message = f"`creates` belongs to a table of events, and `{target.table}` is none"
            yield "mapping-creates", path, message, None
            continue
        owner = catalog.owner_of_source(target.source.name)
        if table != owner.table:
            hint = f"the rows of `{target.table}` belong to `{owner.table}`"
            yield "mapping-creates", path, f"`{target.table}` cannot create rows of `{table}`", hint
            continue
        yield from _of_fields(made, target_of(catalog, table), path)
        key, own = made.get(owner.key), mapping.columns.get(target.source.key)
        if key is not None and own is not None and key.reads != own.reads:
            yield (
                "mapping-creates",
                (*path, owner.key),
                f"`{owner.key}` of a created row is the `{target.source.key}` of the event that creates it",
                f"leave it out, or read it from `{', '.join(own.reads)}` as `columns` does",
            )


def _of_lookups(mapping: SourceMapping, target: Target, catalog: Catalog) -> Iterator[Found]:
    for name, source in mapping.columns.items():
        if source.lookup is None:
            continue
        path = ("columns", name, "lookup")
        if target.source is None or name != target.source.key:
            message = "`lookup` finds the object that an event belongs to, and this is not its key"
            yield "lookup", path, message, None
            continue
        owner = catalog.owner_of_source(target.source.name)
        identity = target_of(catalog, owner.table).identity
        if identity is None or identity.name != source.lookup:
            hint = f"write `lookup: {identity.name}`" if identity is not None else None
            message = f"`{source.lookup}` is not the unique e-mail by which `{owner.name}` is known"
            yield "lookup", path, message, hint
    for table, made in mapping.creates.items():
        for name, source in made.items():
            if source.lookup is not None:
                yield "lookup", ("creates", table, name, "lookup"), "a created row is not looked up", None


def _of_needed(mapping: SourceMapping, target: Target) -> Iterator[Found]:
    for name in _missing(target, mapping.columns):
        message = f"`{name}` is missing: every row of `{target.table}` needs it"
        yield "missing-field", ("columns",), message, None


def _of_fields(columns: dict[str, Source], target: Target, path: tuple[int | str, ...]) -> Iterator[Found]:
    for name, source in columns.items():
        here = (*path, name)
        field = target.fields.get(name)
        if field is None:
            hint = did_you_mean(name, target.fields)
            yield "unknown-field", here, f"`{target.table}` has no field `{name}`", hint
            continue
        parts: list[tuple[tuple[int | str, ...], Source]] = [(here, source)]
        if source.first is not None:
            parts = [((*here, "first", at), part) for at, part in enumerate(source.first)]
        for place, part in parts:
            if part.split is not None and not isinstance(field.type, ListOf):
                message = f"`split` makes a list, and `{name}` is of type {field.type}"
                yield "split-not-for-type", (*place, "split"), message, None
            yield from _of_zone(part.time_zone, (*place, "time_zone"))


def _of_zone(zone: str | None, path: tuple[int | str, ...]) -> Iterator[Found]:
    if zone is None:
        return
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        yield "time-zone", path, f"`{zone}` is not a time zone", "use a name such as `Europe/Paris` or `UTC`"
