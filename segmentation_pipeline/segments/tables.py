"""The tables of the `segments` group. `segment_memberships` is the commit point; the others follow it."""

from __future__ import annotations

import polars as pl

from segmentation_pipeline.lake.tables import Table

_INSTANT = pl.Datetime("us", "UTC")

VIA = pl.Enum(["rule_match", "manual", "import", "api", "automation", "pin"])
"""How a member may have been added."""
CHANGE = pl.Enum(["entered", "exited"])
REASON = pl.Enum(["pin", "definition changed", "data changed", "time passed", "merged", "erased"])
MEMBERSHIPS = Table(
    "segment_memberships",
    pl.Schema(
        {
            "segment_id": pl.String(),
            "object_index": pl.Int64(),
            "added_at": _INSTANT,
            "added_via": pl.String(),
        }
    ),
    partition_by=("segment_id",),
    comment="Who is a member of what, a row a segment and object. One commit a run: its commit point.",
    column_comments={
        "object_index": "dense number of the object, as in its profile index",
        "added_at": "the as_of of the run in which the object became a member",
        "added_via": "rule_match, manual (listed in `members`) or pin",
    },
    packed=("object_index",),
)
MEMBERS = Table(
    "segment_members",
    pl.Schema(
        {
            "segment_id": pl.String(),
            "object_key": pl.String(),
            "object_index": pl.Int64(),
            "added_at": _INSTANT,
            "added_via": pl.String(),
        }
    ),
    partition_by=("segment_id",),
    comment="The members of segments with `publish: true`, with their keys: what analysts read first.",
    column_comments={"object_key": "the key of the object, such as contact_id"},
    packed=("object_index",),
)
TRANSITIONS = Table(
    "segment_transitions",
    pl.Schema(
        {
            "segment_id": pl.String(),
            "object_index": pl.Int64(),
            "change": pl.String(),
            "at": _INSTANT,
            "run_id": pl.String(),
            "reason": pl.String(),
        }
    ),
    comment="What was published: a row for every object that entered or exited a segment, never changed.",
    column_comments={
        "change": "entered or exited",
        "at": "the as_of of the run",
        "reason": "pin, merged, erased, definition changed, data changed or time passed; null where what the "
        "segment was evaluated on before is no longer there",
    },
    packed=("object_index",),
)
TRANSITION_REASONS = Table(
    "segment_transition_reasons",
    pl.Schema({"segment_id": pl.String(), "object_index": pl.Int64(), "reason": pl.String()}),
    partition_by=("segment_id",),
    comment="Of the last run that needed it: why, where objects moved in one segment for several reasons.",
    packed=("object_index",),
)
DEFINITION_VERSIONS = Table(
    "segment_definitions",
    pl.Schema(
        {
            "segment_id": pl.String(),
            "document_hash": pl.String(),
            "name": pl.String(),
            "description": pl.String(),
            "type": pl.String(),
            "object": pl.String(),
            "owner": pl.String(),
            "labels": pl.List(pl.String()),
            "active": pl.Boolean(),
            "publish": pl.Boolean(),
            "time_zone": pl.String(),
            "embeds": pl.List(pl.String()),
            "definition": pl.String(),
            "created_at": _INSTANT,
        }
    ),
    comment="Every definition that was ever evaluated, as written, a row a segment and text.",
    column_comments={"created_at": "when a run first saw this text", "document_hash": "hash of the text"},
)
SEGMENTS = Table(
    "segments",
    pl.Schema(
        {
            **{name: kind for name, kind in DEFINITION_VERSIONS.schema.items() if name != "created_at"},
            "definition_hash": pl.String(),
            "embedded_by": pl.List(pl.String()),
            "status": pl.String(),
            "cause": pl.String(),
            "size": pl.Int64(),
            "contactable": pl.Int64(),
            "suppressed": pl.Int64(),
            "pending": pl.List(pl.String()),
            "last_evaluated_at": _INSTANT,
            "run_id": pl.String(),
            "rows_scanned": pl.Int64(),
            "bytes_scanned": pl.Int64(),
            "seconds": pl.Float64(),
            "created_at": _INSTANT,
            "updated_at": _INSTANT,
        }
    ),
    comment="The registry: a row a segment, its definition, its counts and how its last evaluation went.",
    column_comments={
        "status": "fresh, stale, failed, held (its size is not as expected) or inactive; of those not fresh "
        "the last good members are kept",
        "cause": "why it is not fresh",
        "size": "members; contactable + suppressed",
        "suppressed": "members that are members of a segment of type suppression too",
        "pending": "keys the definition names that no object has",
        "created_at": "when a run first saw a definition of it; null while none could be read",
        "updated_at": "when a run first saw its present definition",
        "last_evaluated_at": "the as_of for which its members are right: computed then, or unable to differ",
        "rows_scanned": "estimate: rows its leaves read",
        "bytes_scanned": "estimate: bytes of the columns its leaves read",
        "definition_hash": "hash of the rule and of every rule it embeds, not of the description",
    },
)
