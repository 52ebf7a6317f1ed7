"""What a set of definitions cannot do without: fields of contacts, types of events, how far back."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from segmentation_pipeline.rules.graph import leaves
from segmentation_pipeline.rules.tree import Compare, Events, Field, Measure, Sequence

if TYPE_CHECKING:
    from segmentation_pipeline.rules.clock import Clock
    from segmentation_pipeline.rules.segment import Definitions
    from segmentation_pipeline.rules.windows import Window


@dataclass(slots=True)
class Reach:
    """Fields of one type of event beside its time, and the earliest instant (µs) asked for; None: all."""

    columns: set[str] = field(default_factory=set)
    since: int | None = None
    is_new: bool = True

    def add(self, columns: set[str], since: int | None) -> None:
        """Widen to what another condition reads."""
        self.columns |= columns
        if self.is_new:
            self.since, self.is_new = since, False
        elif self.since is not None:
            self.since = None if since is None else min(self.since, since)


@dataclass(frozen=True, slots=True)
class Needed:
    """Every column and event that some condition reads."""

    contact: set[str]
    activities: dict[str, Reach]


def needed(definitions: Definitions, clock: Clock) -> Needed:
    """Return what the conditions of all definitions read together."""
    found = Needed(set(), {})
    for segment in definitions.segments.values():
        for node in leaves(segment):
            match node:
                case Compare(operand=Field(path=(name,))):
                    found.contact.add(name)
                case Compare(operand=Measure(source=Events(_, types)) as measure):
                    _add(found, types, _columns(measure), measure.within, clock)
                case Sequence():
                    for step in node.steps:
                        _add(found, step.types, set(), node.within, clock)
                case _:
                    raise NotImplementedError(f"not known what {node!r} reads")
    return found


def _add(
    found: Needed, types: tuple[str, ...], columns: set[str], within: Window | None, clock: Clock
) -> None:
    since = None if within is None else clock.span(within)[0]
    for kind in types:
        found.activities.setdefault(kind, Reach()).add(columns, since)


def _columns(measure: Measure) -> set[str]:
    columns = set() if measure.of is None else {measure.of.name}
    if isinstance(measure.where, Compare) and isinstance(measure.where.operand, Field):
        columns.add(measure.where.operand.name)
    return columns
