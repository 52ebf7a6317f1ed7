"""Files of a table read in parts of bounded size, text as dictionaries."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    import pyarrow.fs as pafs


def read_chunks(
    folder: pafs.FileSystem, paths: Iterable[str], schema: pa.Schema, rows: int, coded: Collection[str]
) -> Iterator[pa.Table]:
    """Yield tables of about ``rows`` rows with the columns of ``schema``; what a file lacks is null.

    Text named in ``coded`` comes as dictionaries; the caller may take names out between two tables.
    Raises OSError for a file that is gone, `pa.ArrowException` for one that cannot be read.
    """
    held: list[pa.Table] = []
    count, active = 0, frozenset(coded)
    for path in paths:
        if held and active != frozenset(coded):
            yield pa.concat_tables(held)
            held, count = [], 0
        active = frozenset(coded)
        expected = pa.schema([_read_as(field, active) for field in schema])
        with (
            folder.open_input_file(path) as content,
            pq.ParquetFile(content, read_dictionary=sorted(active)) as file,
        ):
            columns = [column for column in schema.names if column in file.schema_arrow.names]
            for number in range(file.num_row_groups):
                held.append(_completed(file.read_row_group(number, columns=columns), expected))
                count += held[-1].num_rows
                if count >= rows:
                    yield pa.concat_tables(held)
                    held, count = [], 0
    if held:
        yield pa.concat_tables(held)


def _read_as(field: pa.Field, coded: Collection[str]) -> pa.Field:
    return pa.field(field.name, pa.dictionary(pa.int32(), pa.string())) if field.name in coded else field


def _completed(table: pa.Table, schema: pa.Schema) -> pa.Table:
    present = table.schema.names
    columns = [
        table.column(field.name).cast(field.type)
        if field.name in present
        else pa.nulls(table.num_rows, field.type)
        for field in schema
    ]
    return pa.table(columns, schema=schema)
