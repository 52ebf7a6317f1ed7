"""What each condition of a rule keeps: alone, after those before it, and what would change without it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import polars as pl

from segmentation_pipeline.catalog.contracts import OBJECT_INDEX
from segmentation_pipeline.rules import tree
from segmentation_pipeline.rules.english import describe

if TYPE_CHECKING:
    from collections.abc import Sequence

    from segmentation_pipeline.evaluation.evaluate import Evaluation
    from segmentation_pipeline.rules.segment import Segment

Role = Literal["where", "any", "at least", "members", "exclude", "pinned in", "pinned out"]


@dataclass(frozen=True, slots=True)
class Part:
    """One top-level condition as a segment of its own, so that it is evaluated like any."""

    role: Role
    rule: str
    probe: Segment


@dataclass(frozen=True, slots=True)
class Hits:
    """How many objects a part holds for alone, how many are left after it, how many hang on it alone.

    Of a condition that keeps, ``only`` are those that it alone removes; of one that adds (a part of
    `any` or `at_least`, a pin in), those that it alone brings in.
    """

    role: Role
    rule: str
    alone: int
    remaining: int
    only: int


def parts(segment: Segment) -> list[Part]:
    """Return the top-level conditions of a rule in the order of the file, `exclude` after them."""
    found: list[tuple[Role, tree.Condition]] = []
    where = segment.where
    match where:
        case tree.All(conditions):
            found += [("where", each) for each in conditions]
        case tree.Any(conditions):
            found += [("any", each) for each in conditions]
        case tree.AtLeast(_, conditions):
            found += [("at least", each) for each in conditions]
        case None:
            pass
        case _:
            found.append(("where", where))
    excluded = segment.exclude
    alternatives = excluded.conditions if isinstance(excluded, tree.Any) else (excluded,)
    found += [("exclude", each) for each in alternatives if each is not None]
    bare = replace(segment, active=True, where=None, exclude=None, members=None, pins=())
    listed = []
    if segment.members is not None:
        probe = replace(bare, id=f"{segment.id}#members", members=segment.members)
        listed.append(Part("members", f"{len(segment.members)} keys listed", probe))
    return listed + [
        Part(role, describe(each), replace(bare, id=f"{segment.id}#{number}", where=each))
        for number, (role, each) in enumerate(found)
    ]


def funnel(segment: Segment, rule: Sequence[Part], evaluation: Evaluation) -> list[Hits]:
    """Return what every part does, on the objects of the evaluation's index."""
    every = evaluation.index.profiles[segment.object].select(OBJECT_INDEX).collect()[OBJECT_INDEX]
    truths = [every.is_in(evaluation.members[part.probe.id].implode()) for part in rule]
    keeping = [
        ~truth if part.role == "exclude" else truth
        for part, truth in zip(rule, truths, strict=True)
        if part.role in ("where", "members", "exclude")
    ]
    adding = [truth for part, truth in zip(rule, truths, strict=True) if part.role in ("any", "at least")]
    enough = segment.where.k if isinstance(segment.where, tree.AtLeast) else 1
    met = _total(adding, every)
    failed = _total([~truth for truth in keeping], every)
    added = (met >= enough) if adding else every.is_not_null()
    left = every.is_not_null()
    so_far = _total([], every)
    hits = []
    for part, truth in zip(rule, truths, strict=True):
        if part.role in ("any", "at least"):
            so_far = so_far + truth.cast(pl.Int64)
            left = so_far >= enough
            alone, only = truth, truth & (met == enough) & (failed == 0)
        else:
            kept = ~truth if part.role == "exclude" else truth
            left = left & kept
            alone, only = truth, added & ~kept & (failed == 1)
        hits.append(Hits(part.role, part.rule, _count(alone), _count(left), _count(only)))
    return hits + _pins(segment, evaluation, every, left)


def _pins(segment: Segment, evaluation: Evaluation, every: pl.Series, left: pl.Series) -> list[Hits]:
    """Return what the pins in force do to those that the rule left."""
    found: list[Hits] = []
    sides: tuple[tuple[Role, pl.Series | None], ...] = (
        ("pinned in", evaluation.pinned.get(segment.id)),
        ("pinned out", evaluation.kept_out.get(segment.id)),
    )
    for role, ids in sides:
        if ids is None or ids.is_empty():
            continue
        truth = every.is_in(ids.implode())
        only = truth & ~left if role == "pinned in" else truth & left
        left = left | truth if role == "pinned in" else left & ~truth
        found.append(Hits(role, "pins in force", _count(truth), _count(left), _count(only)))
    return found


def _total(truths: Sequence[pl.Series], every: pl.Series) -> pl.Series:
    total = pl.repeat(0, every.len(), dtype=pl.Int64, eager=True)
    for truth in truths:
        total = total + truth.cast(pl.Int64)
    return total


def _count(truth: pl.Series) -> int:
    return int(truth.sum())
