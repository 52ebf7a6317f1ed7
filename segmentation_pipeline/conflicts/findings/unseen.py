"""Rules against the data: values that no row has, and windows that reach back before the first event."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from segmentation_pipeline.catalog.types import ListOf, Text
from segmentation_pipeline.conflicts.findings.mentions import Looking, Mention, said
from segmentation_pipeline.conflicts.model import Finding
from segmentation_pipeline.diagnostics import did_you_mean
from segmentation_pipeline.rules.tree import On
from segmentation_pipeline.rules.truth import several
from segmentation_pipeline.rules.windows import Complete, Rolling

if TYPE_CHECKING:
    from collections.abc import Iterator

    from segmentation_pipeline.conflicts.findings.yaml_paths import Place
    from segmentation_pipeline.conflicts.proofs.proof import ObjectProof, Proof
    from segmentation_pipeline.index.build import Index
    from segmentation_pipeline.rules.clock import Clock
    from segmentation_pipeline.rules.tree import Events

_NAMING = ("equals", "not_equals", "in", "not_in", "has_any", "has_all", "has_none")
_OF_LISTS = (*_NAMING, "contains", "not_contains")
_SUGGESTED = 2_000
"""Among so many values of a column a near one is looked for; more are no closed vocabulary."""
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


@dataclass(frozen=True, slots=True)
class _Said:
    """What a condition of a segment says of the data, and where it is written."""

    segment: str
    place: Place
    what: Mention | Looking
    clock: Clock


def find_unseen(proof: Proof, index: Index) -> Iterator[Finding]:
    """Yield ``value_not_in_data`` and ``window_longer_than_data``, reading only what rules speak of."""
    everything = [one for found in proof.objects.values() for one in _everything(found)]
    yield from _values(everything, index)
    yield from _windows(proof, everything, index)


def _everything(found: ObjectProof) -> Iterator[_Said]:
    catalog = found.definitions.catalog
    for name in found.names:
        clock = found.encoding.clock_in(found.segment(name).time_zone)
        for root in found.written(name).roots.values():
            for leaf, kind in _leaves(root, found.kind):
                for what in said(leaf.condition, catalog.objects[kind], catalog):
                    yield _Said(name, leaf, what, clock)


def _leaves(place: Place, kind: str) -> Iterator[tuple[Place, str]]:
    """Yield the leaves below a place, with the object that each is about."""
    below = place.below()
    if not below:
        yield place, kind
    for child in below:
        yield from _leaves(child, place.condition.object if isinstance(place.condition, On) else kind)


def _values(everything: list[_Said], index: Index) -> Iterator[Finding]:
    wanted: defaultdict[tuple[str, str], list[tuple[_Said, str, bool]]] = defaultdict(list)
    for one in everything:
        if isinstance(one.what, Mention):
            for literal, fold in _named(one.what):
                wanted[one.what.owner, one.what.column].append((one, literal, fold))
    for (owner, column), asked in sorted(wanted.items()):
        values = _column(index, owner, column)
        if values is None:
            continue
        present = _present(values, {literal.lower() for _, literal, _ in asked})
        folded = {value.lower() for value in present}
        missing = [
            (one, literal) for one, literal, fold in asked if literal not in (folded if fold else present)
        ]
        known = _vocabulary(values) if missing else []
        for one, literal in missing:
            yield _unknown_value(one, column, literal, known)


def _named(mention: Mention) -> Iterator[tuple[str, bool]]:
    """Yield the texts that a comparison names, each with whether case is ignored."""
    compare = mention.compare
    kind = compare.operand.type
    element = kind.of if isinstance(kind, ListOf) else kind
    naming = _OF_LISTS if isinstance(kind, ListOf) else _NAMING
    if not isinstance(element, Text) or compare.operator not in naming:
        return
    for value in several(compare.value):
        for literal in several(value):
            if isinstance(literal, str):
                yield (literal.lower() if compare.ignore_case else literal), compare.ignore_case


def _column(index: Index, owner: str, column: str) -> pl.LazyFrame | None:
    """Return the values of a column, one a row, without nulls; None where it is not there."""
    frame = index.profiles.get(owner, index.events.get(owner))
    if frame is None or column not in (schema := frame.collect_schema()):
        return None
    values = frame.select(pl.col(column).alias("value"))
    if isinstance(schema[column], pl.List):
        values = values.explode("value")
    return values.drop_nulls()


def _present(values: pl.LazyFrame, wanted: set[str]) -> set[str]:
    """Return the values that are, in some case, among those wanted."""
    lower = pl.col("value").str.to_lowercase()
    return set(values.filter(lower.is_in(sorted(wanted))).unique().collect()["value"])


def _vocabulary(values: pl.LazyFrame) -> list[str]:
    found = values.unique().head(_SUGGESTED + 1).collect()["value"].to_list()
    return sorted(found) if len(found) <= _SUGGESTED else []


def _unknown_value(one: _Said, column: str, literal: str, known: list[str]) -> Finding:
    near = did_you_mean(literal, known) if known else None
    return Finding(
        segment=one.segment,
        finding="value_not_in_data",
        severity="warning",
        message=f"no row has “{literal}” in `{column}`",
        hint=near or "check the spelling, or whether the values were imported",
        at=one.place.at,
        path=one.place.path,
    )


def _windows(proof: Proof, everything: list[_Said], index: Index) -> Iterator[Finding]:
    asked: defaultdict[Events, list[tuple[_Said, int]]] = defaultdict(list)
    for one in everything:
        if isinstance(one.what, Looking) and (start := _start(one.what, one.clock)) is not None:
            asked[one.what.source].append((one, start))
    told: set[tuple[str, str]] = set()
    for events, looks in asked.items():
        first = _first_event(proof, index, events)
        for one, start in looks:
            if first is not None and start < first and (one.segment, one.place.path) not in told:
                told.add((one.segment, one.place.path))
                yield _too_long(one, events, first)


def _start(looking: Looking, clock: Clock) -> int | None:
    """Return the first microsecond of a window that moves with the day; None for the others."""
    if not isinstance(looking.window, Rolling | Complete) or looking.window.direction != "last":
        return None
    return clock.span(looking.window)[0]


def _first_event(proof: Proof, index: Index, events: Events) -> int | None:
    source = proof.definitions.catalog.events[events.source]
    frame = index.events.get(source.name)
    if frame is None:
        return None
    time = pl.col(source.time).filter(pl.col(source.type).is_in(list(events.types))).min()
    first: int | None = frame.select(time.to_physical().cast(pl.Int64)).collect().item()
    return first


def _too_long(one: _Said, events: Events, first: int) -> Finding:
    assert isinstance(one.what, Looking)
    kinds = ", ".join(events.types)
    day = (_EPOCH + dt.timedelta(microseconds=first)).date()
    return Finding(
        segment=one.segment,
        finding="window_longer_than_data",
        severity="warning",
        message=f"the window reaches back before the first event ({kinds}), which is of {day}",
        hint="import earlier events, or shorten the window: before that day nothing can be counted",
        at=one.place.at,
        path=one.place.path,
    )
