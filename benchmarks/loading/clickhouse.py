"""Parquet files into a MergeTree table of ClickHouse in its best types."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chdb.session import Session

SETTINGS = "SETTINGS max_threads = 2, max_insert_threads = 1, join_use_nulls = 1, transform_null_in = 0"
_WORDS = 10_000
"""Text of fewer distinct values becomes LowCardinality."""


def load(session: Session, table: str, files: str, order: Sequence[str]) -> None:
    """Create a table from Parquet files, sorted by columns that hold no nulls."""
    source = f"file('{files}', Parquet)"
    described = str(session.query(f"DESCRIBE {source}", "TabSeparatedRaw")).splitlines()
    types = dict(line.split("\t")[:2] for line in described)
    texts = [name for name, kind in types.items() if kind == "Nullable(String)"]
    counts = ", ".join(f"uniq(`{name}`)" for name in texts)
    uniques = (
        map(int, str(session.query(f"SELECT {counts} FROM {source}", "CSV")).split(",")) if texts else ()
    )
    distinct = dict(zip(texts, uniques, strict=True))
    words = {name for name, count in distinct.items() if count < _WORDS}
    chosen = [
        f"{_stored(name, kind, required=name in order, word=name in words)} AS `{name.replace('.', '__')}`"
        for name, kind in types.items()
    ]
    session.query(
        f"CREATE TABLE {table} ENGINE = MergeTree ORDER BY ({', '.join(order)}) "
        f"AS SELECT {', '.join(chosen)} FROM {source} {SETTINGS}"
    )


def _stored(name: str, kind: str, *, required: bool, word: bool) -> str:
    """Return a column in its best type, as values that ClickHouse compares as rules do."""
    column = f"`{name}`"
    if name == "object_index" or required:
        column = f"assumeNotNull({column})"
    if kind.startswith("Nullable(DateTime64"):
        return f"toTimeZone({column}, 'UTC')"
    if kind == "Nullable(Float64)":
        return f"{column} + 0"  # no −0.0, which a set does not find by 0.0
    if kind.startswith("Array("):
        # Rules ignore null elements; `hasAny` takes one for 0 or empty text.
        return f"arrayMap(x -> assumeNotNull(x), arrayFilter(x -> isNotNull(x), {column}))"
    return f"toLowCardinality({column})" if word else column
