"""Answers: which of the latest events of an object were answered by a later one of equal value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from segmentation_pipeline.rules.occurrences import select_events
from segmentation_pipeline.rules.tree import Events
from segmentation_pipeline.rules.world import normal

if TYPE_CHECKING:
    from segmentation_pipeline.rules.bench import Bench
    from segmentation_pipeline.rules.occurrences import Occurrence
    from segmentation_pipeline.rules.tree import Response
    from segmentation_pipeline.rules.world import Subject


@dataclass(frozen=True, slots=True)
class Answers:
    """The latest events to answer, in order of time, and those of them that have an answer."""

    asked: tuple[Occurrence, ...]
    answered: tuple[Occurrence, ...]

    @property
    def count(self) -> int | None:
        """How many are answered; None where there is nothing to answer."""
        return len(self.answered) if self.asked else None


def find_answers(response: Response, subject: Subject, bench: Bench) -> Answers:
    """Return the latest events, ties by id as text, and which have another event as an answer."""
    source = bench.world.catalog.events[response.source.source]
    kind = source.columns[response.matching].type

    def matched(row: Occurrence) -> object:
        return normal(row.subject.columns.get(response.matching), kind, response.matching)

    def answers(answer: Occurrence, question: Occurrence) -> bool:
        if answer.time is None or question.time is None or answer.subject.key == question.subject.key:
            return False
        return answer.time >= question.time and matched(answer) == matched(question) is not None

    replies = select_events(Events(source.name, response.answered_by), subject, bench)
    asked = select_events(response.source, subject, bench, response.where, response.within)
    latest = asked[max(len(asked) - response.latest, 0) :]
    return Answers(latest, tuple(one for one in latest if any(answers(reply, one) for reply in replies)))
