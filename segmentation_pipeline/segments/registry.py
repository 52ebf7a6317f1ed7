"""The registry: how every segment stands, as one row each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from segmentation_pipeline.segments.tables import DEFINITION_VERSIONS, SEGMENTS

if TYPE_CHECKING:
    import datetime as dt

    from segmentation_pipeline.lake.store import DeltaStore
    from segmentation_pipeline.segments.documents import Documents
    from segmentation_pipeline.segments.record import RunRecord, SegmentState

_DESCRIBED = [name for name in DEFINITION_VERSIONS.schema if name != "created_at"]


def registry_rows(record: RunRecord, documents: Documents, memberships: pl.LazyFrame) -> pl.DataFrame:
    """Return the registry after a run: states from its record, texts by hash, counts from the members."""
    counts = _counts(record, memberships)
    texts = {name: _text(name, state, documents) for name, state in record.segments.items()}
    first_seen: dict[str, dt.datetime] = {}
    for (name, _), row in documents.items():
        first_seen[name] = min(first_seen.get(name, row["created_at"]), row["created_at"])
    rows = []
    for name, state in sorted(record.segments.items()):
        total, suppressed = counts.get(name, (0, 0))
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


def _counts(record: RunRecord, memberships: pl.LazyFrame) -> dict[str, tuple[int, int]]:
    """Return, by segment, its members and how many of them a suppression segment of its object holds."""
    kinds = pl.LazyFrame(
        [(name, state.object, state.type == "suppression") for name, state in record.segments.items()],
        schema={"segment_id": pl.String, "object": pl.String, "suppresses": pl.Boolean},
        orient="row",
    )
    members = memberships.join(kinds, on="segment_id", how="inner")
    suppressed = (
        members.filter(pl.col("suppresses")).select("object", "object_index", kept_back=True).unique()
    )
    counted = (
        members.join(suppressed, on=["object", "object_index"], how="left")
        .group_by("segment_id")
        .agg(
            pl.len().cast(pl.Int64).alias("total"),
            pl.col("kept_back").count().cast(pl.Int64).alias("suppressed"),
        )
    )
    return {name: (total, kept_back) for name, total, kept_back in counted.collect().iter_rows()}


def read_registry(store: DeltaStore) -> list[dict[str, Any]]:
    """Return the registry's rows, sorted by segment; none before the first run."""
    if not store.exists(SEGMENTS.name):
        return []
    return store.scan(SEGMENTS.name).sort("segment_id").collect().to_dicts()
