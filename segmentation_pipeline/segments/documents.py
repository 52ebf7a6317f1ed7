"""The texts of definitions, kept once each, so that a past run can say what it evaluated."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import polars as pl

from segmentation_pipeline.rules.graph import embeds
from segmentation_pipeline.segments.tables import DEFINITION_VERSIONS

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping

    from segmentation_pipeline.lake.store import DeltaStore
    from segmentation_pipeline.rules.segment import Definitions, Segment


def document_hash(segment: Segment) -> str:
    """Return the hash of a definition's whole text."""
    return hashlib.sha256(segment.source.encode()).hexdigest()[:16]


def keep_documents(
    store: DeltaStore, definitions: Definitions, last: Mapping[str, str], at: dt.datetime
) -> dict[str, str]:
    """Append the texts not kept before; return the hash of every segment's current text.

    A definition that cannot be read keeps its ``last`` text, or an empty one under its id.
    """
    rows = {name: _row(segment, at) for name, segment in definitions.segments.items()}
    hashes = {name: row["document_hash"] for name, row in rows.items()}
    for name in definitions.broken:
        if name in last:
            hashes[name] = last[name]
        else:
            rows[name] = _unread(name, at)
            hashes[name] = ""
    frame = pl.DataFrame(list(rows.values()), schema=DEFINITION_VERSIONS.schema, orient="row")
    if store.exists(DEFINITION_VERSIONS.name):
        kept = store.scan(DEFINITION_VERSIONS.name).select("segment_id", "document_hash").collect()
        frame = frame.join(kept, on=["segment_id", "document_hash"], how="anti")
    if not frame.is_empty() or not store.exists(DEFINITION_VERSIONS.name):
        store.append(DEFINITION_VERSIONS, frame)
    return hashes


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


def _unread(name: str, at: dt.datetime) -> dict[str, Any]:
    return {
        "segment_id": name,
        "document_hash": "",
        "name": name,
        "description": "",
        "type": "dynamic",
        "object": "contact",
        "owner": None,
        "labels": [],
        "active": True,
        "publish": True,
        "time_zone": "UTC",
        "embeds": [],
        "definition": "",
        "created_at": at,
    }
