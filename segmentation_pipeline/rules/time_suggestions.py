"""Drafts of what a text that is no moment or window may have meant, nearest first."""

from __future__ import annotations

import difflib
import re
from itertools import islice, product
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Kind = Literal["a moment", "a window"]

_ALTERNATIVES: dict[str, tuple[str, ...]] = {
    "d": ("days",),
    "h": ("hours",),
    "hr": ("hours",),
    "hrs": ("hours",),
    "m": ("minutes", "months"),
    "min": ("minutes",),
    "mins": ("minutes",),
    "mo": ("months",),
    "mos": ("months",),
    "q": ("quarters",),
    "w": ("weeks",),
    "wk": ("weeks",),
    "wks": ("weeks",),
    "y": ("years",),
    "yr": ("years",),
    "yrs": ("years",),
    "last": ("last", "previous", "last 1"),
    "past": ("last", "previous", "last 1"),
    "prior": ("last", "previous"),
    "previous": ("previous", "last"),
    "current": ("this",),
    "coming": ("next",),
    "upcoming": ("next",),
    "next": ("next", "next 1"),
    "full": ("complete",),
    "whole": ("complete",),
    "completed": ("complete",),
    "to": ("and",),
    "till": ("until",),
    "from": ("from", "since", "between"),
    "in": ("", "next"),
    "the": ("",),
    "within": ("",),
    "hence": ("from now",),
    "later": ("from now",),
    "before": ("before", "ago"),
    "a": ("1",),
    "an": ("1",),
    "one": ("1",),
    "always": ("ever",),
    "anytime": ("ever",),
    "lifetime": ("ever",),
}
_WORDS = (
    *("last", "next", "this", "previous", "complete", "today", "yesterday", "tomorrow", "now", "ago", "from"),
    *("between", "and", "since", "until", "before", "after", "ever"),
    *("minute", "hour", "day", "week", "month", "quarter", "year"),
    *("minutes", "hours", "days", "weeks", "months", "quarters", "years"),
)
_FRAMES: dict[Kind, tuple[tuple[str, ...], ...]] = {
    "a moment": (("{}",), ("{} ago", "{} from now")),
    "a window": (("{}", "between {}"), ("last {}", "next {}"), ("since {}", "before {}")),
}
"""What may be missing around the words; a later group is tried where the earlier ones give nothing."""
_DRAFTS = 64
_SHOWN = 3


def suggestions(words: str, kind: Kind, fits: Callable[[str], bool]) -> list[str]:
    """Return up to three texts near to lower-case ``words`` that ``fits`` accepts.

    >>> suggestions("last 30d", "a window", "last 30 days".__eq__)
    ['last 30 days']
    """
    drafts = list(dict.fromkeys(draft for text in _rearranged(words) for draft in _reworded(text)))
    for frames in _FRAMES[kind]:
        found = [text for draft in drafts for frame in frames if fits(text := frame.format(draft))]
        if found:
            return found[:_SHOWN]
    return []


def _rearranged(words: str) -> Iterator[str]:
    """Yield the words in the order of this grammar: dates, ``in 3 days``, ``now - 3 days``."""
    if found := re.fullmatch(r"(?:in|now ?\+) ?(\d.*)", words):
        yield f"{found[1]} from now"
    elif found := re.fullmatch(r"now ?- ?(\d.*)", words):
        yield f"{found[1]} ago"
    yield from _numeric_dates(words)


def _reworded(text: str) -> Iterator[str]:
    """Yield the text with every abbreviated, foreign or misspelt word replaced."""
    spaced = re.sub(r"(?<=[0-9])(?=[a-z])(?!t[0-9]|z)", " ", text)
    parts = re.split(r"([a-z]+)", spaced)
    for choice in islice(product(*(_choices(part) for part in parts)), _DRAFTS):
        draft = " ".join("".join(choice).split())
        yield draft
        yield re.sub(r"\b(this|previous|next) day\b", _named_day, draft)
        yield re.sub(r"\b(this|previous|next) (week|month|quarter|year)s\b", r"\1 \2", draft)


def _choices(part: str) -> tuple[str, ...]:
    if not part.isalpha() or part in ("t", "z"):
        return (part,)
    if part in _ALTERNATIVES:
        return _ALTERNATIVES[part]
    if part in _WORDS:
        return (part,)
    return tuple(difflib.get_close_matches(part, _WORDS, n=1, cutoff=0.7)) or (part,)


def _named_day(found: re.Match[str]) -> str:
    return {"this": "today", "previous": "yesterday", "next": "tomorrow"}[found[1]]


def _numeric_dates(words: str) -> Iterator[str]:
    """Yield the text with its dates as year-month-day: both readings of ``03/04/2026``."""
    year_first = re.sub(
        r"\b(\d{4})([-/.]?)(\d{1,2})\2(\d{1,2})\b",
        lambda found: f"{found[1]}-{found[3]:0>2}-{found[4]:0>2}",
        words,
    )
    yield re.sub(
        r"\b(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})\b",
        lambda found: f"{found[3]}-{found[2]:0>2}-{found[1]:0>2}",
        year_first,
    )
    yield re.sub(
        r"\b(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})\b",
        lambda found: f"{found[3]}-{found[1]:0>2}-{found[2]:0>2}",
        year_first,
    )
