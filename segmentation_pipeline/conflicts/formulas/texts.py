"""One text as atoms: it is a named value, starts or ends with, contains, is blank, in either case.

No theory of strings is needed. Without a named value a text can be glued from what it must start
with, contain and end with, around a character that no rule names, and then it contains nothing but
what its pieces do: so facts about two literals at a time say everything. Where case is ignored the
same holds of the text in lower case.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from segmentation_pipeline.conflicts.formulas.clauses import FALSE, holds
from segmentation_pipeline.conflicts.formulas.gluing import addresses, candidates
from segmentation_pipeline.rules.regex import regex_search
from segmentation_pipeline.rules.truth import is_blank

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from segmentation_pipeline.conflicts.formulas.clauses import Clauses

Key = TypeVar("Key")

PARTS: dict[str, Callable[[str, str], bool]] = {
    "contains": lambda text, part: part in text,
    "starts_with": str.startswith,
    "ends_with": str.endswith,
}
MOST_PARTS = 1_000
"""Literals are compared with each other: beyond so many a condition is not looked into."""
# In lower case a capital sigma depends on what follows, so a part of a text may not be one of it.
_CONTEXTUAL = "Σ"

Part = tuple[str, str, bool]
"""An operator of `PARTS`, its literal (in lower case where that is ignored), whether case is ignored."""


@dataclass
class TextAtoms:
    """The atoms of one text operand; ``allowed`` says which texts it can be at all."""

    clauses: Clauses
    null: int
    allowed: Callable[[str], bool] = lambda _text: True
    blank: int = 0
    parts: dict[Part, int] = field(default_factory=dict)
    patterns: dict[tuple[str, bool], int] = field(default_factory=dict)
    _named: dict[tuple[frozenset[str], bool], int] = field(default_factory=dict)
    _values: list[tuple[int, str]] = field(default_factory=list)
    _folded: list[tuple[int, str]] = field(default_factory=list)

    def named(self, values: Sequence[str], *, ignore_case: bool) -> int:
        """Return a literal: the text is one of the values."""
        wanted = frozenset(value.lower() for value in values) if ignore_case else frozenset(values)
        return self._atom(self._named, (wanted, ignore_case))

    def part(self, operator: str, literal: str, *, ignore_case: bool) -> int:
        """Return a literal: the text starts with, ends with or contains another."""
        return self._atom(self.parts, (operator, literal.lower() if ignore_case else literal, ignore_case))

    def matching(self, pattern: str, *, ignore_case: bool) -> int:
        """Return a literal: the text matches. Only named values are held against the pattern."""
        return self._atom(self.patterns, (pattern, ignore_case))

    def empty(self) -> int:
        """Return a literal: there is no text, or nothing but white space."""
        self.blank = self.blank or self.clauses.new()
        return self.clauses.either((self.null, self.blank))

    @property
    def is_asked(self) -> bool:
        """Whether some condition says what the text is, and not only whether there is one."""
        return bool(self._named or self.parts or self.patterns or self.blank)

    def _atom(self, atoms: dict[Key, int], key: Key) -> int:
        if key not in atoms:
            atoms[key] = self.clauses.new()
        return atoms[key]

    def close(self) -> None:
        """Add the lemmas, once every condition on the operand is known."""
        if any(not fold for _, _, fold in self.parts) and any(fold for _, _, fold in self.parts):
            self._accompany()
        for atom in (*self._named.values(), *self.parts.values(), *self.patterns.values()):
            self.clauses.implies(atom, -self.null)
        if self.blank:
            self.clauses.implies(self.blank, -self.null if self.allowed("") else FALSE)
        self._close_values()
        self._close_folded()
        self._close_parts()

    def _accompany(self) -> None:
        """Give every part in exact case its companion in lower case, which the others speak about."""
        for operator, literal, fold in list(self.parts):
            if not fold and _CONTEXTUAL not in literal:
                exact = self.parts[operator, literal, False]
                self.clauses.implies(exact, self.part(operator, literal, ignore_case=True))

    def _facts(self, text: str) -> tuple[tuple[int, bool], ...]:
        """Return what is true of a text, atom by atom; its being named in exact case left out."""
        lower = text.lower()
        facts = [(atom, lower in wanted) for (wanted, fold), atom in self._named.items() if fold]
        facts += [
            (atom, PARTS[operator](lower if fold else text, literal))
            for (operator, literal, fold), atom in self.parts.items()
        ]
        facts += [
            (atom, regex_search(pattern, ignore_case=fold)(text))
            for (pattern, fold), atom in self.patterns.items()
        ]
        return (*facts, (self.blank, is_blank(text))) if self.blank else tuple(facts)

    def _close_values(self) -> None:
        """Add an atom for each group of named values of which the same is true."""
        exact = [(wanted, atom) for (wanted, fold), atom in self._named.items() if not fold]
        holders: defaultdict[str, list[int]] = defaultdict(list)
        for number, (wanted, _) in enumerate(exact):
            for value in wanted:
                holders[value].append(number)
        groups: dict[tuple[object, ...], str] = {}
        for value in sorted(holders):
            if self.allowed(value):
                groups.setdefault((tuple(holders[value]), self._facts(value)), value)
        members: defaultdict[int, list[int]] = defaultdict(list)
        for value in groups.values():
            atom = self.clauses.new()
            self._values.append((atom, value))
            self.clauses.implies(atom, -self.null)
            for number in holders[value]:
                members[number].append(atom)
            for other, true in self._facts(value):
                self.clauses.implies(atom, other if true else -other)
        if self._values:
            self.clauses.at_most_one([atom for atom, _ in self._values])
        for number, (_, atom) in enumerate(exact):
            self.clauses.equate(atom, self.clauses.either(members[number]))

    def _close_folded(self) -> None:
        """Add an atom for each named value where case is ignored; it settles all that ignores case."""
        folded = [(wanted, atom) for (wanted, fold), atom in self._named.items() if fold]
        members: defaultdict[int, list[int]] = defaultdict(list)
        for value in sorted({value for wanted, _ in folded for value in wanted}):
            atom = self.clauses.new()
            self._folded.append((atom, value))
            for number, (wanted, _) in enumerate(folded):
                if value in wanted:
                    members[number].append(atom)
            for (operator, literal, fold), other in self.parts.items():
                if fold:
                    self.clauses.implies(atom, other if PARTS[operator](value, literal) else -other)
            if self.blank:
                self.clauses.implies(atom, self.blank if is_blank(value) else -self.blank)
            if value == value.upper():
                # Without letters there is but one way to write it.
                for (wanted, fold), other in self._named.items():
                    if not fold:
                        self.clauses.implies(atom, other if value in wanted else -other)
        if self._folded:
            self.clauses.at_most_one([atom for atom, _ in self._folded])
        for number, (_, atom) in enumerate(folded):
            self.clauses.equate(atom, self.clauses.either(members[number]))

    def _close_parts(self) -> None:
        for (operator, literal, fold), atom in self.parts.items():
            if self.blank and not is_blank(literal):
                self.clauses.implies(atom, -self.blank)
            for (other, part, same), entailed in self.parts.items():
                if same is not fold or (other, part) == (operator, literal):
                    continue
                if other == "contains":
                    if part in literal:
                        self.clauses.implies(atom, entailed)
                elif other == operator:
                    if PARTS[operator](literal, part):
                        self.clauses.implies(atom, entailed)
                    elif not PARTS[operator](part, literal) and literal < part:
                        self.clauses.add(-atom, -entailed)

    def text(self, model: Sequence[int], token: str | None = None) -> str | None:
        """Return a text of which all is true that a model says, with a token in it if it can be.

        Raises `ValueError` where none was found.
        """
        if holds(self.null, model):
            return None
        found = next((text for atom, text in self._values if holds(atom, model)), None)
        if found is not None:
            return found
        must = [part for part, atom in self.parts.items() if holds(atom, model)]
        folded = next((text for atom, text in self._folded if holds(atom, model)), None)
        named = {value for wanted, fold in self._named if not fold for value in wanted}
        literals = [literal for _, literal, _ in self.parts]
        blank = bool(self.blank) and holds(self.blank, model)
        tried = candidates(must, folded, literals, blank=blank, token=token)
        for text in itertools.chain(tried, addresses(must, token)):
            facts = all(true is holds(atom, model) for atom, true in self._facts(text))
            if facts and text not in named and self.allowed(text):
                return text
        raise ValueError("no text was found that meets every condition")
