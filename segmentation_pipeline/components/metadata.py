"""Frames, tables and findings as Dagster shows them. Personal data never gets here unmasked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import dagster as dg
import polars as pl

from segmentation_pipeline.catalog.masked_frames import mask

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from segmentation_pipeline.diagnostics import Diagnostic
    from segmentation_pipeline.lake.store import DeltaStore

_ROWS = 8
_COLUMNS = 12
_CELL = 240


def table_metadata(
    store: DeltaStore,
    name: str,
    *,
    comments: Mapping[str, str] | None = None,
    private: Collection[str] = (),
) -> dict[str, Any]:
    """Return rows, columns, place and a preview of a table of the lake; zero rows of one not there."""
    uri = store.root.table(name)
    if not store.exists(name):
        return {"dagster/row_count": 0, "dagster/uri": uri, "note": "there is no such table yet"}
    rows = store.scan(name)
    return {
        "dagster/row_count": rows.select(pl.len()).collect().item(),
        "dagster/uri": uri,
        "dagster/column_schema": column_schema(rows.collect_schema(), comments or {}),
        "version": store.version(name),
        "preview": dg.MetadataValue.md(preview(rows.head(_ROWS).collect(), private)),
    }


def column_schema(schema: pl.Schema, comments: Mapping[str, str]) -> dg.TableSchema:
    return dg.TableSchema(
        [dg.TableColumn(name, str(dtype), description=comments.get(name)) for name, dtype in schema.items()]
    )


def preview(rows: pl.DataFrame, private: Collection[str] = ()) -> str:
    """Return a few rows as a Markdown table: the columns that say something, private ones masked."""
    filled = [name for name in rows.columns if rows[name].null_count() < rows.height]
    shown = filled[:_COLUMNS]
    cells = mask(rows.select(shown), private).rows()
    left = f"\n\n… and {len(filled) - len(shown)} more columns" if len(filled) > len(shown) else ""
    return markdown_table(shown, cells) + left


def markdown_table(headings: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    r"""Return a Markdown table; long cells are cut.

    >>> print(markdown_table(["a", "b"], [[1, "x|y"], [None, "z"]]))
    | a | b |
    |---|---|
    | 1 | x\|y |
    |  | z |
    """
    lines = [_line(headings), "|" + "---|" * len(headings)]
    return "\n".join([*lines, *(_line(row) for row in rows)])


def findings_table(findings: Iterable[Diagnostic]) -> str:
    """Return every finding with its file, line and column."""
    rows = [[str(f.at), f.severity, f.rule, f.message, f.hint] for f in findings]
    return markdown_table(["where", "severity", "rule", "finding", "hint"], rows)


def _line(cells: Iterable[object]) -> str:
    return "| " + " | ".join(_cell(cell) for cell in cells) + " |"


def _cell(value: object) -> str:
    text = "" if value is None else str(value).replace("|", "\\|").replace("\n", " ")
    return text if len(text) <= _CELL else text[: _CELL - 1] + "…"
