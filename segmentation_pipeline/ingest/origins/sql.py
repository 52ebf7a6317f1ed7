"""A query's rows, some at a time, into a Parquet file; from the start, or from a watermark on."""

from __future__ import annotations

import datetime as dt
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from segmentation_pipeline.errors import ImportFailed
from segmentation_pipeline.ingest.origins.sql_values import texts
from segmentation_pipeline.ingest.origins.watermark import Watermark, highest, later

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from segmentation_pipeline.ingest.origins.database import Database

ROWS = 20_000
"""Rows that are fetched and held together."""

_NAME = "watermark"
_LEAST = -(2**63)
_NEVER = {
    **dict.fromkeys((1082, 1114, 1184, 700, 701, 1700), "-infinity"),
    **dict.fromkeys((20, 21, 23), _LEAST),
}
"""What lies before every value, by PostgreSQL's numbers of types: times and numbers, and whole numbers."""
_TEXTS = (25, 1042, 1043)


@dataclass(frozen=True, slots=True)
class Query:
    """What to read: ``watermark`` names a column of the result that grows with every change of a row.

    ``start`` is where the first reading begins, ``overlap`` how far later ones step back, and
    ``timeout`` how long the database may work on one step (PostgreSQL).
    """

    text: str
    watermark: str | None = None
    start: str | None = None
    overlap: dt.timedelta = dt.timedelta()
    timeout: dt.timedelta | None = None

    @property
    def names_watermark(self) -> bool:
        return _NAME in parameters(self.text)


def parameters(query: str) -> set[str]:
    """Return the names that stand as ``:name`` in a query."""
    return set(sa.text(query).compile().params)


def read_query(
    query: Query, database: Database, path: Path, *, project: Path, since: Watermark | None, now: dt.datetime
) -> Watermark | None:
    """Write the rows from ``since`` on to ``path``, every column as text; return how far they reach.

    Raises:
        ImportFailed: the database cannot be reached, refuses the query, or is lost on the way.
    """
    engine = database.engine(project)
    where = f"database {database.shown}"
    connected = False
    try:
        with engine.connect() as connection:
            connected = True
            _prepare(connection, query, database)
            statement, values = _statement(connection, query, since)
            streamed = connection.execution_options(yield_per=ROWS)
            with closing(streamed.execute(statement, values)) as result:
                return _write(result, query, path, now)
    except SQLAlchemyError as error:
        reason = database.scrub(str(error.orig if isinstance(error, DBAPIError) else error))
        what = "the query was refused or broke off" if connected else "the database cannot be reached"
        # The cause is left out: its text and its frames may hold the URL.
        raise ImportFailed(
            f"{what}: {reason}", where=where, hint=_hint(error, query, database, connected)
        ) from None


def _hint(error: SQLAlchemyError, query: Query, database: Database, connected: bool) -> str:
    if not connected:
        return f"see that the database runs and that {database.origin} is right"
    if getattr(getattr(error, "orig", None), "sqlstate", None) == "57014" and query.timeout is not None:
        return f"it took longer than `timeout`, {query.timeout}: raise it, or let the query read less"
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return (
            "nothing of it has landed; import the source again, and it goes on from the last good watermark"
        )
    return "try the query by itself; nothing of it has landed"


def _prepare(connection: sa.Connection, query: Query, database: Database) -> None:
    if database.dialect == "postgresql":
        connection.execution_options(postgresql_readonly=True)
        if query.timeout is not None:
            milliseconds = int(query.timeout.total_seconds() * 1000)
            connection.exec_driver_sql(f"set local statement_timeout = {milliseconds}")
    elif query.timeout is not None:
        raise ImportFailed("`timeout` is for PostgreSQL only", where=f"database {database.shown}")


def _statement(
    connection: sa.Connection, query: Query, since: Watermark | None
) -> tuple[sa.TextClause, dict[str, Any]]:
    """Return the statement and its parameters: the query places the watermark, or stands in one that does."""
    text = query.text.strip().rstrip(";")
    if query.watermark is None:
        return sa.text(text), {}
    if query.names_watermark:
        value = (
            since.earlier(query.overlap).below().value
            if since is not None
            else _first(connection, query, text)
        )
        return sa.text(text), {_NAME: value}
    if since is None and query.start is None:
        return sa.text(text), {}
    value = since.earlier(query.overlap).value if since is not None else _start(query.start)
    column = connection.dialect.identifier_preparer.quote(query.watermark)
    later = f"select * from (\n{text}\n) source_rows where source_rows.{column} >= :{_NAME}"  # noqa: S608 — the query is the project's own
    return sa.text(later), {_NAME: value}


def _start(text: str | None) -> Any:
    return int(text) if text is not None and text.lstrip("-").isdecimal() else text


def _first(connection: sa.Connection, query: Query, text: str) -> Any:
    """Return what lies before every watermark."""
    if query.start is not None:
        return _start(query.start)
    if connection.dialect.name == "sqlite":
        return _LEAST
    if connection.dialect.name == "postgresql":
        probe = sa.text(f"select * from (\n{text}\n) source_rows limit 0")  # noqa: S608 — as above
        with closing(connection.execute(probe, {_NAME: None})) as result:
            described = {str(column[0]): column[1] for column in result.cursor.description}
        code = described.get(str(query.watermark))
        if code in _TEXTS:
            return ""
        if code in _NEVER:
            return _NEVER[code]
    raise ImportFailed(
        "nothing says where the first reading begins",
        hint="add `start`, the smallest watermark, or leave `:watermark` out of the query",
    )


def _write(result: sa.CursorResult[Any], query: Query, path: Path, now: dt.datetime) -> Watermark | None:
    names = list(result.keys())
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ImportFailed(
            f"the query returns {', '.join(f'`{name}`' for name in twice)} more than once",
            hint="name its columns with `as`",
        )
    if query.watermark is not None and query.watermark not in names:
        raise ImportFailed(
            f"the query returns no column `{query.watermark}` for the watermark", allowed=names
        )
    reached: Watermark | None = None
    schema = pa.schema([(name, pa.large_string()) for name in names])
    with pq.ParquetWriter(path, schema) as writer:
        for columns in _columns(result, len(names)):
            if query.watermark is not None:
                values = columns[names.index(query.watermark)]
                reached = later(reached, highest(query.watermark, values, now))
            frame = pl.DataFrame([texts(name, column) for name, column in zip(names, columns, strict=True)])
            writer.write_table(frame.to_arrow().cast(schema))
    return reached


def _columns(result: sa.CursorResult[Any], width: int) -> Iterator[Sequence[Sequence[object]]]:
    for rows in result.partitions(ROWS):
        yield list(zip(*rows, strict=True)) if width else []
