"""The graph of embedded segments: who embeds whom, in which order to evaluate, and what is wrong with it."""

from __future__ import annotations

import hashlib
from collections import deque
from dataclasses import dataclass
from functools import singledispatch
from graphlib import TopologicalSorter
from typing import TYPE_CHECKING

from segmentation_pipeline.diagnostics import Diagnostic, did_you_mean
from segmentation_pipeline.rules.tree import (
    All,
    Any,
    AtLeast,
    Compare,
    Condition,
    Everyone,
    InSegment,
    Not,
    On,
    Rank,
    Sequence,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from segmentation_pipeline.errors import Position
    from segmentation_pipeline.rules.segment import Segment


@singledispatch
def walk(node: Condition) -> Iterator[Condition]:
    """Yield a condition and every condition below it on the same object, in the order they are written.

    The condition of an `On` is about another object: it is not entered.
    """
    raise NotImplementedError(f"no walk through {type(node).__name__}")


@walk.register(Compare)
@walk.register(InSegment)
@walk.register(Everyone)
@walk.register(On)
@walk.register(Sequence)
def _(node: Compare | InSegment | Everyone | On | Sequence) -> Iterator[Condition]:
    yield node


@walk.register(Not)
def _(node: Not) -> Iterator[Condition]:
    yield node
    yield from walk(node.condition)


@walk.register(All)
@walk.register(Any)
@walk.register(AtLeast)
def _(node: All | Any | AtLeast) -> Iterator[Condition]:
    yield node
    for condition in node.conditions:
        yield from walk(condition)


def roots(segment: Segment) -> Iterator[Condition]:
    """Yield a segment's ``where`` and ``exclude``, as far as it has them."""
    return (root for root in (segment.where, segment.exclude) if root is not None)


def leaves(segment: Segment) -> Iterator[Compare | Sequence | On | InSegment]:
    """Yield the conditions that are computed on data; a plain embedded segment is a column, no leaf."""
    for root in roots(segment):
        for node in walk(root):
            if isinstance(node, Compare | Sequence | On) or (
                isinstance(node, InSegment) and node.history is not None
            ):
                yield node


@dataclass(frozen=True, slots=True)
class Embedding:
    """One place where a segment reads another; ``object`` is whose members are meant there.

    ``evaluated`` is false for a history: what was published is data, and no dependency.
    """

    segment: str
    object: str
    at: Position
    evaluated: bool


def embeddings(segment: Segment) -> list[Embedding]:
    """Return the places where a segment reads others, those under `On` and in ranks among them."""
    return [found for root in roots(segment) for found in _embeddings(root, segment.object)]


def _embeddings(condition: Condition, object_name: str) -> Iterator[Embedding]:
    for node in walk(condition):
        match node:
            case InSegment():
                yield Embedding(node.segment, object_name, node.at, node.history is None)
            case On():
                yield from _embeddings(node.condition, node.object)
            case Compare(operand=Rank(among=str() as among)):
                yield Embedding(among, object_name, node.at, evaluated=True)


def embeds(segment: Segment) -> tuple[str, ...]:
    """Return the ids that must be evaluated before a segment, each once, sorted."""
    return tuple(sorted({found.segment for found in embeddings(segment) if found.evaluated}))


def embedders(segments: Mapping[str, Segment], name: str) -> tuple[str, ...]:
    """Return the ids of the segments that embed `name` themselves, sorted."""
    return tuple(sorted(other.id for other in segments.values() if name in embeds(other)))


def evaluation_order(segments: Mapping[str, Segment]) -> list[str]:
    """Return the ids so that every embedded segment stands before those that embed it.

    ``segments`` has no loop; ids of one level are sorted, so the order is always the same.
    """
    sorter = TopologicalSorter(
        {name: [e for e in embeds(s) if e in segments] for name, s in segments.items()}
    )
    sorter.prepare()
    order: list[str] = []
    while sorter.is_active():
        ready = sorted(sorter.get_ready())
        order += ready
        sorter.done(*ready)
    return order


def dependents(segments: Mapping[str, Segment], roots: Collection[str]) -> set[str]:
    """Return every segment that embeds one of ``roots``, directly or through others, roots left out."""
    found: set[str] = set()
    border = set(roots)
    while border:
        border = {name for name, segment in segments.items() if border & set(embeds(segment))} - found
        found |= border
    return found - set(roots)


def dependencies(segments: Mapping[str, Segment], roots: Collection[str]) -> set[str]:
    """Return every segment that one of ``roots`` embeds, directly or through others, roots left out."""
    found: set[str] = set()
    border = set(roots)
    while border:
        border = {name for one in border & set(segments) for name in embeds(segments[one])} - found
        found |= border
    return found - set(roots)


def closure_hashes(segments: Mapping[str, Segment]) -> dict[str, str]:
    """Return a hash per segment of its own rule and of every rule it embeds."""
    hashes: dict[str, str] = {}
    for name in evaluation_order(segments):
        parts = [segments[name].hash, *(hashes.get(embedded, "") for embedded in embeds(segments[name]))]
        hashes[name] = hashlib.sha256("|".join(parts).encode()).hexdigest()[:16]
    return hashes


def check_embeddings(segments: Mapping[str, Segment], unreadable: Collection[str]) -> list[Diagnostic]:
    """Return every finding about embedding: unknown, inactive, of another object, in a loop.

    ``unreadable`` are ids of definitions that exist but cannot be read; embedding one is not unknown.
    """
    found = [
        finding
        for segment in segments.values()
        for node in embeddings(segment)
        if (finding := _check(segment, node, segments, unreadable)) is not None
    ]
    return found + _loops(segments)


def _check(
    segment: Segment, node: Embedding, segments: Mapping[str, Segment], unreadable: Collection[str]
) -> Diagnostic | None:
    other = segments.get(node.segment)
    if other is None:
        if node.segment in unreadable:
            return None
        hint = did_you_mean(node.segment, set(segments) - {segment.id})
        return Diagnostic(
            "unknown-segment", f"unknown segment `{node.segment}`", node.at, hint, segment=segment.id
        )
    if other.object != node.object:
        message = f"segment `{other.id}` holds objects of `{other.object}`, here it must be `{node.object}`"
        return Diagnostic("embedded-object", message, node.at, segment=segment.id)
    if not other.active and node.evaluated:
        hint = "activate it, or take it out of this rule"
        return Diagnostic(
            "embedded-inactive",
            f"segment `{other.id}` is inactive (`active: false`)",
            node.at,
            hint,
            segment=segment.id,
        )
    return None


def _loops(segments: Mapping[str, Segment]) -> list[Diagnostic]:
    edges = {name: [e for e in embeds(segment) if e in segments] for name, segment in segments.items()}
    loops = {name: path for name in edges if (path := _path(edges, name, name)) is not None}
    found = []
    for name, segment in segments.items():
        path = loops.get(name)
        if path is not None:
            rule = "cycle" if len(path) > 2 else "embeds-self"
            message = f"`{name}` embeds itself: {' → '.join(path)}"
        else:
            towards = next((way for looping in loops if (way := _path(edges, name, looping))), None)
            if towards is None:
                continue
            path = [*towards, *loops[towards[-1]][1:]]
            rule, message = "embeds-cycle", f"`{name}` embeds a loop: {' → '.join(path)}"
        at = next(node.at for node in embeddings(segment) if node.segment == path[1] and node.evaluated)
        found.append(Diagnostic(rule, message, at, "take one of these embeddings out", segment=name))
    return found


def _path(edges: Mapping[str, list[str]], start: str, goal: str) -> list[str] | None:
    """Return the shortest path of at least one edge from ``start`` to ``goal``."""
    border = deque([[start]])
    seen: set[str] = set()
    while border:
        path = border.popleft()
        for after in edges[path[-1]]:
            if after == goal:
                return [*path, after]
            if after not in seen:
                seen.add(after)
                border.append([*path, after])
    return None
