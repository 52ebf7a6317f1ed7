"""The tables of the group `conflicts`. Each is rewritten whole, and says what it was made of."""

from __future__ import annotations

import polars as pl

from segmentation_pipeline.lake.tables import Table

_INSTANT = pl.Datetime("us", "UTC")
_CONDITION = pl.Struct({"segment": pl.String(), "path": pl.String(), "condition": pl.String()})
_SCOPES = {"same_group": pl.Boolean(), "same_channel": pl.Boolean()}
_PAIRS = (
    "Every pair once, a before b; disjoint ones only in one exclusivity group or channel, or where members "
    "are shared."
)
_COMMENTS = {
    "same_group": "both deliver in one exclusivity group",
    "same_channel": "both deliver through one channel",
}

RELATIONS = Table(
    "segment_relations",
    pl.Schema(
        {
            "segment_a": pl.String(),
            "segment_b": pl.String(),
            "relation": pl.String(),
            "time_scope": pl.String(),
            "explanation": pl.List(_CONDITION),
            "witness": pl.String(),
            "witness_source": pl.String(),
            **_SCOPES,
            "as_of": _INSTANT,
            "definitions_hash": pl.String(),
        }
    ),
    comment=f"How two segments relate, proved from their rules alone. {_PAIRS}",
    column_comments={
        **_COMMENTS,
        "relation": "disjoint, overlap, a_implies_b, b_implies_a, equivalent, possible_unverified or unknown",
        "time_scope": "any_day, or as_of_only where fixed and moving times are compared",
        "explanation": "of a disjoint pair: the conditions that contradict each other",
        "witness": "JSON: an object that is in both; a real one by its key, else the rows that make one",
        "witness_source": "observed or synthetic",
    },
)
FINDINGS = Table(
    "segment_findings",
    pl.Schema(
        {
            "segment": pl.String(),
            "finding": pl.String(),
            "severity": pl.String(),
            "path": pl.String(),
            "file": pl.String(),
            "line": pl.Int64(),
            "message": pl.String(),
            "hint": pl.String(),
            "culprits": pl.List(pl.String()),
            "conditions": pl.List(pl.List(_CONDITION)),
            "witness": pl.String(),
        }
    ),
    comment="What is wrong, or worth a look, in the rules: a row a finding, the worst first.",
    column_comments={
        "segment": "null where it is about an exclusivity group",
        "severity": "error, warning or info",
        "path": "the condition in the definition, such as where.all[0]",
        "culprits": "the segments that cause it",
        "conditions": "sets of conditions, each of which causes it by itself",
        "witness": "JSON: an object that shows it",
    },
)
OVERLAPS = Table(
    "segment_overlaps",
    pl.Schema(
        {
            "segment_a": pl.String(),
            "segment_b": pl.String(),
            "size_a": pl.Int64(),
            "size_b": pl.Int64(),
            "overlap": pl.Int64(),
            "jaccard": pl.Float64(),
            "share_of_a": pl.Float64(),
            "share_of_b": pl.Float64(),
            **_SCOPES,
            "relation": pl.String(),
            "as_of": _INSTANT,
        }
    ),
    comment=f"How many members two segments share. {_PAIRS}",
    column_comments={
        **_COMMENTS,
        "overlap": "members of both",
        "jaccard": "overlap ÷ members of any of the two; null where there are none",
        "share_of_a": "overlap ÷ size_a: 1 where a is contained in b",
        "share_of_b": "overlap ÷ size_b: 1 where b is contained in a",
        "relation": "what was proved of the pair",
    },
)
CLAIMS = Table(
    "contact_claims",
    pl.Schema(
        {
            "object": pl.String(),
            "object_index": pl.Int64(),
            "scope": pl.String(),
            "segments": pl.List(pl.String()),
            "winner": pl.String(),
            "runner_up": pl.String(),
            "decided_by": pl.String(),
            "as_of": _INSTANT,
        }
    ),
    partition_by=("scope",),
    comment="Who is claimed by two segments or more of one exclusivity group, or through one channel.",
    column_comments={
        "object": "the kind of object, such as contact",
        "object_index": "dense number of the object, as in its profile index",
        "scope": "group:<name> or channel:<name>; who loses in a group claims no channel",
        "segments": "those that claim it, the winner first",
        "decided_by": "priority, or tie_break: of equal priority the smaller id wins",
    },
    packed=("object_index",),
)
TABLES = (RELATIONS, FINDINGS, OVERLAPS, CLAIMS)
