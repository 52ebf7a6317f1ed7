"""What feeds a table, as ``sources.yaml`` declares it: files, a query, or another Delta table."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import timedelta

    from segmentation_pipeline.ingest.declarations import DeltaDeclaration, SqlDeclaration
    from segmentation_pipeline.ingest.mapping import FileType, SourceMapping


@dataclass(frozen=True, slots=True)
class Feed:
    """What all sources have.

    ``mapping`` is a path below the definitions folder. ``max_shrink`` is the share of its rows (0 to
    1) that the table may lose between two runs, and ``stale_after`` how old its last import may be;
    segments that read it beyond either fail closed.
    """

    name: str
    table: str
    mapping: str | None
    max_shrink: float
    stale_after: timedelta | None


@dataclass(frozen=True, slots=True)
class FileSource(Feed):
    """Files: ``files`` are globs below the project."""

    files: tuple[str, ...]
    format: FileType | None


@dataclass(frozen=True, slots=True)
class SqlSource(Feed):
    """A query to a database."""

    sql: SqlDeclaration

    def version(self, database: str, mapping: SourceMapping | None) -> str:
        """Return a hash of all that decides which rows are read and what becomes of them."""
        return _hashed(
            database, self.sql.query, str(self.sql.watermark), str(self.sql.start), _written(mapping)
        )


@dataclass(frozen=True, slots=True)
class DeltaSource(Feed):
    """Another Delta table."""

    delta: DeltaDeclaration

    def version(self, place: str, mapping: SourceMapping | None) -> str:
        """As that of `SqlSource`; the table's own version is how far it has been read."""
        return _hashed(place, _written(mapping))


Source = FileSource | SqlSource | DeltaSource


def _written(mapping: SourceMapping | None) -> str:
    return "" if mapping is None else mapping.model_dump_json(by_alias=True)


def _hashed(*parts: str) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(f"{len(part)}:{part};".encode())
    return digest.hexdigest()
