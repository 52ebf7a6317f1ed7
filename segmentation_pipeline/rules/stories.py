"""The words for what happens in time: chains of events, and the past of a segment."""

from __future__ import annotations

from functools import singledispatch
from typing import TYPE_CHECKING

from segmentation_pipeline.rules import tree
from segmentation_pipeline.rules.moments import Day
from segmentation_pipeline.rules.nouns import any_of, name
from segmentation_pipeline.rules.time_english import describe_length, describe_time

if TYPE_CHECKING:
    from segmentation_pipeline.rules.windows import Window


def chain(sequence: tree.Sequence) -> str:
    """Return what holds the steps of a sequence together, as the line above them."""
    said = [f"a chain of events of {name(sequence.source)}, each later than the one before"]
    if sequence.gap is not None:
        said.append(f"at most {describe_length(sequence.gap)} after it")
    if sequence.span is not None:
        said.append(f"at most {describe_length(sequence.span)} from first to last")
    if sequence.same:
        said.append(f"with the same, non-null {' and '.join(map(name, sequence.same))}")
    return f"{', '.join(said)}{_each(sequence.within)}:"


def happenings(sequence: tree.Sequence) -> list[tuple[str, tree.Condition | None]]:
    """Return what each step asks for, and the condition on its events."""
    wanted = [number for number, step in enumerate(sequence.steps) if not step.negated]
    first, last = (wanted[0], wanted[-1]) if wanted else (0, 0)
    near = "at any time" if sequence.gap is None else f"within {describe_length(sequence.gap)}"
    said = []
    for number, step in enumerate(sequence.steps):
        types = any_of(step.types)
        if not step.negated:
            happens = f"a {types} event"
        elif number < first:
            happens = f"no {types} event before, {near}"
        elif number > last:
            happens = f"no {types} event after, {near}"
        else:
            happens = f"no {types} event in between"
        said.append((f"{happens}{_each(step.within)}", step.where))
    return said


def _each(window: Window | None) -> str:
    return f", in {describe_time(window)}" if window is not None else ""


@singledispatch
def recollection(history: tree.History, segment: str) -> str:
    """Return what a condition asks of the published past of ``segment``, a name in words."""
    raise NotImplementedError(f"English has no words for {type(history).__name__}")


@recollection.register
def _(history: tree.Entered, segment: str) -> str:
    return f"entered segment {segment} in {describe_time(history.window)}, whether or not still in it"


@recollection.register
def _(history: tree.Left, segment: str) -> str:
    return f"left segment {segment} in {describe_time(history.window)}, whether or not back in it"


@recollection.register
def _(history: tree.MemberFor, segment: str) -> str:
    bounds = []
    if history.at_least is not None:
        bounds.append(f"{describe_time(history.at_least)} or before")
    if history.at_most is not None:
        bounds.append(f"{describe_time(history.at_most)} or after")
    return f"is a published member of segment {segment}, last entered {' and '.join(bounds)}"


@recollection.register
def _(history: tree.PublishedAt, segment: str) -> str:
    at = "at the end of" if isinstance(history.moment, Day) else "at"
    return f"was a published member of segment {segment} {at} {describe_time(history.moment)}"
