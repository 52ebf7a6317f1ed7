"""The registry: how every segment stands, as one row each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from segmentation_pipeline.segments.tables import DEFINITION_VERSIONS, SEGMENTS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from segmentation_pipeline.lake.store import DeltaStore
    from segmentation_pipeline.segments.record import RunRecord

    Documents = Mapping[tuple[str, str], dict[str, Any]]


def registry_rows(record: RunRecord, documents: Documents, memberships: pl.LazyFrame) -> pl.DataFrame:
    """Return the registry after a run: states from its record, texts by hash, counts from the members."""
    described = {name: documents[name, state.document] for name, state in record.segments.items()}
    counts = _counts(described, memberships)
    rows = []
    for name, state in sorted(record.segments.items()):
        document = described[name]
        total, suppressed = counts.get(name, (0, 0))
        seen = [row["created_at"] for (segment, _), row in documents.items() if segment == name]
        rows.append(
            {column: document[column] for column in DEFINITION_VERSIONS.schema if column != "created_at"}
            | {
                "definition_hash": state.hash,
                "embedded_by": sorted(other for other, row in described.items() if name in row["embeds"]),
                "status": state.status,
                "cause": state.cause,
                "size": total,
                "contactable": total - suppressed,
                "suppressed": suppressed,
                "pending": list(state.pending),
                "last_evaluated_at": state.evaluated_at,
                "run_id": state.run_id,
                "rows_scanned": state.rows,
                "bytes_scanned": state.bytes,
                "seconds": state.seconds,
                "created_at": min(seen),
                "updated_at": document["created_at"],
            }
        )
    return pl.DataFrame(rows, schema=SEGMENTS.schema, orient="row")


def _counts(described: Mapping[str, dict[str, Any]], memberships: pl.LazyFrame) -> dict[str, tuple[int, int]]:
    """Return, by segment, its members and how many of them a suppression segment of its object holds."""
    kinds = pl.LazyFrame(
        [(name, row["object"], row["type"] == "suppression" and row["active"]) for name, row in described.items()],
        schema={"segment_id": pl.String, "object": pl.String, "suppresses": pl.Boolean},
        orient="row",
    )
    members = memberships.join(kinds, on="segment_id", how="inner")
    suppressed = members.filter(pl.col("suppresses")).select("object", "object_index", kept_back=True).unique()
    counted = (
        members.join(suppressed, on=["object", "object_index"], how="left")
        .group_by("segment_id")
        .agg(pl.len().cast(pl.Int64).alias("total"), pl.col("kept_back").count().cast(pl.Int64).alias("suppressed"))
    )
    return {name: (total, kept_back) for name, total, kept_back in counted.collect().iter_rows()}


def read_registry(store: DeltaStore) -> list[dict[str, Any]]:
    """Return the registry's rows, sorted by segment; none before the first run."""
    if not store.exists(SEGMENTS.name):
        return []
    return store.scan(SEGMENTS.name).sort("segment_id").collect().to_dicts()
