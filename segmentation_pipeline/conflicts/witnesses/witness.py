"""A model of the formulas turned into a customer: rows of every table that make it true."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from segmentation_pipeline.catalog.types import Decimal, FieldType, Integer, Number
from segmentation_pipeline.conflicts.formulas.clauses import holds
from segmentation_pipeline.conflicts.model import Witness
from segmentation_pipeline.conflicts.witnesses.decoding import decode, is_asked

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from segmentation_pipeline.catalog.model import Field
    from segmentation_pipeline.conflicts.formulas.encoding import Encoding
    from segmentation_pipeline.conflicts.formulas.parts import Part, Subject
    from segmentation_pipeline.conflicts.formulas.row_counts import RowCounts

MOST_ROWS = 2_000
"""More events than this are not written down: a rule that asks for a million is left unshown."""


def build_witness(
    encoding: Encoding, model: Sequence[int], name: str, *, about: Collection[int] | None = None
) -> tuple[Witness, frozenset[int]]:
    """Return the customer of a model, and the numbers of the parts that it fails to show.

    ``name`` begins its key and those of its rows. ``about`` are the parts that matter (default: all
    there are); other columns stay empty.
    """
    draft = _Draft(name)
    kind = encoding.scope.kind
    assert kind is not None
    writer = _Writer(encoding, model, draft, about)
    keys = writer.object_row((), {})
    if encoding.measures is not None:
        for counts in encoding.measures.counts.values():
            writer.counted_rows(counts, keys)
    rows = {table: tuple(found) for table, found in draft.rows.items()}
    return Witness(kind.name, str(keys[()]), rows), frozenset(draft.missed)


@dataclass
class _Draft:
    """The rows made so far, by table; ``missed`` are the parts that the rows do not show."""

    name: str
    rows: defaultdict[str, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))
    missed: set[int] = field(default_factory=set)
    made: int = 0

    def new_key(self, declared: FieldType | None) -> Any:
        """Return a key that no row of this or of another witness has."""
        self.made += 1
        if isinstance(declared, Integer | Number | Decimal):
            digest = hashlib.blake2b(self.name.encode(), digest_size=5).digest()
            return int.from_bytes(digest, "big") * 2 * MOST_ROWS + self.made
        return f"{self.name}-{self.made}"


@dataclass
class _Writer:
    """Writes the rows of one model of one encoding into a draft."""

    encoding: Encoding
    model: Sequence[int]
    draft: _Draft
    about: Collection[int] | None

    def object_row(self, subject: Subject, given: Mapping[str, Any]) -> dict[Subject, Any]:
        """Write the row of an object and of those it points at; return their keys by subject."""
        kind = self.encoding.scope.object_at(subject)
        assert kind is not None
        row = {**self._columns(subject), **given}
        if row.get(kind.key) is None:
            row[kind.key] = self.draft.new_key(_type_of_key(kind.fields.get(kind.key)))
        keys = {subject: row[kind.key]}
        for parent in self._parents(subject):
            keys |= self._parent_row(parent, row)
        self.draft.rows[kind.table].append(row)
        return keys

    def counted_rows(self, counts: RowCounts, keys: Mapping[Subject, Any]) -> None:
        """Write the rows that make the counts of one source, of the row with a key."""
        mine = {part.number for part in counts.counted.values()}
        if counts.subject not in keys or not self._is_asked_for(mine):
            return
        planned, missed = counts.planner().plan(self.model, self.about)
        self.draft.missed |= missed
        if sum(many for _, many in planned) > MOST_ROWS:
            self.draft.missed |= mine
            return
        for found, many in planned:
            below = _Draft(self.draft.name, self.draft.rows, made=self.draft.made)
            _Writer(counts.rows, found, below, None).rows(many, keys[counts.subject])
            self.draft.made = below.made
            if below.missed:
                self.draft.missed |= mine

    def rows(self, many: int, owner: Any) -> None:
        """Write so many rows that belong to an owner."""
        scope = self.encoding.scope
        if scope.source is None:
            assert scope.kind is not None
            relation = next(iter(scope.linked - {scope.kind.key}))
            for _ in range(many):
                self.object_row((), {relation: owner, scope.kind.key: None})
            return
        columns = self._columns(())
        kind = _type_of_key(scope.source.fields.get(scope.source.id))
        for _ in range(many):
            own = {scope.source.key: owner, scope.source.id: self.draft.new_key(kind)}
            self.draft.rows[scope.source.table].append({**columns, **own})

    def _parents(self, subject: Subject) -> Iterator[Subject]:
        for parent, exists in self.encoding.registry.existing.items():
            if parent[:-1] == subject and holds(exists, self.model) and self._is_asked_for(self._of(parent)):
                yield parent

    def _parent_row(self, parent: Subject, row: dict[str, Any]) -> dict[Subject, Any]:
        """Write the row that another points at, and its key into the other."""
        scope = self.encoding.scope
        relation, kind, child = scope.relation(parent), scope.object_at(parent), scope.object_at(parent[:-1])
        assert relation.key is not None
        assert kind is not None
        assert child is not None
        named = is_asked(self.encoding.registry.link(parent)) or relation.key == child.key
        if not named or row.get(relation.key) is None:
            row[relation.key] = self.draft.new_key(_type_of_key(kind.fields.get(kind.key)))
        return self.object_row(parent, {kind.key: row[relation.key]})

    def _of(self, subject: Subject) -> set[int]:
        """Return the parts that are about a row that relations lead to, or about more beyond it."""
        registry, way = self.encoding.registry, len(subject)
        asked: list[Part] = [registry.link(subject)]
        asked += (part for (at, _), part in registry.fields.items() if at[:way] == subject)
        if self.encoding.measures is not None:
            for (at, _), counts in self.encoding.measures.counts.items():
                asked += counts.counted.values() if at[:way] == subject else ()
        return {part.number for part in asked}

    def _is_asked_for(self, parts: set[int]) -> bool:
        return self.about is None or not parts.isdisjoint(self.about)

    def _columns(self, subject: Subject) -> dict[str, Any]:
        registry, row = self.encoding.registry, dict[str, Any]()
        for (way, name), part in registry.fields.items():
            if way != subject or not self._is_asked_for({part.number}):
                continue
            token = self.draft.name if self.encoding.scope.is_key(subject, name) else None
            try:
                row[name] = decode(part, self.model, registry.near, token)
            except ValueError:
                self.draft.missed.add(part.number)
                row[name] = None
        return row


def _type_of_key(declared: Field | None) -> FieldType | None:
    return None if declared is None else declared.type
