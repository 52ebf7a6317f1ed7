"""``sources.yaml``: what is imported regularly, and when its table can no longer be trusted."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from segmentation_pipeline.diagnostics import Diagnostic, did_you_mean
from segmentation_pipeline.documents import locate, read_file, read_model
from segmentation_pipeline.errors import DefinitionError, Forbidden, ImportFailed, Position, UsageError
from segmentation_pipeline.ingest.declarations import SourcesDocument
from segmentation_pipeline.ingest.job import import_files
from segmentation_pipeline.ingest.mapping_file import load_mapping

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime, timedelta

    from segmentation_pipeline.catalog.model import Catalog
    from segmentation_pipeline.documents import Node
    from segmentation_pipeline.ingest.declarations import SourceDeclaration
    from segmentation_pipeline.ingest.mapping import FileType, SourceMapping
    from segmentation_pipeline.ingest.run import Progress
    from segmentation_pipeline.ingest.tally import ImportJob
    from segmentation_pipeline.lake.store import DeltaStore


@dataclass(frozen=True, slots=True)
class FileSource:
    """Files that feed one table.

    ``files`` are globs below the project; ``mapping`` a path below the definitions folder.
    ``max_shrink`` is the share of its rows (0 to 1) that the table may lose between two runs, and
    ``stale_after`` how old its last import may be; segments that read it beyond either fail closed.
    """

    name: str
    table: str
    files: tuple[str, ...]
    format: FileType | None = None
    mapping: str | None = None
    max_shrink: float = 0.5
    stale_after: timedelta | None = None


def load_sources(path: Path, catalog: Catalog, name: str | None = None) -> dict[str, FileSource]:
    """Return the sources of a file by name, none where there is no file; ``name`` is for positions."""
    if not path.is_file():
        return {}
    documents = read_file(path, name)
    if not documents:
        return {}
    if len(documents) > 1:
        found = Diagnostic("sources-shape", "sources are one document", documents[1].at)
        raise DefinitionError([found])
    return read_sources(documents[0], catalog)


def read_sources(node: Node, catalog: Catalog) -> dict[str, FileSource]:
    """Return the sources a node declares; raise `DefinitionError` with every finding, positioned."""
    declared = read_model(SourcesDocument, node, "sources-shape").sources
    findings = []
    for name, source in declared.items():
        at = locate(node, ("sources", name, "table"))
        if source.table not in catalog.table_names():
            hint = did_you_mean(source.table, catalog.table_names())
            findings.append(Diagnostic("unknown-table", f"unknown table `{source.table}`", at, hint))
        findings += _outside(name, source, node)
    if findings:
        raise DefinitionError(sorted(findings, key=lambda finding: finding.at))
    return {
        name: FileSource(name, s.table, s.files, s.format, s.mapping, s.max_shrink, s.stale_after)
        for name, s in declared.items()
    }


def import_source(
    store: DeltaStore,
    catalog: Catalog,
    source: FileSource,
    *,
    project: Path,
    definitions: Path,
    time_zone: str,
    now: Callable[[], datetime],
    batch_rows: int | None = None,
    wait_seconds: float = 0,
    progress: Progress | None = None,
) -> ImportJob:
    """Import all files of a source, in the order of their paths, as one job.

    Raises:
        ImportFailed: no file matches, or as `import_files` does.
        Forbidden: a link leads a file out of the project.
    """
    return import_files(
        store,
        catalog,
        source.table,
        source_files(source, project),
        source_mapping(source, catalog, definitions),
        time_zone=time_zone,
        now=now,
        batch_rows=batch_rows,
        wait_seconds=wait_seconds,
        progress=progress,
    )


def source_files(source: FileSource, project: Path) -> list[Path]:
    """Return the files that the globs match, sorted by path, each once."""
    found = sorted({path for glob in source.files for path in project.glob(glob) if path.is_file()})
    if not found:
        raise ImportFailed(
            f"no file matches {' or '.join(f'`{glob}`' for glob in source.files)}",
            where=f"source `{source.name}`",
            hint="the globs of sources.yaml start at the project's folder",
        )
    for path in found:
        if not path.resolve().is_relative_to(project.resolve()):
            raise Forbidden("the file lies outside the project", where=path.relative_to(project).as_posix())
    return found


def source_mapping(source: FileSource, catalog: Catalog, definitions: Path) -> SourceMapping | None:
    """Return the source's mapping, with its format; None where headings decide."""
    if source.mapping is None:
        return None
    mapping = load_mapping(definitions / source.mapping, catalog, source.mapping)
    if mapping.table != source.table:
        raise UsageError(
            f"the mapping is for `{mapping.table}`, the source for `{source.table}`",
            where=Position(source.mapping, 1, 1),
        )
    if source.format is None:
        return mapping
    chosen: Mapping[str, object] = {"format": mapping.format.model_copy(update={"type": source.format})}
    return mapping.model_copy(update=chosen)


def _outside(name: str, source: SourceDeclaration, node: Node) -> list[Diagnostic]:
    found = []
    parts = [("files", path) for path in source.files] + (
        [("mapping", source.mapping)] if source.mapping else []
    )
    for key, path in parts:
        pure = PurePosixPath(path)
        if pure.is_absolute() or ".." in pure.parts:
            where = "the project" if key == "files" else "the definitions folder"
            at = locate(node, ("sources", name, key))
            message, hint = f"`{path}` may lead outside {where}", f"write a path below {where}"
            found.append(Diagnostic("path-outside", message, at, hint))
    return found
