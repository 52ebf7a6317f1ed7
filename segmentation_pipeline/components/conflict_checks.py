"""The checks of the group `conflicts`: no rule is wrong, invariants hold, members agree with proofs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import dagster as dg

from segmentation_pipeline.components.metadata import markdown_table
from segmentation_pipeline.conflicts.summary import agreement, counted
from segmentation_pipeline.conflicts.tables import FINDINGS, OVERLAPS, RELATIONS

if TYPE_CHECKING:
    from segmentation_pipeline.conflicts.analysis import Conflicts

NO_ERRORS = "no_errors"
INVARIANTS = "invariants_hold"
AGREEMENT = "members_agree_with_proofs"
CHECKS = [
    dg.AssetCheckSpec(NO_ERRORS, asset=FINDINGS.name, description="No rule is wrong."),
    dg.AssetCheckSpec(
        INVARIANTS,
        asset=RELATIONS.name,
        description="What the catalog says of every contact holds in the data; proofs rely on it.",
    ),
    dg.AssetCheckSpec(
        AGREEMENT,
        asset=OVERLAPS.name,
        description="Nobody is in two segments that are proved disjoint, or in one and not in the one it "
        "implies. It tests the prover and the engine.",
    ),
]


def check_conflicts(found: Conflicts) -> dict[dg.AssetCheckKey, dg.AssetCheckResult]:
    """Return what the three checks say of one look."""
    results = (_check_errors(found), _check_invariants(found), _check_agreement(found))
    return dict(zip((check.key for check in CHECKS), results, strict=True))


def _check_errors(found: Conflicts) -> dg.AssetCheckResult:
    errors = [finding for finding in found.findings if finding.severity == "error"]
    return dg.AssetCheckResult(
        asset_key=FINDINGS.name,
        check_name=NO_ERRORS,
        passed=not errors,
        description=str(errors[0].message) if errors else None,
        metadata={"errors": len(errors), "summary": counted(found)},
    )


def _check_invariants(found: Conflicts) -> dg.AssetCheckResult:
    breaches = found.observed.breaches if found.observed is not None else ()
    rows = [
        [breach.invariant, "cannot be told" if breach.objects is None else breach.objects.len(), breach.cause]
        for breach in breaches
    ]
    return dg.AssetCheckResult(
        asset_key=RELATIONS.name,
        check_name=INVARIANTS,
        passed=all(breach.holds for breach in breaches),
        severity=dg.AssetCheckSeverity.WARN,
        metadata={
            "invariants": len(breaches),
            "broken_by": dg.MetadataValue.md(markdown_table(["invariant", "broken by", "cause"], rows)),
        },
    )


def _check_agreement(found: Conflicts) -> dg.AssetCheckResult:
    contradictions = found.tie.contradictions if found.tie is not None else ()
    rows = [
        [
            one.proved.segment_a,
            one.proved.segment_b,
            one.proved.relation,
            one.message,
            one.objects,
            one.example,
        ]
        for one in contradictions
        for proved in (one.proved,)
    ]
    said = ["segment a", "segment b", "proved", "but", "objects", "such as object_index"]
    return dg.AssetCheckResult(
        asset_key=OVERLAPS.name,
        check_name=AGREEMENT,
        passed=not contradictions,
        description=agreement(found),
        metadata={
            "checked": found.tie.checked if found.tie is not None else 0,
            "contradictions": dg.MetadataValue.md(markdown_table(said, rows)),
        },
    )
