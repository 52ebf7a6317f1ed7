"""What a definition would hold today, before anybody publishes it: size, funnel, some members."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import polars as pl

from segmentation_pipeline.catalog.contracts import OBJECT_INDEX
from segmentation_pipeline.catalog.masking import MASK
from segmentation_pipeline.errors import RunFailed
from segmentation_pipeline.rules.graph import dependencies
from segmentation_pipeline.segments.funnel import Role, funnel, parts
from segmentation_pipeline.segments.sampling import (
    Count,
    hashed,
    narrow,
    row_columns,
    sample_ids,
    scaled,
    why_whole,
)

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping

    from segmentation_pipeline.evaluation.evaluate import Evaluation
    from segmentation_pipeline.rules.segment import Definitions, Segment
    from segmentation_pipeline.segments.dry_run import Standing

SAMPLE = 20_000


@dataclass(frozen=True, slots=True)
class Step:
    """One condition of the funnel; see `funnel.Hits` for what is counted."""

    role: Role
    rule: str
    alone: Count
    remaining: Count
    only: Count


@dataclass(frozen=True, slots=True)
class Preview:
    """``sampled`` objects of the ``population`` were looked at; ``whole_because`` says why all of them.

    ``members`` are rows of the key and the fields the rule compares, a stable pick. ``pending`` are
    keys the definition names and no object has; None on a sample, which cannot tell.
    """

    segment: Segment
    as_of: dt.datetime
    population: int
    sampled: int
    whole_because: str | None
    size: Count
    funnel: tuple[Step, ...]
    members: tuple[Mapping[str, Any], ...]
    pending: tuple[str, ...] | None


def preview(
    definitions: Definitions,
    name: str,
    standing: Standing,
    *,
    sample: int | None = SAMPLE,
    members: int = 10,
    show_pii: bool = False,
) -> Preview:
    """Return what segment ``name`` would hold; ``sample`` objects are looked at, None for all.

    What it embeds is evaluated too, as its definition says now. Raises `RunFailed` where the rule
    cannot be evaluated.
    """
    segment = replace(definitions.segments[name], active=True)
    kind = definitions.catalog.objects[segment.object]
    index = standing.index(definitions.catalog)
    if kind.name not in index.profiles:
        hint = f"segmentation import {kind.table} FILE"
        raise RunFailed(f"table `{kind.table}` has not been imported", hint=hint)
    below = dependencies(definitions.segments, {name})
    population = index.profiles[kind.name].select(pl.len()).collect().item()
    wholly = None
    if sample is not None and sample < population:
        wholly = why_whole(
            (segment, *(definitions.segments[one] for one in below if one in definitions.segments)),
            definitions.catalog,
            kind,
        )
    looked_at = population if sample is None or wholly is not None else min(sample, population)
    if looked_at < population:
        ids = sample_ids(index.profiles[kind.name], kind, looked_at)
        index = narrow(index, kind, ids)
    rule = parts(segment)
    probes = {part.probe.id: part.probe for part in rule}
    known = {**definitions.segments, name: segment, **probes}
    evaluation = standing.evaluate(replace(definitions, segments=known), {name, *below, *probes}, index)
    for failed in (name, *probes):
        if failed in evaluation.failed:
            raise RunFailed(f"`{name}` cannot be evaluated: {evaluation.failed[failed].cause}")

    def count(hits: int) -> Count:
        return scaled(hits, looked_at, population)

    return Preview(
        segment,
        standing.as_of,
        population,
        looked_at,
        wholly,
        count(evaluation.members[name].len()),
        tuple(
            Step(hits.role, hits.rule, count(hits.alone), count(hits.remaining), count(hits.only))
            for hits in funnel(segment, rule, evaluation)
        ),
        _some(segment, evaluation, members, show_pii=show_pii),
        evaluation.pending.get(name, ()) if looked_at == population else None,
    )


def _some(
    segment: Segment, evaluation: Evaluation, limit: int, *, show_pii: bool
) -> tuple[Mapping[str, Any], ...]:
    kind = evaluation.definitions.catalog.objects[segment.object]
    profile = evaluation.index.profiles[kind.name]
    ids = evaluation.members[segment.id].rename(OBJECT_INDEX).to_frame().lazy()
    present = set(profile.collect_schema())
    columns = [
        kind.key,
        *(name for name in row_columns(segment, kind) if name in present and name != kind.key),
    ]
    mine = profile.join(ids, on=OBJECT_INDEX, how="semi").with_columns(hashed(kind.key).alias("picked:by"))
    rows = mine.bottom_k(limit, by=["picked:by", OBJECT_INDEX]).sort("picked:by", OBJECT_INDEX)
    hidden = {name for name in columns if not show_pii and name in kind.fields and kind.fields[name].pii}
    return tuple(
        {name: MASK if name in hidden and value is not None else value for name, value in row.items()}
        for row in rows.select(columns).collect().iter_rows(named=True)
    )
