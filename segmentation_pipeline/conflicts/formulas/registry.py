"""The operands that formulas of one kind of row speak about, each once, and how they hang together."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from segmentation_pipeline.catalog.types import Date, Text
from segmentation_pipeline.conflicts.formulas.clauses import FALSE, TRUE
from segmentation_pipeline.conflicts.formulas.lines import Line
from segmentation_pipeline.conflicts.formulas.parts import Part, Subject, atoms_for
from segmentation_pipeline.conflicts.formulas.years import bind_year, year_line
from segmentation_pipeline.rules.truth import is_blank

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Sequence

    from segmentation_pipeline.catalog.model import Field
    from segmentation_pipeline.catalog.types import FieldType
    from segmentation_pipeline.conflicts.formulas.clauses import Clauses
    from segmentation_pipeline.conflicts.formulas.scope import Scope
    from segmentation_pipeline.rules.clock import Clock

_EMAIL = re.compile(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+")


@dataclass(frozen=True)
class Order:
    """How two operands lie to each other: the literals ``first < second`` and ``first = second``.

    ``way`` says how they are compared: whether case is ignored, and the zone whose days count.
    """

    first: Part
    second: Part
    way: tuple[bool, str | None]
    less: int
    equal: int


class Registry:
    """Hands out operands; ``near`` are the day and the microsecond of ``as_of``, for plain values."""

    def __init__(self, clauses: Clauses, scope: Scope, near: Sequence[int]) -> None:
        self.clauses = clauses
        self.scope = scope
        self.near = near
        self.parts: list[Part] = []
        self.fields: dict[tuple[Subject, str], Part] = {}
        self.existing: dict[Subject, int] = {}
        self.orders: dict[int, Order] = {}
        self._known: dict[Hashable, Part] = {}

    def field(self, subject: Subject, name: str, kind: FieldType) -> Part:
        """Return the operand of a column of a row that relations lead to."""
        part = self.fields.get((subject, name))
        if part is None:
            declared = self.scope.field(subject, name)
            null = self._null(subject, name)
            linked = self.scope.is_linked(subject, name)
            atoms = atoms_for(
                self.clauses,
                kind,
                null,
                self.near,
                least=declared.minimum if declared else None,
                most=declared.maximum if declared else None,
                allowed=_allowed(declared, kind),
            )
            part = Part(len(self.parts), (subject, name), not linked, atoms, null, kind=kind)
            self.parts.append(part)
            self.fields[subject, name] = part
        return part

    def computed(self, key: Hashable, kind: FieldType, *, nullable: bool, dense: bool, least: float | None,
                 most: float | None = None, exact: bool = False) -> Part:  # fmt: skip
        """Return the operand of a value that is computed: of which more may be possible than is true."""
        part = self._known.get(key)
        if part is None:
            null = self.clauses.new() if nullable else FALSE
            atoms = atoms_for(self.clauses, kind, null, self.near, dense=dense, least=least, most=most)
            part = Part(len(self.parts), key, exact, atoms, null, kind=kind)
            self.parts.append(part)
            self._known[key] = part
        return part

    def opaque(self, key: Hashable) -> Part:
        """Return a leaf that is not looked into: the same one is as true here as there."""
        part = self._known.get(key)
        if part is None:
            part = Part(len(self.parts), key, exact=False, literal=self.clauses.new())
            self.parts.append(part)
            self._known[key] = part
        return part

    def year(self, part: Part, clock: Clock) -> None:
        """Give a date, or an instant by a clock, its day of the year."""
        if clock not in part.years:
            # A calendar day is the same by every clock.
            same = next(iter(part.years.values()), None) if isinstance(part.kind, Date) else None
            part.years[clock] = same or year_line(self.clauses, part.null)

    def order(self, left: Part, right: Part, way: tuple[bool, str | None]) -> tuple[Part, int, int]:
        """Return the atoms ``left < right`` and ``left = right``, both false where either is null."""
        swapped = left.number > right.number
        first, second = (right, left) if swapped else (left, right)
        key = ("order", first.number, second.number, way)
        fresh = key not in self._known
        less, equal = self.opaque(key), self.opaque((*key, "equal"))
        both = self.clauses.both((-first.null, -second.null))
        if fresh:
            self.orders[less.number] = Order(first, second, way, less.literal, equal.literal)
            if first is second:
                self.clauses.equate(equal.literal, both)
                self.clauses.add(-less.literal)
            self.clauses.add(-less.literal, -equal.literal)
            self.clauses.implies(less.literal, both)
            self.clauses.implies(equal.literal, both)
        greater = self.clauses.both((both, -less.literal, -equal.literal))
        return less, (greater if swapped else less.literal), equal.literal

    def exists(self, subject: Subject) -> int:
        """Return a literal: the relations lead to a row."""
        if not subject:
            return TRUE
        found = self.existing.get(subject)
        if found is None:
            found = self.existing[subject] = self.clauses.new()
            self.clauses.implies(found, self.exists(subject[:-1]))
            self.clauses.implies(found, -self.link(subject).null)
        return found

    def link(self, subject: Subject) -> Part:
        """Return the operand of the column that holds the key of the row at ``subject``."""
        relation, owner = self.scope.relation(subject), self.scope.object_at(subject[:-1])
        assert relation.key is not None
        assert owner is not None
        kind = owner.fields[relation.key].type if relation.key in owner.fields else Text()
        return self.field(subject[:-1], relation.key, kind)

    def emptiness(self) -> list[int]:
        """Return the literals that are true of the emptiest row, for models that are easily read."""
        return [part.null for part in self.parts if abs(part.null) > TRUE]

    def close(self) -> None:
        """Add the lemmas of every operand, once all formulas are there."""
        for part in self.parts:
            for year, clock in {id(year): (year, clock) for clock, year in part.years.items()}.values():
                assert isinstance(part.atoms, Line)
                bind_year(part.atoms, year, clock)
                year.close()
            if part.atoms is not None:
                part.atoms.close()

    def _null(self, subject: Subject, name: str) -> int:
        here = self.exists(subject)
        if self.scope.is_required(subject, name):
            return -here
        null = self.clauses.new()
        self.clauses.add(here, null)
        return null


def _allowed(field: Field | None, kind: FieldType) -> Callable[[str], bool] | None:
    """Return what an e-mail address must look like; any other text may be anything."""
    if field is None or field.form != "email" or not isinstance(kind, Text):
        return None
    return lambda text: not is_blank(text) and _EMAIL.fullmatch(text) is not None
