"""The rows of a source that has no files, in a file for as long as they are imported."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow.parquet as pq

from segmentation_pipeline.errors import Forbidden, ImportFailed, SegmentationError
from segmentation_pipeline.ingest.mapping_file import mapping_of_headings
from segmentation_pipeline.ingest.origins.kinds import DeltaSource, SqlSource
from segmentation_pipeline.ingest.origins.origin import Origin, last_watermark
from segmentation_pipeline.ingest.origins.spool import spool
from segmentation_pipeline.ingest.targets import target_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from segmentation_pipeline.catalog.model import Catalog
    from segmentation_pipeline.ingest.mapping import Source, SourceMapping
    from segmentation_pipeline.ingest.origins.delta import Place
    from segmentation_pipeline.lake.store import DeltaStore

Rows = tuple["Path", "SourceMapping", Origin, tuple[str, ...]]
"""The file, its mapping, what the import records of its source, and what there is to say beside it."""


@dataclass(frozen=True, slots=True)
class Reading:
    """Where rows are put, and what may be known of the world while they are read."""

    store: DeltaStore
    catalog: Catalog
    project: Path
    env: Mapping[str, str]
    now: Callable[[], datetime]
    wait_seconds: float = 0

    @contextmanager
    def rows(self, source: SqlSource | DeltaSource, mapping: SourceMapping | None) -> Iterator[Rows]:
        """Give a Parquet file with the source's rows since the last good import.

        Raises:
            ImportFailed: they cannot be read; ``where`` names the source. Nothing of them has landed.
        """
        with spool(self.store, source.name, self.wait_seconds) as file:
            try:
                notes: tuple[str, ...] = ()
                if isinstance(source, SqlSource):
                    origin = self._query(source, mapping, file)
                else:
                    origin, notes = self._table(source, mapping, file)
                chosen = self._mapping(source, mapping, pq.read_schema(file).names)
            except SegmentationError as error:
                raise _of(source.name, error) from error.__cause__
            yield file, chosen, origin, notes

    def _query(self, source: SqlSource, mapping: SourceMapping | None, file: Path) -> Origin:
        # Here, because most projects have no database, and what imports files need not wait for it.
        from segmentation_pipeline.ingest.origins.database import open_database
        from segmentation_pipeline.ingest.origins.sql import Query, read_query
        from segmentation_pipeline.ingest.origins.watermark import Watermark, later

        sql = source.sql
        database = open_database(sql.url, self.env)
        version = source.version(database.shown, mapping)
        last = last_watermark(self.store, target_of(self.catalog, source.table), source.name, version)
        since = Watermark.parse(last) if last is not None else None
        overlap = {} if sql.overlap is None else {"overlap": sql.overlap}
        query = Query(sql.query, sql.watermark, sql.start, timeout=sql.timeout, **overlap)
        reached = read_query(query, database, file, project=self.project, since=since, now=self.now())
        top = later(since, reached)
        return Origin(source.name, version, None if top is None else str(top))

    def _table(
        self, source: DeltaSource, mapping: SourceMapping | None, file: Path
    ) -> tuple[Origin, tuple[str, ...]]:
        from segmentation_pipeline.ingest.origins.delta import read_delta

        place = self._place(source)
        version = source.version(place.folder, mapping)
        last = last_watermark(self.store, target_of(self.catalog, source.table), source.name, version)
        taken = read_delta(place, file, version=source.delta.version, since=last)
        return Origin(source.name, version, taken.reached), taken.notes

    def _place(self, source: DeltaSource) -> Place:
        from segmentation_pipeline.ingest.origins.delta import Place
        from segmentation_pipeline.ingest.origins.environment import from_environment

        declared = source.delta
        if declared.url is not None:
            options = {
                name: from_environment(value, self.env) for name, value in declared.storage_options.items()
            }
            if self.store.tenant is not None:
                self.store.tenant.own(declared.url)
            return Place(declared.url.rstrip("/"), declared.url, options)
        folder = (self.project / str(declared.path)).resolve()
        if not folder.is_relative_to(self.project.resolve()):
            raise Forbidden("the table lies outside the project", where=declared.path)
        if self.store.tenant is not None:
            self.store.tenant.own(folder)
        return Place(str(folder), str(declared.path))

    def _mapping(
        self, source: SqlSource | DeltaSource, mapping: SourceMapping | None, columns: Sequence[str]
    ) -> SourceMapping:
        """Return the mapping to read the rows with; refuse events that nothing tells apart.

        What is read again must be known again. Rows with equal fields are numbered within one reading;
        where the watermark is among the fields, equal rows are always read together, and the numbers
        are the same every time.
        """
        chosen = mapping
        if chosen is None:
            chosen = mapping_of_headings(target_of(self.catalog, source.table), columns, source.name)
        watermark = source.sql.watermark if isinstance(source, SqlSource) else None
        events = self.catalog.source_of_table(source.table)
        grows = isinstance(source, DeltaSource) or watermark is not None
        known = events is None or events.id in chosen.columns or watermark in chosen.reads
        if grows and not known and chosen.equal_rows == "each":
            also = f", or a field to the watermark `{watermark}`" if watermark is not None else ""
            identity = events.id if events is not None else ""
            raise ImportFailed(
                f"rows of `{source.table}` have no `{identity}`: read again, they would look like new ones",
                hint=f"map `{identity}` to a column that is unique{also}",
            )
        return _with_points(chosen) if isinstance(source, SqlSource) else chosen


def _with_points(mapping: SourceMapping) -> SourceMapping:
    """Say that numbers have a decimal point: those of a database do, and need not be looked at."""

    def pointed(origin: Source) -> Source:
        parts = origin.first and tuple(pointed(part) for part in origin.first)
        return origin.model_copy(update={"decimal": origin.decimal or ".", "first": parts})

    columns = {name: pointed(origin) for name, origin in mapping.columns.items()}
    creates = {
        table: {name: pointed(origin) for name, origin in made.items()}
        for table, made in mapping.creates.items()
    }
    return mapping.model_copy(update={"columns": columns, "creates": creates})


def _of(source: str, error: SegmentationError) -> SegmentationError:
    where = f"source `{source}`" + (f", {error.where}" if error.where is not None else "")
    kind = Forbidden if isinstance(error, Forbidden) else ImportFailed
    return kind(error.what, where=where, allowed=error.allowed, hint=error.hint)
