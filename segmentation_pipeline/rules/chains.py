"""Chains of events: every way to pick an event a step is tried, until one fits."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from segmentation_pipeline.errors import UsageError
from segmentation_pipeline.rules.occurrences import select_events
from segmentation_pipeline.rules.tree import Events
from segmentation_pipeline.rules.world import normal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from segmentation_pipeline.rules.bench import Bench
    from segmentation_pipeline.rules.tree import Sequence, Step
    from segmentation_pipeline.rules.world import Row, Subject


@dataclass(frozen=True, slots=True)
class Event:
    """An event of a step: its place in time, ``(time, id as text)``, and its values of ``same``."""

    place: tuple[int, str]
    shared: tuple[Any, ...]
    columns: Row

    @property
    def time(self) -> int:
        return self.place[0]


@dataclass(frozen=True, slots=True)
class Chain:
    """The events that fit, in order, or None; ``furthest`` is how many steps could be met in a row."""

    events: tuple[Event, ...] | None
    furthest: int
    steps: int


def find_chain(sequence: Sequence, subject: Subject, bench: Bench) -> Chain:
    """Return the first chain of the subject's events that fits, in order of time.

    Raises UsageError for a sequence in which nothing has to happen.
    """
    events = {step: _fitting(step, sequence, subject, bench) for step in sequence.steps}
    search = _Search(sequence, events)
    if not search.wanted:
        raise UsageError("a sequence needs a step that is not negated")
    found = search.completed(())
    return Chain(found, search.furthest, len(search.wanted))


def _fitting(step: Step, sequence: Sequence, subject: Subject, bench: Bench) -> list[Event]:
    """Return the visible events inside both windows that meet a step by themselves, in order."""
    source, asked = bench.world.catalog.events[sequence.source], Events(sequence.source, step.types)
    outer = {row.subject.key for row in select_events(asked, subject, bench, within=sequence.within)}
    found = []
    for row in select_events(asked, subject, bench, step.where, step.within):
        if row.subject.key in outer and row.time is not None:
            columns = row.subject.columns
            shared = tuple(normal(columns.get(n), source.columns[n].type, n) for n in sequence.same)
            found.append(Event((row.time, row.subject.key), shared, columns))
    return found


@dataclass
class _Search:
    """Backtracking over the events of the steps; ``furthest`` is the longest chain it came to."""

    sequence: Sequence
    events: Mapping[Step, list[Event]]
    furthest: int = 0
    dead: set[tuple[int, tuple[int, str], tuple[int, str]]] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.wanted: list[Step] = []
        self.forbidden: list[list[Step]] = [[]]
        for step in self.sequence.steps:
            if step.negated:
                self.forbidden[-1].append(step)
            else:
                self.wanted.append(step)
                self.forbidden.append([])

    def completed(self, chain: tuple[Event, ...]) -> tuple[Event, ...] | None:
        """Return the first whole chain that begins with ``chain``."""
        self.furthest = max(self.furthest, len(chain))
        if len(chain) == len(self.wanted):
            return chain if self._nothing_follows(chain[-1]) else None
        # What may come after depends on the first event and the last alone: a dead end stays one.
        state = (len(chain), chain[0].place, chain[-1].place) if chain else None
        if state in self.dead:
            return None
        for event in self.events[self.wanted[len(chain)]]:
            if self._begins(event) if not chain else self._continues(chain, event):
                found = self.completed((*chain, event))
                if found is not None:
                    return found
        if state is not None:
            self.dead.add(state)
        return None

    def _begins(self, event: Event) -> bool:
        return None not in event.shared and not any(
            other.place < event.place and self._near(other, event) and other.shared == event.shared
            for other in self._forbidden(0)
        )

    def _continues(self, chain: tuple[Event, ...], event: Event) -> bool:
        first, last = chain[0], chain[-1]
        return (
            last.place < event.place
            and event.shared == first.shared
            and self._near(last, event)
            and (self.sequence.span is None or event.time - first.time <= self.sequence.span)
            and not any(
                last.place < other.place < event.place and other.shared == first.shared
                for other in self._forbidden(len(chain))
            )
        )

    def _nothing_follows(self, last: Event) -> bool:
        return not any(
            last.place < other.place and self._near(last, other) and other.shared == last.shared
            for other in self._forbidden(len(self.wanted))
        )

    def _near(self, earlier: Event, later: Event) -> bool:
        return self.sequence.gap is None or later.time - earlier.time <= self.sequence.gap

    def _forbidden(self, before: int) -> list[Event]:
        """Return the events forbidden before the step of a number (after all of them: the last number)."""
        return [event for step in self.forbidden[before] for event in self.events[step]]
