"""The registry: how every segment stands, as one row each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from segmentation_pipeline.segments.masks import aligned, count
from segmentation_pipeline.segments.tables import DEFINITION_VERSIONS, SEGMENTS

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping

    from segmentation_pipeline.lake.store import DeltaStore
    from segmentation_pipeline.segments.documents import Documents
    from segmentation_pipeline.segments.published import Memberships
    from segmentation_pipeline.segments.record import RunRecord, SegmentState

_DESCRIBED = [name for name in DEFINITION_VERSIONS.schema if name != "created_at"]


def registry_rows(
    record: RunRecord, documents: Documents, memberships: Memberships, known: Mapping[str, int]
) -> pl.DataFrame:
    """Return the registry after a run: states from its record, texts by hash, counts from the members.

    ``known`` are the suppressed members of segments for which they need not be counted again.
    """
    sizes = memberships.sizes()
    suppressed_of = _suppressed(record, memberships, sizes, known)
    texts = {name: _text(name, state, documents) for name, state in record.segments.items()}
    first_seen: dict[str, dt.datetime] = {}
    for (name, _), row in documents.items():
        first_seen[name] = min(first_seen.get(name, row["created_at"]), row["created_at"])
    rows = []
    for name, state in sorted(record.segments.items()):
        total, suppressed = sizes.get(name, 0), suppressed_of.get(name, 0)
        rows.append(
            {column: texts[name][column] for column in _DESCRIBED}
            | {
                "object": state.object,
                "definition_hash": state.hash or None,
                "embedded_by": sorted(other for other, text in texts.items() if name in text["embeds"]),
                "status": state.status,
                "cause": state.cause,
                "size": total,
                "contactable": total - suppressed,
                "suppressed": suppressed,
                "pending": list(state.pending),
                "last_evaluated_at": state.evaluated_at,
                "run_id": state.run_id or None,
                "rows_scanned": state.rows,
                "bytes_scanned": state.bytes,
                "seconds": state.seconds,
                "created_at": first_seen.get(name),
                "updated_at": texts[name]["created_at"],
            }
        )
    return pl.DataFrame(rows, schema=SEGMENTS.schema, orient="row")


def _text(name: str, state: SegmentState, documents: Documents) -> dict[str, Any]:
    """Return what a segment's definition says; of one that could never be read, what the record does."""
    nothing: dict[str, Any] = {**dict.fromkeys(DEFINITION_VERSIONS.schema), "embeds": [], "labels": []}
    said = {
        "segment_id": name,
        "name": name,
        "type": state.type,
        "object": state.object,
        "publish": state.publish,
    }
    return documents.get((name, state.document), nothing | said)


def suppressions(record: RunRecord) -> dict[str, list[str]]:
    """Return, by object, the segments of type suppression, sorted."""
    found: dict[str, list[str]] = {}
    for name, state in sorted(record.segments.items()):
        if state.type == "suppression":
            found.setdefault(state.object, []).append(name)
    return found


def _suppressed(
    record: RunRecord, memberships: Memberships, sizes: Mapping[str, int], known: Mapping[str, int]
) -> dict[str, int]:
    """Return, by segment, how many members a suppression segment of its object holds."""
    counts = {name: known[name] for name in sizes if name in known}
    for kind, names in suppressions(record).items():
        asked = [n for n, state in record.segments.items() if state.object == kind and n in sizes]
        missing = [name for name in asked if name not in counts]
        if not missing:
            continue
        held_back = pl.Series(dtype=pl.Boolean)
        for name in names:
            first, second = aligned(held_back, memberships.mask(name))
            held_back = first | second
        for name in missing:
            mine, theirs = aligned(memberships.mask(name), held_back)
            counts[name] = count(mine & theirs)
    return counts


def read_registry(store: DeltaStore) -> list[dict[str, Any]]:
    """Return the registry's rows, sorted by segment; none before the first run."""
    if not store.exists(SEGMENTS.name):
        return []
    return store.scan(SEGMENTS.name).sort("segment_id").collect().to_dicts()
