"""Examines one object against a rule, row by row in plain Python: the reference of the compiler.

It also answers why: every verdict keeps the values and the rows that decide it.
"""

from __future__ import annotations

import decimal
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import singledispatch
from typing import TYPE_CHECKING, Any

from segmentation_pipeline.catalog.types import Number
from segmentation_pipeline.errors import UsageError
from segmentation_pipeline.rules import tree
from segmentation_pipeline.rules.occurrences import compute, select
from segmentation_pipeline.rules.truth import Scale, satisfies, satisfies_field
from segmentation_pipeline.rules.verdict import SegmentVerdict, Verdict
from segmentation_pipeline.rules.world import Subject

if TYPE_CHECKING:
    from segmentation_pipeline.rules.clock import Clock
    from segmentation_pipeline.rules.segment import Pin, Segment
    from segmentation_pipeline.rules.world import World

_SHOWN = decimal.Context(prec=28)


@dataclass(frozen=True, slots=True)
class _Bench:
    """What stays the same while one rule is examined."""

    world: World
    clock: Clock


def examine(condition: tree.Condition, object_name: str, key: str, world: World, zone: str) -> Verdict:
    """Return the verdict on the object ``key``; days and calendar windows are those of ``zone``."""
    return _examine(condition, world.subject(object_name, key), _Bench(world, world.clock(zone)))


def holds(condition: tree.Condition, object_name: str, key: str, world: World, zone: str) -> bool:
    return examine(condition, object_name, key, world, zone).holds


def examine_segment(segment: Segment, key: str, world: World) -> SegmentVerdict:
    """Return whether ``key`` is a member: a pin wins over ``exclude``, which wins over the rest.

    ``active`` is not looked at: whether a segment runs at all is the job's question.
    """
    if key not in world.rows.get(segment.object, {}):
        return SegmentVerdict(segment, key, member=False, decided_by="unknown")
    bench = _Bench(world, world.clock(segment.time_zone))
    subject = world.subject(segment.object, key)
    where = _examine(segment.where, subject, bench) if segment.where is not None else None
    exclude = _examine(segment.exclude, subject, bench) if segment.exclude is not None else None
    listed = None
    if segment.members is not None:
        listed = any(_names(entry, subject, world) for entry in segment.members)
    pins = [pin for pin in segment.pins if _active(pin, bench.clock) and _names(pin.key, subject, world)]
    # One pin a key; where a key and an e-mail name the same object, keeping it out is the safe side.
    pin = min(pins, key=lambda pin: pin.put == "in", default=None)
    found = SegmentVerdict(segment, key, False, "where", where, exclude, listed, pin)
    if pin is not None:
        return replace(found, decided_by="pin", member=pin.put == "in")
    if exclude is not None and exclude.holds:
        return replace(found, decided_by="exclude")
    if where is not None:
        return replace(found, member=where.holds)
    return replace(found, decided_by="members", member=bool(listed))


def _active(pin: Pin, clock: Clock) -> bool:
    return pin.until is None or clock.today <= pin.until


def _names(entry: str, subject: Subject, world: World) -> bool:
    """Whether what a definition calls a member is the subject: by key, else by e-mail in any case."""
    object_name = str(subject.object)
    if entry in world.rows.get(object_name, {}):
        return entry == subject.key
    fields = world.catalog.objects[object_name].fields.values()
    emails = (subject.columns.get(each.name) for each in fields if each.form == "email")
    return any(email is not None and email.lower() == entry.lower() for email in emails)


@singledispatch
def _examine(condition: tree.Condition, subject: Subject, bench: _Bench) -> Verdict:
    raise NotImplementedError(f"the interpreter has no rule for {type(condition).__name__}")


@_examine.register
def _(condition: tree.Everyone, _subject: Subject, _bench: _Bench) -> Verdict:
    return Verdict(condition, holds=True)


@_examine.register
def _(condition: tree.All, subject: Subject, bench: _Bench) -> Verdict:
    parts = _parts(condition, subject, bench)
    return Verdict(condition, all(part.holds for part in parts), parts=parts)


@_examine.register
def _(condition: tree.Any, subject: Subject, bench: _Bench) -> Verdict:
    parts = _parts(condition, subject, bench)
    return Verdict(condition, any(part.holds for part in parts), parts=parts)


@_examine.register
def _(condition: tree.AtLeast, subject: Subject, bench: _Bench) -> Verdict:
    parts = _parts(condition, subject, bench)
    return Verdict(condition, sum(part.holds for part in parts) >= condition.k, parts=parts)


@_examine.register
def _(condition: tree.Not, subject: Subject, bench: _Bench) -> Verdict:
    part = _examine(condition.condition, subject, bench)
    return Verdict(condition, not part.holds, parts=(part,))


@_examine.register
def _(condition: tree.InSegment, subject: Subject, bench: _Bench) -> Verdict:
    members = bench.world.memberships.get(condition.segment)
    if members is None:
        raise UsageError(
            f"the members of `{condition.segment}` are not known", allowed=sorted(bench.world.memberships)
        )
    return Verdict(condition, subject.key in members)


@_examine.register
def _(condition: tree.Compare, subject: Subject, bench: _Bench) -> Verdict:
    operand = condition.operand
    if isinstance(operand, tree.Field):
        value, rows = bench.world.read(operand, subject), ()
    else:
        value, rows = _measured(operand, subject, bench)
    scale = Scale(
        operand.type,
        bench.clock,
        condition.ignore_case,
        floating=isinstance(operand, tree.Field) and _counts_in_floats(operand),
    )
    if isinstance(condition.value, tree.Field):
        other = bench.world.read(condition.value, subject)
        truth = satisfies_field(condition, value, other, condition.value.type, scale)
        return Verdict(condition, truth, _shown(value), other, rows)
    return Verdict(condition, satisfies(condition, value, scale), _shown(value), rows=rows)


def _parts(group: tree.All | tree.Any | tree.AtLeast, subject: Subject, bench: _Bench) -> tuple[Verdict, ...]:
    return tuple(_examine(condition, subject, bench) for condition in group.conditions)


def _measured(measure: tree.Measure, subject: Subject, bench: _Bench) -> tuple[Any, tuple[Any, ...]]:
    """Return the measure and the rows it was computed over."""
    where = measure.where

    def keep(row: Subject) -> bool:
        return where is None or _examine(where, row, bench).holds

    rows = select(measure, subject, bench.world, bench.clock, keep)
    return compute(measure, rows, bench.world, bench.clock), tuple(row.subject.columns for row in rows)


def _counts_in_floats(operand: tree.Field) -> bool:
    kind = operand.type
    return isinstance(getattr(kind, "of", kind), Number)


def _shown(value: Any) -> Any:
    if isinstance(value, Fraction):
        return _SHOWN.divide(decimal.Decimal(value.numerator), decimal.Decimal(value.denominator))
    return value
