"""Invariants of the catalog as a check of the data: proofs rely on them, so somebody has to look."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from segmentation_pipeline.conflicts.formulas.premises import read_invariants
from segmentation_pipeline.evaluation.evaluate import evaluate_index
from segmentation_pipeline.rules.definitions import link
from segmentation_pipeline.rules.graph import dependencies

if TYPE_CHECKING:
    import datetime as dt

    import polars as pl

    from segmentation_pipeline.evaluation.evaluate import Evaluation
    from segmentation_pipeline.index.build import Index
    from segmentation_pipeline.rules.segment import Definitions


@dataclass(frozen=True, slots=True)
class Breach:
    """The objects that break an invariant, as sorted ``object_index``; None where that cannot be told."""

    invariant: str
    objects: pl.Series | None
    cause: str | None = None

    @property
    def holds(self) -> bool:
        """Whether it is certain that nobody breaks it."""
        return self.objects is not None and self.objects.is_empty()


def find_breaches(definitions: Definitions, index: Index, as_of: dt.datetime, zone: str) -> list[Breach]:
    """Return, invariant by invariant, who breaks it at an instant; local times are those of ``zone``.

    Raises `DefinitionError` for invariants that cannot be read.
    """
    invariants = read_invariants(definitions.catalog)
    names = [f"breaks_{number}" for number in range(len(invariants))]
    if not names:
        return []
    broken = {name: one.violators(name, zone) for name, one in zip(names, invariants, strict=True)}
    linked = link(definitions.catalog, {**definitions.segments, **broken}, (), {}, definitions.week_starts)
    found = evaluate_index(linked, index, as_of, only={*broken, *dependencies(linked.segments, broken)})
    return [
        Breach(invariant.name, found.members[name])
        if name in found.members
        else Breach(invariant.name, None, _cause(linked, found, name))
        for invariant, name in zip(invariants, names, strict=True)
    ]


def _cause(linked: Definitions, found: Evaluation, name: str) -> str:
    return linked.broken[name].message if name in linked.broken else found.failed[name].cause
