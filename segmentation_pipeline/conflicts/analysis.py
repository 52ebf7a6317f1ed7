"""Everything about conflicts at once: what rules allow, what members show, and whether both agree."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from segmentation_pipeline.conflicts.findings.search import find
from segmentation_pipeline.conflicts.model import SEVERITIES
from segmentation_pipeline.conflicts.observed.observation import observe
from segmentation_pipeline.conflicts.proofs.proof import prove
from segmentation_pipeline.conflicts.proofs.relations import relate
from segmentation_pipeline.conflicts.witnesses.examples import with_examples
from segmentation_pipeline.index.stored import catalog_hash
from segmentation_pipeline.lake.opening import open_lake
from segmentation_pipeline.segments.basis import read_definitions
from segmentation_pipeline.segments.documents import document_hash

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Collection, Mapping

    from segmentation_pipeline.conflicts.model import Finding, Relation
    from segmentation_pipeline.conflicts.observed.claims import Contest
    from segmentation_pipeline.conflicts.observed.observation import Observation
    from segmentation_pipeline.conflicts.observed.overlaps import Overlap
    from segmentation_pipeline.conflicts.observed.tie import Tie
    from segmentation_pipeline.rules.segment import Definitions
    from segmentation_pipeline.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Conflicts:
    """What was found at an instant, in all pairs of one object's segments.

    ``definitions_hash`` covers everything written in catalog and definitions. ``observed`` and
    ``tie`` are None where the rules alone were looked at.
    """

    as_of: dt.datetime
    definitions: Definitions
    definitions_hash: str
    relations: tuple[Relation, ...]
    findings: tuple[Finding, ...]
    observed: Observation | None = None
    tie: Tie | None = None

    @property
    def overlaps(self) -> Mapping[tuple[str, str], Overlap]:
        return {} if self.observed is None else self.observed.overlaps

    @property
    def contests(self) -> tuple[tuple[str, Contest], ...]:
        """The kind of object, and where its segments compete for it."""
        return () if self.observed is None else self.observed.contests

    @property
    def kept(self) -> list[Relation]:
        """The relations that the tables hold: of disjoint pairs those that compete, or share members."""
        return [
            relation
            for relation in self.relations
            if relation.relation != "disjoint"
            or relation.same_group
            or relation.same_channel
            or self._shared(relation)
        ]

    def about(self, names: Collection[str]) -> Conflicts:
        """Return what concerns one segment, or what is among several."""
        chosen = set(names)
        least = min(len(chosen), 2)
        observed = None if self.observed is None else self.observed.about(chosen)
        return replace(
            self,
            observed=observed,
            relations=tuple(
                one for one in self.relations if len(chosen & {one.segment_a, one.segment_b}) >= least
            ),
            findings=tuple(one for one in self.findings if chosen & {one.segment, *one.culprits}),
        )

    def _shared(self, relation: Relation) -> int:
        counted = self.overlaps.get((relation.segment_a, relation.segment_b))
        return 0 if counted is None else counted.overlap


def analyse(workspace: Workspace, now: dt.datetime, *, data: bool = True) -> Conflicts:
    """Return what can be said of a workspace's active segments; nothing is written.

    With ``data`` the members of the last run are looked at too, and its instant is that of all
    proofs. Without a run, or without ``data``, it is the workspace's, else ``now``.

    Raises:
        DefinitionError: the catalog, or an invariant of it, cannot be read.
        RunFailed: a witness of an overlap is no member by the engine: one of both is wrong.
    """
    definitions = read_definitions(workspace)
    store = open_lake(workspace)
    observed = observe(store, definitions, workspace.time_zone) if data else None
    as_of = observed.record.as_of if observed is not None else workspace.as_of or now
    proof = prove(definitions, as_of)
    relations = relate(proof)
    findings = find(proof, observed.index if observed is not None else None)
    tie = None
    if observed is not None:
        tie = observed.tie(relations)
        relations = with_examples(relations, definitions, observed)
    return Conflicts(
        as_of, definitions, definitions_hash(definitions), relations, _in_order(findings), observed, tie
    )


def definitions_hash(definitions: Definitions) -> str:
    """Return a hash of everything that definitions and catalog say, deliveries and invariants too."""
    written = {name: document_hash(segment) for name, segment in sorted(definitions.segments.items())}
    catalog = definitions.catalog
    said = json.dumps([written, catalog_hash(catalog), repr(catalog.invariants), definitions.week_starts])
    return hashlib.sha256(said.encode()).hexdigest()[:16]


def _in_order(findings: list[Finding]) -> tuple[Finding, ...]:
    def place(finding: Finding) -> tuple[int, str, str, int, int]:
        severity = SEVERITIES.index(finding.severity)
        return severity, finding.segment or "", finding.finding, finding.at.line, finding.at.column

    return tuple(sorted(findings, key=place))
