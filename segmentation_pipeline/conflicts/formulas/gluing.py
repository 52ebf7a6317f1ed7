"""Texts that start with, contain and end with what they must, and with nothing else if it can be."""

from __future__ import annotations

import itertools
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from segmentation_pipeline.conflicts.formulas.texts import Part

_SIDES = ("starts_with", "ends_with")
_SEPARATORS = "-·¦¶§"
_BLANKS = ("", " ", "\t", "\u2003", "  ")
_PLAIN = ("some text", "something else", "any", "¦")


def candidates(
    must: Iterable[Part],
    folded: str | None,
    literals: Iterable[str],
    *,
    blank: bool,
    token: str | None = None,
) -> Iterator[str]:
    """Yield texts worth trying, the plainest first, in NFC; those with the ``token`` before them.

    ``folded`` is the text in lower case where that is known; ``literals`` are all that rules name,
    so that what holds the pieces together is none of them.
    """
    wanted = list(must)
    if folded is not None:
        texts: Iterable[str] = _cases(folded, wanted)
    elif blank:
        pieces = [literal for _, literal, _ in wanted]
        texts = (*_BLANKS, "".join(pieces), "\t".join(pieces), "\u2003" * 3)
    else:
        texts = _glued(wanted, "".join(literals), token)
    for text in texts:
        yield unicodedata.normalize("NFC", text)


def _glued(must: list[Part], named: str, token: str | None) -> Iterator[str]:
    separators = [mark for mark in _SEPARATORS if mark not in named] or [_unnamed(named)]
    if token is not None:
        mark = separators[0]
        start, end = (_joined([part for part in must if part[0] == side], str) for side in _SIDES)
        yield mark.join((start, token, *(part[1] for part in must if part[0] == "contains"), end))
    if not must:
        yield from _PLAIN
    for fold in (str, str.upper, str.title):
        start = _joined([part for part in must if part[0] == "starts_with"], fold)
        end = _joined([part for part in must if part[0] == "ends_with"], fold)
        inside = [part for part in must if part[0] == "contains"]
        middle = [_write(part, fold) for part in _longest(inside)]
        kept = [piece for piece in middle if piece not in start and piece not in end]
        for mark in ("", *separators):
            yield mark.join((start, *kept, end))
        yield separators[0].join((start, *middle, "", end))


def addresses(must: Iterable[Part], token: str | None = None) -> Iterator[str]:
    """Yield e-mail addresses worth trying."""
    wanted = list(must)
    start, end = (_joined([part for part in wanted if part[0] == side], str) for side in _SIDES)
    inside = "".join(literal for operator, literal, _ in wanted if operator == "contains")
    name = f"{start}{token or 'someone'}"
    for text in (
        f"{name}@{inside}example.org",
        f"{name}{inside}@example.org",
        f"{name}{inside}",
        start + inside,
    ):
        yield text + end
        yield f"{text}@{end}"
        yield f"{text}@example{end}"
        yield f"{text}x{end}"
    yield f"{start}@example.org{end}"


def _longest(parts: list[Part]) -> list[Part]:
    """Leave out what another one contains anyway."""
    return [
        (operator, literal, fold)
        for operator, literal, fold in parts
        if not any(
            (literal, fold) != (other, other_fold)
            and (literal in other if fold is other_fold else fold and literal in other.lower())
            for _, other, other_fold in parts
        )
    ]


def _joined(parts: list[Part], fold: object) -> str:
    """Return one start (or end) that is all of the parts: the longest, in the case of the exact ones."""
    if not parts:
        return ""
    exact = max((literal for _, literal, ignored in parts if not ignored), key=len, default="")
    longest = max((_write(part, fold) for part in parts if part[2]), key=len, default="")
    if len(longest) <= len(exact):
        return exact
    return (
        exact + longest[len(exact) :]
        if parts[0][0] == "starts_with"
        else longest[: -len(exact) or None] + exact
    )


def _write(part: Part, fold: object) -> str:
    _, literal, ignored = part
    written: str = fold(literal) if ignored and callable(fold) else literal
    return written if written.lower() == literal.lower() else literal


def _cases(folded: str, must: list[Part]) -> Iterator[str]:
    """Yield the ways to write a text whose lower case is known."""
    exact = {operator: literal for operator, literal, ignored in must if not ignored}
    start, end = exact.get("starts_with", ""), exact.get("ends_with", "")
    for text in (folded, folded.upper(), folded.title(), folded.swapcase()):
        cut = len(text) - len(end)
        yield start + text[len(start) : cut] + end if len(start) <= cut else text
    letters = [(letter, letter.upper()) if letter.upper() != letter else (letter,) for letter in folded]
    yield from ("".join(chosen) for chosen in itertools.islice(itertools.product(*letters), 64))


def _unnamed(named: str) -> str:
    """Return a character that stands in none of the literals."""
    return next(chr(code) for code in range(0xE000, 0xF8FF) if chr(code) not in named)
