"""The tables of ``mode: what_if``: what proposed definitions do to today's members, a slice a run."""

from __future__ import annotations

import polars as pl

from segmentation_pipeline.lake.tables import Table

RUN = "run_id"
FLIP = pl.Struct(
    {
        "segment_id": pl.String(),
        "before": pl.String(),
        "held": pl.Boolean(),
        "after": pl.String(),
        "holds": pl.Boolean(),
        "value": pl.String(),
        "value_after": pl.String(),
        "cause": pl.String(),
    }
)
_RUN = "the run, as `simulation_runs` has it"
_MOVED = {"entered": pl.Int64(), "exited": pl.Int64(), "retained": pl.Int64()}

SEGMENTS = Table(
    "what_if_segments",
    pl.Schema(
        {
            RUN: pl.String(),
            "segment_id": pl.String(),
            "kind": pl.String(),
            "through": pl.List(pl.String()),
            "size_before": pl.Int64(),
            "size_after": pl.Int64(),
            **_MOVED,
            "churn_percent": pl.Float64(),
            "cause": pl.String(),
        }
    ),
    partition_by=(RUN,),
    comment="Every segment that the proposal touches: size_after = size_before + entered − exited, and "
    "retained = size_before − exited.",
    column_comments={
        RUN: _RUN,
        "kind": "added, removed, changed, through (what it embeds changed), catalog, mended, broken, or "
        "not_compared: neither side can evaluate it",
        "through": "the embedded segments that changed, where the rule itself did not",
        "size_before": "null where there is no answer, or no such segment",
        "churn_percent": "100 × (entered + exited) ÷ size_before; null without members before",
        "cause": "why it is broken, or not compared",
    },
)
CHANGES = Table(
    "what_if_changes",
    pl.Schema(
        {
            RUN: pl.String(),
            "segment_id": pl.String(),
            "change": pl.String(),
            "attribute": pl.String(),
            "value": pl.String(),
            "contacts": pl.Int64(),
        }
    ),
    partition_by=(RUN,),
    comment="Who enters, exits and stays in every segment that moves: all of them, and by attribute.",
    column_comments={
        RUN: _RUN,
        "change": "entered, exited or retained",
        "attribute": "null: the row counts all; else the rows of one attribute sum up to it",
        "value": "null: no value; (others): of an attribute of many values those beyond the most frequent",
        "contacts": "objects of the segment's kind",
    },
)
SAMPLES = Table(
    "what_if_samples",
    pl.Schema(
        {
            RUN: pl.String(),
            "segment_id": pl.String(),
            "change": pl.String(),
            "object": pl.String(),
            "object_index": pl.Int64(),
            "contact_id": pl.String(),
            "flipped": pl.List(FLIP),
        }
    ),
    partition_by=(RUN,),
    comment="Some of those who enter and exit, chosen by a hash of their keys, each with what flipped.",
    column_comments={
        RUN: _RUN,
        "change": "entered or exited",
        "contact_id": "null where it is no contact",
        "flipped": "the conditions that differ and decide: in whose rule, what they say before and after, "
        "whether they are true there, the values found (masked if personal); cause: where no condition does",
    },
)
CONFLICTS = Table(
    "what_if_conflicts",
    pl.Schema(
        {
            RUN: pl.String(),
            "change": pl.String(),
            "conflict": pl.String(),
            "segments": pl.List(pl.String()),
            "severity": pl.String(),
            "before": pl.String(),
            "after": pl.String(),
            "shared_before": pl.Int64(),
            "shared_after": pl.Int64(),
            "message": pl.String(),
        }
    ),
    partition_by=(RUN,),
    comment="Rule conflicts that the proposal makes or resolves, proved on both sides.",
    column_comments={
        RUN: _RUN,
        "change": "new, resolved or changed",
        "conflict": "relation: how two segments relate; else the name of the finding",
        "segments": "the segments concerned, of a finding the one it is about first",
        "severity": "of the finding: error, warning or info",
        "before": "of a relation: what is proved before; null where the pair was not there",
        "shared_before": "of a relation: members of both today",
    },
)
TABLES = (SEGMENTS, CHANGES, SAMPLES, CONFLICTS)
