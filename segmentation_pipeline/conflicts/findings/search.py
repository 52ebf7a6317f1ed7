"""Everything wrong, or worth a look, in definitions: a list of values, the same on every machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segmentation_pipeline.conflicts.findings.branches import find_idle
from segmentation_pipeline.conflicts.findings.emptiness import find_empty
from segmentation_pipeline.conflicts.findings.rivalry import find_rivals
from segmentation_pipeline.conflicts.findings.surprises import find_surprises, find_unused
from segmentation_pipeline.conflicts.findings.unseen import find_unseen
from segmentation_pipeline.conflicts.proofs.explanation import Explainer

if TYPE_CHECKING:
    from segmentation_pipeline.conflicts.model import Finding
    from segmentation_pipeline.conflicts.proofs.proof import Proof
    from segmentation_pipeline.index.build import Index


def find(proof: Proof, index: Index | None = None) -> list[Finding]:
    """Return every finding about active segments; those about the data only with its ``index``."""
    found: list[Finding] = []
    for kind in proof.objects.values():
        explainer = Explainer(kind)
        found += find_empty(kind, explainer)
        found += find_idle(kind, explainer)
        found += find_rivals(kind)
        found += find_surprises(kind)
    found += find_unused(proof.definitions)
    if index is not None:
        found += find_unseen(proof, index)
    return found
