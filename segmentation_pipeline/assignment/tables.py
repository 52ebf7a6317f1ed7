"""The tables of the nights: what was decided of every contact, and of what each day was decided."""

from __future__ import annotations

import polars as pl

from segmentation_pipeline.lake.tables import Table

_INSTANT = pl.Datetime("us", "UTC")
DAY = "day"
ASSIGNMENTS = Table(
    "contact_assignments",
    pl.Schema(
        {
            DAY: pl.Date(),
            "policy": pl.String(),
            "object_index": pl.Int64(),
            "contact_id": pl.String(),
            "segment_id": pl.String(),
            "channel": pl.String(),
            "decision": pl.String(),
            "blocked_by": pl.String(),
            "rule": pl.Int64(),
            "rank": pl.Int64(),
            "run_id": pl.String(),
            "decided_at": _INSTANT,
        }
    ),
    partition_by=(DAY,),
    comment="What was decided: a row a day, contact and segment that would contact it that day.",
    column_comments={
        DAY: "the calendar day, in the policy's zone; the table's slices",
        "object_index": "dense number of the contact",
        "channel": "of the segment, when it was decided",
        "decision": "won, or why not: suppressed, holdout, quiet, gap, cooldown, cap, outranked, capacity; "
        "no claims at all are group_loser, spent and expired",
        "blocked_by": "the segment whose contact, win or membership is the reason; null where none is",
        "rule": "of cooldown and cap: the place of the rule in the policy, from 0",
        "rank": "the place of the segment among all that deliver, from 0",
        "run_id": "as in contact_assignment_runs",
        "decided_at": "when this was decided",
    },
    packed=("object_index",),
    distinct=("contact_id",),
)
_VERSIONS = pl.List(pl.Struct({"table": pl.String(), "version": pl.Int64()}))
_COUNTS = pl.List(pl.Struct({"segment_id": pl.String(), "decision": pl.String(), "contacts": pl.Int64()}))
RUNS = Table(
    "contact_assignment_runs",
    pl.Schema(
        {
            DAY: pl.Date(),
            "policy": pl.String(),
            "time_zone": pl.String(),
            "run_id": pl.String(),
            "attempt": pl.Int64(),
            "segments_run_id": pl.String(),
            "segments_as_of": _INSTANT,
            "policy_hash": pl.String(),
            "definitions_hash": pl.String(),
            "inputs": _VERSIONS,
            "inputs_hash": pl.String(),
            "contacts": pl.Int64(),
            "claims": pl.Int64(),
            "won": pl.Int64(),
            "counts": _COUNTS,
            "decided_at": _INSTANT,
        }
    ),
    comment="Of what every day was decided: a row a day, that of its last decision.",
    column_comments={
        "attempt": "how often the day was decided so far",
        "segments_run_id": "the run that published the members",
        "segments_as_of": "the instant of these members",
        "policy_hash": "of the policy as it was read",
        "definitions_hash": "of what the segments say of delivery, and of those that suppress",
        "inputs": "the version of every table that was read",
        "inputs_hash": "of everything that decides: the same hash, the same decisions",
        "contacts": "members of any segment that delivers",
        "claims": "won + suppressed + holdout + quiet + gap + cooldown + cap + outranked + capacity",
        "won": "contacts to be made",
        "counts": "how many contacts every segment has of each decision",
    },
)
TABLES = (ASSIGNMENTS, RUNS)
