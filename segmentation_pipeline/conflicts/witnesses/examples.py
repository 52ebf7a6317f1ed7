"""Real objects as witnesses: where somebody is in both segments, nobody needs to be made up."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import polars as pl

from segmentation_pipeline.catalog.contracts import OBJECT_INDEX
from segmentation_pipeline.conflicts.model import Witness

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from segmentation_pipeline.conflicts.model import Relation
    from segmentation_pipeline.conflicts.observed.observation import Observation
    from segmentation_pipeline.rules.segment import Definitions


def with_examples(
    relations: Sequence[Relation], definitions: Definitions, observed: Observation
) -> tuple[Relation, ...]:
    """Return the relations with a real member of both as witness, where there is one.

    An overlap that was only possible is one then: rules let that member into both.
    """
    examples = {
        (one.segment_a, one.segment_b): example
        for one in relations
        if (example := observed.example((one.segment_a, one.segment_b))) is not None
    }
    keys: dict[tuple[str, int], str] = {}
    for kind in definitions.catalog.objects:
        ids = {index for (a, _), index in examples.items() if definitions.segments[a].object == kind}
        keys |= {(kind, index): key for index, key in _keys(definitions, observed, kind, ids)}
    return tuple(_shown(one, definitions, examples, keys) for one in relations)


def _shown(
    relation: Relation,
    definitions: Definitions,
    examples: dict[tuple[str, str], int],
    keys: dict[tuple[str, int], str],
) -> Relation:
    index = examples.get((relation.segment_a, relation.segment_b))
    if index is None:
        return relation
    kind = definitions.segments[relation.segment_a].object
    witness = Witness(kind, keys[kind, index], source="observed")
    if relation.relation == "possible_unverified":
        return replace(relation, relation="overlap", witness=witness)
    return replace(relation, witness=witness)


def _keys(
    definitions: Definitions, observed: Observation, kind: str, indexes: set[int]
) -> Iterable[tuple[int, str]]:
    if not indexes:
        return ()
    wanted = pl.LazyFrame({OBJECT_INDEX: sorted(indexes)}, schema={OBJECT_INDEX: pl.Int64})
    key = pl.col(definitions.catalog.objects[kind].key).cast(pl.String)
    rows = observed.index.profiles[kind].join(wanted, on=OBJECT_INDEX, how="semi")
    return rows.select(OBJECT_INDEX, key).collect().iter_rows()
