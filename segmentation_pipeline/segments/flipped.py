"""Why an object is a member by one rule and not by another: the conditions that differ and decide.

The verdict that leaves the object out says which conditions would have let it in; of several ways that
one is told whose conditions, or what stands for them in the other rule, are of another truth there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from segmentation_pipeline.catalog.masking import MASK
from segmentation_pipeline.rules import tree
from segmentation_pipeline.rules.english import describe
from segmentation_pipeline.segments.explain import nearest_change, shown

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from segmentation_pipeline.catalog.model import Catalog, Field, ObjectType
    from segmentation_pipeline.rules.verdict import SegmentVerdict, Verdict

    Place = tuple[tuple[str, ...], tree.Condition]
    Pair = tuple[SegmentVerdict | str, SegmentVerdict | str]
    Embedded = Callable[[str], Pair]
    Told = tuple[str | None, bool | None, str | None]


@dataclass(frozen=True, slots=True)
class Flip:
    """One condition, by which an object is in on one side and out on the other.

    ``segment`` is the one whose rule it stands in: that of an embedded segment, where that one moved.
    ``before`` and ``after`` are what it says on each side, None where nothing stands in for it; ``held``
    and ``holds`` whether it is true there; ``value`` and ``value_after`` what was found, masked if
    personal. Where no condition decides, as with a pin, ``cause`` says what does.
    """

    segment: str
    before: str | None = None
    held: bool | None = None
    after: str | None = None
    holds: bool | None = None
    value: str | None = None
    value_after: str | None = None
    cause: str | None = None


def flips_between(pair: Pair, name: str, catalog: Catalog, embedded: Embedded | None) -> list[Flip]:
    """Return by which conditions an object is on one side of ``name`` only, the first in file order.

    ``pair`` are the verdicts before and after; a text in place of one says why there is none.
    ``embedded`` gives the pair of an embedded segment; without it, that one is the condition that flips.
    Two equal answers have no flips.
    """
    old, new = pair
    if isinstance(old, str):
        return [Flip(name, cause=old)]
    if isinstance(new, str):
        return [Flip(name, cause=new)]
    if old.member == new.member:
        return []
    out, inside = (new, old) if old.member else (old, new)
    first = inside is new
    if (cause := _cause(out, inside)) is not None:
        return [Flip(name, cause=cause)]
    theirs = dict(_leaves(inside))
    mine = {id(leaf): place for place, leaf in _leaves(out)}

    others = {
        place: place if place in theirs else _counterpart(place, list(mine.values()), list(theirs))
        for place in mine.values()
    }

    def cost(way: list[Verdict]) -> tuple[int, int, int]:
        there = [(leaf, others[mine[id(leaf)]]) for leaf in way]
        unturned = sum(other is not None and theirs[other].holds == leaf.holds for leaf, other in there)
        return unturned, sum(other is None for _, other in there), len(way)

    def told(place: Place, leaf: Verdict) -> Told:
        return _said(place), leaf.holds, _value(leaf, place[0], out.segment.object, catalog)

    found: list[Flip] = []
    for leaf in nearest_change(out, cost):
        place = mine[id(leaf)]
        below = _below(leaf, theirs.get(place), place[0], catalog, embedded)
        if below:
            found += below
            continue
        other = others[place]
        sides = (told(place, leaf), (None, None, None) if other is None else told(other, theirs[other]))
        (was, held, value), (now, holds, later) = sides if first else sides[::-1]
        found.append(Flip(name, was, held, now, holds, value, later))
    return list(dict.fromkeys(found))


def _cause(out: SegmentVerdict, inside: SegmentVerdict) -> str | None:
    """Return what decides where no condition does."""
    if out.pin is not None:
        return f"pinned out: {out.pin.reason}"
    if inside.pin is not None:
        return f"pinned in: {inside.pin.reason}"
    if out.decided_by == "unknown":
        return f"there is no {out.segment.object} of that key"
    if nearest_change(out):
        return None
    return "not listed" if out.listed is False else "the rule lets nobody in"


def _below(
    leaf: Verdict,
    there: Verdict | None,
    path: tuple[str, ...],
    catalog: Catalog,
    embedded: Embedded | None,
) -> list[Flip]:
    """Return why an embedded segment turned; nothing for any other leaf, and where it is another object's."""
    condition = leaf.condition
    if there is None or there.holds == leaf.holds or path or embedded is None:
        return []
    if not isinstance(condition, tree.InSegment):
        return []
    return flips_between(embedded(condition.segment), condition.segment, catalog, embedded)


def _leaves(verdict: SegmentVerdict) -> Iterator[tuple[Place, Verdict]]:
    for part in (verdict.where, verdict.exclude):
        if part is not None:
            yield from _walk(part, ())


def _walk(verdict: Verdict, path: tuple[str, ...]) -> Iterator[tuple[Place, Verdict]]:
    condition = verdict.condition
    if not verdict.parts:
        yield (path, condition), verdict
    below = (*path, condition.relation) if isinstance(condition, tree.On) else path
    for part in verdict.parts:
        yield from _walk(part, below)


def _counterpart(place: Place, mine: Collection[Place], theirs: Collection[Place]) -> Place | None:
    """Return what stands in the other rule for a condition that it does not have.

    That is one over the same operand, else over the same events or rows, whatever their window, else the
    only one on the other side, if this is the only one here.
    """
    here = dict.fromkeys(one for one in mine if one not in theirs)
    there = [one for one in theirs if one not in mine]
    path, condition = place
    for about in (_operand, _source):
        wanted = about(condition)
        for one in there:
            if wanted is not None and one[0] == path and about(one[1]) == wanted:
                return one
    return there[0] if len(there) == len(here) == 1 else None


def _operand(condition: tree.Condition) -> object:
    return condition.operand if isinstance(condition, tree.Compare) else None


def _source(condition: tree.Condition) -> object:
    """Return which events or rows are looked at, and how."""
    match condition:
        case tree.Compare(operand=tree.Measure(source=source, measure=measure, of=of)):
            return source, measure, of
        case tree.Compare(operand=tree.Rank(operand=operand)):
            return operand
        case tree.Sequence(source=source):
            return source
        case _:
            return None


def _said(place: Place) -> str:
    path, condition = place
    rule = " ".join(line.strip() for line in describe(condition).splitlines())
    return ": ".join((*path, rule))


def _value(leaf: Verdict, path: tuple[str, ...], kind: str, catalog: Catalog) -> str | None:
    """Return what a comparison was held against, masked where it is personal or may be."""
    if not isinstance(leaf.condition, tree.Compare):
        return None
    if leaf.value is None:
        return shown(None)
    return MASK if _personal(leaf.condition.operand, path, kind, catalog) else shown(leaf.value)


def _personal(operand: tree.Operand, path: tuple[str, ...], kind: str, catalog: Catalog) -> bool:
    """Whether a value may be personal; ``path`` leads from ``kind`` to the object it is read from."""
    match operand:
        case tree.Field(path=(*relations, name)):
            found = _reached(catalog.objects.get(kind), (*path, *relations), catalog)
            return _is_personal(None if found is None else found.fields.get(name))
        case tree.Measure(of=tree.Field() as of, source=tree.Related(object=related)):
            return _personal(of, (), related, catalog)
        case tree.Measure(of=tree.Field(path=(*_, name)), source=tree.Events(source=source)):
            events = catalog.events.get(source)
            return _is_personal(None if events is None else events.columns.get(name))
        case _:
            return False


def _reached(kind: ObjectType | None, path: tuple[str, ...], catalog: Catalog) -> ObjectType | None:
    for relation in path:
        found = None if kind is None else kind.relations.get(relation)
        kind = None if found is None else catalog.objects.get(found.object)
    return kind


def _is_personal(field: Field | None) -> bool:
    """What the catalog does not know may be anything."""
    return field is None or field.pii
