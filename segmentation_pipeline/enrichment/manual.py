"""A provider that is a file: rows of manual data, looked up by one column."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from segmentation_pipeline.enrichment.answers import Failed, Known, NothingKnown
from segmentation_pipeline.ingest.batch import ROW
from segmentation_pipeline.ingest.reading.source_file import open_source
from segmentation_pipeline.ingest.text import as_text

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from segmentation_pipeline.enrichment.answers import Outcome
    from segmentation_pipeline.enrichment.declarations import CsvProvider

_BATCH = 100_000


def look_up(
    provider: CsvProvider, definitions: Path, contacts: Mapping[str, Mapping[str, str | None]]
) -> dict[str, Outcome]:
    """Return what the file says of contacts, given by key as texts by field."""
    (field, column), *_ = provider.match.items()
    path = definitions / provider.file
    file = open_source(path, path.name, provider.format)
    wanted = tuple(dict.fromkeys((column, *provider.reads)))
    absent = [name for name in wanted if name not in file.headings]
    if absent:
        reason = f"`{path.name}` has no column {' and '.join(f'`{name}`' for name in absent)}"
        return dict.fromkeys(contacts, Failed(reason))
    asked = {_folded(contact.get(field)) for contact in contacts.values()} - {""}
    found: dict[str, list[dict[str, str | None]]] = {}
    for batch in file.batches(_BATCH, wanted):
        texts = batch.frame.drop(ROW).select(
            as_text(batch.frame.get_column(name)).alias(name) for name in wanted
        )
        folded = pl.col(column).str.strip_chars().str.to_lowercase()
        for row in texts.filter(folded.is_in(list(asked))).iter_rows(named=True):
            found.setdefault(_folded(row[column]), []).append(row)
    return {
        key: _outcome(provider, field, found.get(_folded(contact.get(field)), []), contact.get(field))
        for key, contact in contacts.items()
    }


def _outcome(
    provider: CsvProvider, field: str, rows: list[dict[str, str | None]], value: str | None
) -> Outcome:
    if not _folded(value):
        return Failed(f"the contact has no `{field}` to look up")
    if not rows:
        return NothingKnown()
    if len(rows) > 1:
        return Failed(f"the file has {len(rows)} rows for its `{field}`")
    return Known({name: rows[0][name] for name in provider.reads})


def _folded(value: str | None) -> str:
    return (value or "").strip().lower()
