"""The value that a comparison compares, for one row, and what it was computed from."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from functools import singledispatch
from typing import TYPE_CHECKING, Any

from segmentation_pipeline.errors import UsageError
from segmentation_pipeline.rules import tree
from segmentation_pipeline.rules.answers import find_answers
from segmentation_pipeline.rules.occurrences import compute, select
from segmentation_pipeline.rules.ranking import Standings, rankable, stand

if TYPE_CHECKING:
    from collections.abc import Mapping

    from segmentation_pipeline.rules.bench import Bench
    from segmentation_pipeline.rules.world import Row, Subject


@dataclass(frozen=True, slots=True)
class Found:
    """The exact value of an operand (None: null), the rows and the named values it comes from."""

    value: Any
    rows: tuple[Row, ...] = ()
    details: Mapping[str, Any] = field(default_factory=dict)


@singledispatch
def find(operand: tree.Operand, _subject: Subject, _bench: Bench) -> Found:
    """Return the value of an operand for a row; averages, medians, ratios and percentiles as Fractions."""
    raise NotImplementedError(f"the interpreter has no rule for {type(operand).__name__}")


@find.register(tree.Field)
def _(operand: tree.Field, subject: Subject, bench: Bench) -> Found:
    return Found(bench.world.read(operand, subject))


@find.register(tree.Measure)
def _(operand: tree.Measure, subject: Subject, bench: Bench) -> Found:
    rows = select(operand, subject, bench)
    value = compute(operand, rows, bench.world, bench.clock)
    return Found(value, tuple(row.subject.columns for row in rows))


@find.register(tree.Ratio)
def _(operand: tree.Ratio, subject: Subject, bench: Bench) -> Found:
    numerator = find(operand.numerator, subject, bench).value
    denominator = find(operand.denominator, subject, bench).value
    enough = denominator != 0 and denominator >= operand.minimum
    value = Fraction(numerator) / Fraction(denominator) if enough else None
    return Found(value, details={"numerator": numerator, "denominator": denominator})


@find.register(tree.Response)
def _(operand: tree.Response, subject: Subject, bench: Bench) -> Found:
    answers = find_answers(operand, subject, bench)
    answered = tuple(one.subject.key for one in answers.answered)
    rows = tuple(one.subject.columns for one in answers.asked)
    return Found(answers.count, rows, {"latest": len(answers.asked), "answered": answered})


@find.register(tree.Rank)
def _(operand: tree.Rank, subject: Subject, bench: Bench) -> Found:
    what = (subject.object, operand, bench.clock.zone)
    standings: Standings = bench.world.once(what, lambda: _standings(operand, subject.object, bench))
    ranked = find(operand.operand, subject, bench)
    details = {
        "ranked by": ranked.value,
        "position": standings.positions.get(subject.key),
        "population": standings.ranked,
    }
    return Found(standings.ranks.get(subject.key), ranked.rows, details)


def _standings(rank: tree.Rank, object_name: str | None, bench: Bench) -> Standings:
    """Rank the population: everything of the object, or the members of ``among``."""
    world = bench.world
    if object_name is None:
        raise UsageError("events have no rank")
    keys = set(world.rows.get(object_name, {}))
    if rank.among is not None:
        keys &= world.members(rank.among)
    values = {}
    for key in keys:
        value = find(rank.operand, world.subject(object_name, key), bench).value
        place = rankable(value, rank.operand.type)
        if place is not None:
            values[key] = place
    return stand(rank, values)
