"""Spells of time: streaks of days, periods counted back from an end, stays in a published segment."""

from __future__ import annotations

from collections import Counter
from functools import singledispatch
from typing import TYPE_CHECKING

from segmentation_pipeline.errors import UsageError
from segmentation_pipeline.rules.tree import Entered, History, Left, MemberFor, PublishedAt

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from segmentation_pipeline.rules.clock import Clock
    from segmentation_pipeline.rules.windows import Window
    from segmentation_pipeline.rules.world import Transition


def longest_streak(days: Collection[int]) -> int:
    """Return the most consecutive days among ``days``; 0 without any.

    >>> longest_streak({4, 5, 7, 6, 1})
    4
    """
    known, longest = set(days), 0
    for first in known:
        if first - 1 not in known:
            last = first
            while last + 1 in known:
                last += 1
            longest = max(longest, last - first + 1)
    return longest


def active_periods(times: Iterable[int], low: int | None, high: int, period: int, each: int) -> int:
    """Return how many whole periods, counted back from ``high`` (left out), hold at least ``each`` times.

    All numbers but ``each`` are of one unit, and every time lies before ``high``. A period that
    reaches beyond ``low`` is left out.
    """
    if period < 1 or each < 1:
        raise UsageError(
            f"a period of {period} units with at least {each} events", allowed=["both 1 or more"]
        )
    whole = None if low is None else (high - low) // period
    held = Counter((high - 1 - time) // period for time in times)
    return sum(1 for number, count in held.items() if count >= each and (whole is None or number < whole))


def recall(
    history: History, transitions: Sequence[Transition], clock: Clock
) -> tuple[bool, Transition | None]:
    """Return whether an object's published past meets ``history``, and the transition that decides.

    Transitions after ``as_of`` are invisible; of two at one instant the exit came before the entry.
    """
    visible = [transition for transition in transitions if transition[0] <= clock.as_of]
    return _recall(history, sorted(visible, key=lambda one: (one[0], one[1] == "entered")), clock)


@singledispatch
def _recall(history: History, transitions: list[Transition], clock: Clock) -> tuple[bool, Transition | None]:
    raise NotImplementedError(f"the interpreter has no rule for {type(history).__name__}")


@_recall.register(Entered)
def _(history: Entered, transitions: list[Transition], clock: Clock) -> tuple[bool, Transition | None]:
    return _happened("entered", history.window, transitions, clock)


@_recall.register(Left)
def _(history: Left, transitions: list[Transition], clock: Clock) -> tuple[bool, Transition | None]:
    return _happened("exited", history.window, transitions, clock)


@_recall.register(MemberFor)
def _(history: MemberFor, transitions: list[Transition], clock: Clock) -> tuple[bool, Transition | None]:
    if not transitions:
        return False, None
    at, change = transitions[-1]
    long_enough = history.at_least is None or at <= clock.extent(history.at_least)[0]
    short_enough = history.at_most is None or at >= clock.extent(history.at_most)[0]
    return change == "entered" and long_enough and short_enough, transitions[-1]


@_recall.register(PublishedAt)
def _(history: PublishedAt, transitions: list[Transition], clock: Clock) -> tuple[bool, Transition | None]:
    end = clock.extent(history.moment)[1]
    before = [transition for transition in transitions if transition[0] < end]
    return (before[-1][1] == "entered", before[-1]) if before else (False, None)


def _happened(
    change: str, window: Window, transitions: list[Transition], clock: Clock
) -> tuple[bool, Transition | None]:
    low, high = clock.span(window)
    inside = [
        (at, kind)
        for at, kind in transitions
        if kind == change and (low is None or low <= at) and (high is None or at < high)
    ]
    return (True, inside[-1]) if inside else (False, None)
