"""What was found, as rows of the tables of the group `conflicts`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from segmentation_pipeline.conflicts.tables import CLAIMS, FINDINGS, OVERLAPS, RELATIONS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from segmentation_pipeline.conflicts.analysis import Conflicts
    from segmentation_pipeline.conflicts.model import Finding, Reason, Relation
    from segmentation_pipeline.conflicts.observed.overlaps import Overlap


def relation_rows(found: Conflicts) -> pl.DataFrame:
    """Return the relations worth keeping, by pair."""
    rows = [
        {**relation_row(relation), "as_of": found.as_of, "definitions_hash": found.definitions_hash}
        for relation in found.kept
    ]
    return pl.DataFrame(rows, schema=RELATIONS.schema, orient="row")


def finding_rows(found: Conflicts) -> pl.DataFrame:
    """Return the findings in their order, the worst first."""
    rows = [finding_row(finding) for finding in found.findings]
    return pl.DataFrame(rows, schema=FINDINGS.schema, orient="row")


def overlap_rows(found: Conflicts) -> pl.DataFrame:
    """Return the overlaps of the pairs worth keeping, by pair."""
    rows = [{**row, "as_of": found.as_of} for row in overlaps_told(found)]
    return pl.DataFrame(rows, schema=OVERLAPS.schema, orient="row")


def overlaps_told(found: Conflicts) -> list[dict[str, Any]]:
    """Return a row a pair worth keeping of which members were seen, without its instant."""
    counted = found.overlaps
    return [
        overlap_row(counted[pair], relation)
        for relation in found.kept
        if (pair := (relation.segment_a, relation.segment_b)) in counted
    ]


def claim_slices(found: Conflicts) -> Iterator[tuple[str, Iterator[pl.DataFrame]]]:
    """Yield every scope in which segments compete, with its claims, few at a time."""
    for kind, contest in found.contests:
        yield (
            str(contest.scope),
            (
                claims.select(
                    pl.lit(kind).alias("object"),
                    pl.all(),
                    pl.lit(found.as_of, dtype=CLAIMS.schema["as_of"]).alias("as_of"),
                )
                for claims in contest.claims()
            ),
        )


def relation_row(relation: Relation) -> dict[str, Any]:
    """Return what a relation says, by the columns of `RELATIONS`."""
    witness = relation.witness
    return {
        "segment_a": relation.segment_a,
        "segment_b": relation.segment_b,
        "relation": relation.relation,
        "time_scope": relation.time_scope,
        "explanation": [_condition(reason) for reason in relation.explanation],
        "witness": None if witness is None else witness.as_json(),
        "witness_source": None if witness is None else witness.source,
        "same_group": relation.same_group,
        "same_channel": relation.same_channel,
    }


def finding_row(finding: Finding) -> dict[str, Any]:
    """Return what a finding says, by the columns of `FINDINGS`."""
    return {
        "segment": finding.segment,
        "finding": finding.finding,
        "severity": finding.severity,
        "path": finding.path,
        "file": finding.at.file,
        "line": finding.at.line,
        "message": finding.message,
        "hint": finding.hint,
        "culprits": list(finding.culprits),
        "conditions": [[_condition(reason) for reason in group] for group in finding.conditions],
        "witness": None if finding.witness is None else finding.witness.as_json(),
    }


def overlap_row(overlap: Overlap, relation: Relation) -> dict[str, Any]:
    """Return what is known of the members of a pair, by the columns of `OVERLAPS`."""
    return {
        "segment_a": overlap.segment_a,
        "segment_b": overlap.segment_b,
        "size_a": overlap.size_a,
        "size_b": overlap.size_b,
        "overlap": overlap.overlap,
        "jaccard": overlap.jaccard,
        "share_of_a": overlap.share_of_a,
        "share_of_b": overlap.share_of_b,
        "same_group": relation.same_group,
        "same_channel": relation.same_channel,
        "relation": relation.relation,
    }


def _condition(reason: Reason) -> dict[str, str]:
    return {"segment": reason.segment, "path": reason.path, "condition": reason.condition}
