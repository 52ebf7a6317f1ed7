"""What the catalog says of every row, read as rules: a premise for proofs, a check on the data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from segmentation_pipeline.diagnostics import Diagnostic
from segmentation_pipeline.errors import DefinitionError
from segmentation_pipeline.rules.paths import ObjectScope
from segmentation_pipeline.rules.reading import Reader
from segmentation_pipeline.rules.segment import Segment
from segmentation_pipeline.rules.tree import All, Any, Condition, Not

if TYPE_CHECKING:
    from segmentation_pipeline.catalog.model import Catalog
    from segmentation_pipeline.errors import Position


OBJECT = "contact"
"""Invariants name no object: like definitions without one, they are about contacts."""


@dataclass(frozen=True, slots=True)
class Implication:
    """An invariant: of every row of `OBJECT`, where ``when`` is true, so is ``then``."""

    name: str
    when: Condition
    then: Condition
    at: Position

    @property
    def condition(self) -> Condition:
        """What holds for every row."""
        return Any((Not(self.when, self.at), self.then), self.at)

    def violators(self, segment: str, time_zone: str) -> Segment:
        """Return the segment of the rows that break it, to be evaluated like any other."""
        broken = All((self.when, Not(self.then, self.at)), self.at)
        return Segment(
            id=segment,
            name=f"breaks: {self.name}",
            type="dynamic",
            object=OBJECT,
            time_zone=time_zone,
            hash=repr(broken),
            at=self.at,
            where=broken,
            publish=False,
        )


def read_invariants(catalog: Catalog) -> tuple[Implication, ...]:
    """Return the invariants of a catalog; `DefinitionError` with everything that is wrong with them."""
    found, findings = [], []
    for invariant in catalog.invariants:
        if OBJECT not in catalog.objects:
            message = f"invariants are about `{OBJECT}`, which the catalog has not"
            raise DefinitionError([Diagnostic("unknown-object", message, invariant.at)])
        scope = ObjectScope(catalog, catalog.objects[OBJECT])
        reader = Reader(catalog, scope, f"invariant {invariant.name}")
        when, then = reader.condition(invariant.when), reader.condition(invariant.then)
        findings += reader.findings
        if when is not None and then is not None:
            found.append(Implication(invariant.name, when, then, invariant.at))
    if findings:
        raise DefinitionError(findings)
    return tuple(found)
