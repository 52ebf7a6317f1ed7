"""``sources.yaml``: what is imported regularly, and when its table can no longer be trusted."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from segmentation_pipeline.diagnostics import Diagnostic, did_you_mean
from segmentation_pipeline.documents import locate, read_file, read_model
from segmentation_pipeline.errors import DefinitionError, Forbidden, ImportFailed, Position, UsageError
from segmentation_pipeline.ingest.declarations import SourceDeclaration, SourcesDocument
from segmentation_pipeline.ingest.job import import_files
from segmentation_pipeline.ingest.mapping import FileFormat
from segmentation_pipeline.ingest.mapping_file import load_mapping
from segmentation_pipeline.ingest.origins.kinds import DeltaSource, FileSource, Source, SqlSource
from segmentation_pipeline.ingest.origins.origin import Origin
from segmentation_pipeline.ingest.origins.reading import Reading
from segmentation_pipeline.ingest.origins.source_checks import source_findings

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime
    from pathlib import Path

    from segmentation_pipeline.catalog.model import Catalog
    from segmentation_pipeline.documents import Node
    from segmentation_pipeline.ingest.mapping import SourceMapping
    from segmentation_pipeline.ingest.run import Progress
    from segmentation_pipeline.ingest.tally import ImportJob
    from segmentation_pipeline.lake.store import DeltaStore
    from segmentation_pipeline.tenant import Tenant

__all__ = ["FileSource", "Source", "import_source", "load_sources", "read_sources"]


def load_sources(path: Path, catalog: Catalog, name: str | None = None) -> dict[str, Source]:
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


def read_sources(node: Node, catalog: Catalog) -> dict[str, Source]:
    """Return the sources a node declares; raise `DefinitionError` with every finding, positioned."""
    declared = read_model(SourcesDocument, node, "sources-shape").sources
    findings = []
    for name, source in declared.items():
        at = locate(node, ("sources", name, "table"))
        if source.table not in catalog.imported_tables():
            hint = did_you_mean(source.table, catalog.imported_tables())
            findings.append(Diagnostic("unknown-table", f"unknown table `{source.table}`", at, hint))
        findings += source_findings(name, source, node)
    if findings:
        raise DefinitionError(sorted(findings, key=lambda finding: finding.at))
    return {name: _source(name, source) for name, source in declared.items()}


def _source(name: str, declared: SourceDeclaration) -> Source:
    feed = (name, declared.table, declared.mapping, declared.max_shrink, declared.stale_after)
    if declared.sql is not None:
        return SqlSource(*feed, declared.sql)
    if declared.delta is not None:
        return DeltaSource(*feed, declared.delta)
    return FileSource(*feed, declared.files or (), declared.format)


def import_source(
    store: DeltaStore,
    catalog: Catalog,
    source: Source,
    *,
    project: Path,
    definitions: Path,
    time_zone: str,
    now: Callable[[], datetime],
    env: Mapping[str, str] | None = None,
    batch_rows: int | None = None,
    wait_seconds: float = 0,
    progress: Progress | None = None,
) -> ImportJob:
    """Import what a source has, as one job: its files in the order of their paths, or its new rows.

    ``env`` is where the addresses and passwords of databases and stores stand.

    Raises:
        ImportFailed: no file matches, a database or table cannot be read, or as `import_files` does.
        Forbidden: a link leads a file out of the project.
    """
    mapping = source_mapping(source, catalog, definitions)

    def load(files: list[Path], chosen: SourceMapping | None, origin: Origin | None = None) -> ImportJob:
        return import_files(
            store,
            catalog,
            source.table,
            files,
            chosen,
            time_zone=time_zone,
            now=now,
            batch_rows=batch_rows,
            wait_seconds=wait_seconds,
            progress=progress,
            origin=origin,
        )

    if isinstance(source, FileSource):
        return load(source_files(source, project, store.tenant), mapping, Origin(source.name, ""))
    reading = Reading(store, catalog, project, env or {}, now, wait_seconds)
    with reading.rows(source, mapping) as (file, chosen, origin, notes):
        job = load([file], chosen, origin)
    return dataclasses.replace(job, notes=notes)


def source_files(source: FileSource, project: Path, tenant: Tenant | None) -> list[Path]:
    """Return the files that the globs match, sorted by path, each once; none may be another tenant's."""
    found = sorted({path for glob in source.files for path in project.glob(glob) if path.is_file()})
    if not found:
        raise ImportFailed(
            f"no file matches {' or '.join(f'`{glob}`' for glob in source.files)}",
            where=f"source `{source.name}`",
            hint="the globs of sources.yaml start at the project's folder",
        )
    for path in found:
        if tenant is not None:
            tenant.own(path)
        if not path.resolve().is_relative_to(project.resolve()):
            raise Forbidden("the file lies outside the project", where=path.relative_to(project).as_posix())
    return found


def source_mapping(source: Source, catalog: Catalog, definitions: Path) -> SourceMapping | None:
    """Return the source's mapping, with its format; None where headings decide."""
    if source.mapping is None:
        return None
    mapping = load_mapping(definitions / source.mapping, catalog, source.mapping)
    if mapping.table != source.table:
        raise UsageError(
            f"the mapping is for `{mapping.table}`, the source for `{source.table}`",
            where=Position(source.mapping, 1, 1),
        )
    if not isinstance(source, FileSource):
        return mapping.model_copy(update={"format": FileFormat(type="parquet")})
    if source.format is None:
        return mapping
    chosen: Mapping[str, object] = {"format": mapping.format.model_copy(update={"type": source.format})}
    return mapping.model_copy(update=chosen)
