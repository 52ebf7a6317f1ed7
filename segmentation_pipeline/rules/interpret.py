"""Examines one object against a rule, row by row in plain Python: the reference of the compiler.

It also answers why: every verdict keeps the values and the rows that decide it.
"""

from __future__ import annotations

import datetime as dt
import decimal
from dataclasses import replace
from fractions import Fraction
from functools import singledispatch
from typing import TYPE_CHECKING, Any

from segmentation_pipeline.catalog.types import Number
from segmentation_pipeline.rules import tree
from segmentation_pipeline.rules.bench import Bench
from segmentation_pipeline.rules.chains import find_chain
from segmentation_pipeline.rules.operands import find
from segmentation_pipeline.rules.spells import recall
from segmentation_pipeline.rules.truth import Scale, satisfies, satisfies_field
from segmentation_pipeline.rules.verdict import SegmentVerdict, Verdict
from segmentation_pipeline.rules.world import Subject

if TYPE_CHECKING:
    from segmentation_pipeline.rules.clock import Clock
    from segmentation_pipeline.rules.segment import Pin, Segment
    from segmentation_pipeline.rules.world import World

_SHOWN = decimal.Context(prec=28)
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


def examine(condition: tree.Condition, object_name: str, key: str, world: World, zone: str) -> Verdict:
    """Return the verdict on the object ``key``; days and calendar windows are those of ``zone``."""
    return _examine(condition, world.subject(object_name, key), _bench(world, zone))


def holds(condition: tree.Condition, object_name: str, key: str, world: World, zone: str) -> bool:
    return examine(condition, object_name, key, world, zone).holds


def examine_segment(segment: Segment, key: str, world: World) -> SegmentVerdict:
    """Return whether ``key`` is a member: a pin wins over ``exclude``, which wins over the rest.

    ``active`` is not looked at: whether a segment runs at all is the job's question.
    """
    if key not in world.rows.get(segment.object, {}):
        return SegmentVerdict(segment, key, member=False, decided_by="unknown")
    bench = _bench(world, segment.time_zone)
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


def _bench(world: World, zone: str) -> Bench:
    return Bench(
        world, world.clock(zone), lambda condition, row, bench: _examine(condition, row, bench).holds
    )


def _active(pin: Pin, clock: Clock) -> bool:
    return pin.until is None or clock.today <= pin.until


def _names(entry: str, subject: Subject, world: World) -> bool:
    """Whether what a definition calls a member is the subject: by key, else by e-mail in any case.

    What only an object had that was merged into the subject is the subject's.
    """
    object_name = str(subject.object)
    if entry in world.rows.get(object_name, {}):
        return entry == subject.key
    if world.merged.get(object_name, {}).get(entry) == subject.key:
        return True
    if subject.key in world.former_emails.get(object_name, {}).get(entry.lower(), ()):
        return True
    fields = world.catalog.objects[object_name].fields.values()
    emails = (subject.columns.get(each.name) for each in fields if each.form == "email")
    return any(email is not None and email.lower() == entry.lower() for email in emails)


@singledispatch
def _examine(condition: tree.Condition, subject: Subject, bench: Bench) -> Verdict:
    raise NotImplementedError(f"the interpreter has no rule for {type(condition).__name__}")


@_examine.register
def _(condition: tree.Everyone, _subject: Subject, _bench: Bench) -> Verdict:
    return Verdict(condition, holds=True)


@_examine.register
def _(condition: tree.All, subject: Subject, bench: Bench) -> Verdict:
    parts = _parts(condition, subject, bench)
    return Verdict(condition, all(part.holds for part in parts), parts=parts)


@_examine.register
def _(condition: tree.Any, subject: Subject, bench: Bench) -> Verdict:
    parts = _parts(condition, subject, bench)
    return Verdict(condition, any(part.holds for part in parts), parts=parts)


@_examine.register
def _(condition: tree.AtLeast, subject: Subject, bench: Bench) -> Verdict:
    parts = _parts(condition, subject, bench)
    return Verdict(condition, sum(part.holds for part in parts) >= condition.k, parts=parts)


@_examine.register
def _(condition: tree.Not, subject: Subject, bench: Bench) -> Verdict:
    part = _examine(condition.condition, subject, bench)
    return Verdict(condition, not part.holds, parts=(part,))


@_examine.register
def _(condition: tree.InSegment, subject: Subject, bench: Bench) -> Verdict:
    if condition.history is None:
        return Verdict(condition, subject.key in bench.world.members(condition.segment))
    past = bench.world.transitions.get(condition.segment, {}).get(subject.key, ())
    truth, decisive = recall(condition.history, past, bench.clock)
    if decisive is None:
        return Verdict(condition, truth)
    at, change = decisive
    return Verdict(condition, truth, details={change: _EPOCH + dt.timedelta(microseconds=at)})


@_examine.register
def _(condition: tree.On, subject: Subject, bench: Bench) -> Verdict:
    parent = bench.world.parent(subject, condition.relation)
    if parent is None:
        return Verdict(condition, holds=False, details={condition.relation: None})
    part = _examine(condition.condition, parent, bench)
    return Verdict(condition, part.holds, parts=(part,), details={condition.relation: parent.key})


@_examine.register
def _(condition: tree.Sequence, subject: Subject, bench: Bench) -> Verdict:
    chain = find_chain(condition, subject, bench)
    if chain.events is None:
        return Verdict(condition, holds=False, details={"steps met": chain.furthest, "of": chain.steps})
    return Verdict(condition, holds=True, rows=tuple(event.columns for event in chain.events))


@_examine.register
def _(condition: tree.Compare, subject: Subject, bench: Bench) -> Verdict:
    operand = condition.operand
    found = find(operand, subject, bench)
    scale = Scale(
        operand.type,
        bench.clock,
        condition.ignore_case,
        floating=isinstance(operand, tree.Field) and _counts_in_floats(operand),
    )
    details = {name: _shown(value) for name, value in found.details.items()}
    if isinstance(condition.value, tree.Field):
        other = bench.world.read(condition.value, subject)
        truth = satisfies_field(condition, found.value, other, condition.value.type, scale)
        return Verdict(condition, truth, _shown(found.value), other, found.rows, details=details)
    truth = satisfies(condition, found.value, scale)
    return Verdict(condition, truth, _shown(found.value), rows=found.rows, details=details)


def _parts(group: tree.All | tree.Any | tree.AtLeast, subject: Subject, bench: Bench) -> tuple[Verdict, ...]:
    return tuple(_examine(condition, subject, bench) for condition in group.conditions)


def _counts_in_floats(operand: tree.Field) -> bool:
    kind = operand.type
    return isinstance(getattr(kind, "of", kind), Number)


def _shown(value: Any) -> Any:
    if isinstance(value, Fraction):
        return _SHOWN.divide(decimal.Decimal(value.numerator), decimal.Decimal(value.denominator))
    return value
