"""The texts of definitions, kept once each, so that a past run can say what it evaluated."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import polars as pl

from segmentation_pipeline.rules.graph import embeds
from segmentation_pipeline.segments.tables import DEFINITION_VERSIONS

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable

    from segmentation_pipeline.lake.store import DeltaStore
    from segmentation_pipeline.rules.segment import Segment

    Documents = dict[tuple[str, str], dict[str, Any]]


def document_hash(segment: Segment) -> str:
    """Return the hash of a definition's whole text and of the zone it is read in."""
    return hashlib.sha256(f"{segment.time_zone}\n{segment.source}".encode()).hexdigest()[:16]


def keep_documents(store: DeltaStore, segments: Iterable[Segment], at: dt.datetime) -> None:
    """Append the texts that were not kept before, as first seen ``at``."""
    frame = pl.DataFrame(
        [_row(segment, at) for segment in segments], schema=DEFINITION_VERSIONS.schema, orient="row"
    )
    if store.exists(DEFINITION_VERSIONS.name):
        kept = store.scan(DEFINITION_VERSIONS.name).select("segment_id", "document_hash").collect()
        frame = frame.join(kept, on=["segment_id", "document_hash"], how="anti")
    if not frame.is_empty():
        store.append(DEFINITION_VERSIONS, frame)


def read_documents(store: DeltaStore) -> Documents:
    """Return every text with what it says, by segment and hash."""
    if not store.exists(DEFINITION_VERSIONS.name):
        return {}
    rows = store.scan(DEFINITION_VERSIONS.name).collect().iter_rows(named=True)
    return {(row["segment_id"], row["document_hash"]): row for row in rows}


def _row(segment: Segment, at: dt.datetime) -> dict[str, Any]:
    return {
        "segment_id": segment.id,
        "document_hash": document_hash(segment),
        "name": segment.name,
        "description": segment.description,
        "type": segment.type,
        "object": segment.object,
        "owner": segment.owner,
        "labels": list(segment.labels),
        "active": segment.active,
        "publish": segment.publish,
        "time_zone": segment.time_zone,
        "embeds": list(embeds(segment)),
        "definition": segment.source,
        "created_at": at,
    }
