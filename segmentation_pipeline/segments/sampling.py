"""Samples that are the same every time, and what a sample says of the whole."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import polars as pl
import polars_hash as plh

from segmentation_pipeline.catalog.contracts import OBJECT_INDEX
from segmentation_pipeline.rules.graph import walk
from segmentation_pipeline.rules.tree import Compare, Field, On, Rank, Related

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from segmentation_pipeline.catalog.model import Catalog, ObjectType
    from segmentation_pipeline.index.build import Index
    from segmentation_pipeline.rules.segment import Segment

Z = 1.959964
"""The normal quantile of a two-sided interval of 95 %."""


@dataclass(frozen=True, slots=True)
class Count:
    """A number of objects: exact where ``low == high``, else an estimate with its 95 % interval."""

    value: int
    low: int
    high: int

    @classmethod
    def exact(cls, value: int) -> Count:
        return cls(value, value, value)

    @property
    def is_exact(self) -> bool:
        return self.low == self.high


def scaled(hits: int, sample: int, total: int) -> Count:
    """Return how many of ``total`` objects ``hits`` out of ``sample`` stand for (Wilson interval).

    >>> scaled(50, 100, 1000)
    Count(value=500, low=403, high=597)
    """
    if sample >= total:
        return Count.exact(hits)
    share, spread = hits / sample, Z * Z / sample
    middle = (share + spread / 2) / (1 + spread)
    half = Z * math.sqrt(share * (1 - share) / sample + spread / (4 * sample)) / (1 + spread)
    low, high = math.floor((middle - half) * total), math.ceil((middle + half) * total)
    # What the sample itself holds is certain, whatever the interval says.
    return Count(round(share * total), max(low, hits), min(high, total - (sample - hits)))


def hashed(column: str) -> pl.Expr:
    """Return a hash of a column that is the same in every process, release and sitting."""
    text: Any = plh.col(column).cast(pl.String)
    found: pl.Expr = text.nchash.xxhash64()
    return found


def sample_ids(profile: pl.LazyFrame, kind: ObjectType, size: int) -> pl.DataFrame:
    """Return ``object_index`` of ``size`` objects, those whose keys hash lowest, sorted."""
    rows = profile.select(OBJECT_INDEX, hashed(kind.key).alias("hash"))
    return rows.bottom_k(size, by=["hash", OBJECT_INDEX]).select(OBJECT_INDEX).sort(OBJECT_INDEX).collect()


def narrow(index: Index, kind: ObjectType, ids: pl.DataFrame) -> Index:
    """Return an index that holds only some objects of a kind, with their events."""
    chosen = ids.lazy()
    profile = index.profiles[kind.name].join(chosen, on=OBJECT_INDEX, how="semi", maintain_order="left")
    mine = {name for name in kind.events if name in index.events}
    events = {
        name: frame.join(chosen, on=OBJECT_INDEX, how="semi", maintain_order="left")
        for name, frame in index.events.items()
        if name in mine
    }
    return replace(
        index,
        profiles={**index.profiles, kind.name: profile.collect().lazy()},
        events={**index.events, **events},
    )


def why_whole(segments: Iterable[Segment], catalog: Catalog, kind: ObjectType) -> str | None:
    """Return why a rule says nothing on a sample of a kind, or None where it does.

    An object of the sample must meet the same other objects as it does in the whole.
    """
    for segment in segments:
        for part in _parts((segment.where, segment.exclude)):
            if isinstance(part, Rank):
                return "a rank stands among all objects"
            if kind.name in _reached(part, catalog):
                return f"the rule reaches other rows of `{kind.name}` through a relation"
    return None


def _reached(part: object, catalog: Catalog) -> set[str]:
    """Return the objects that a part of a rule may reach, whatever it starts from."""
    if isinstance(part, Related | On):
        return {part.object}
    hops = part.path[:-1] if isinstance(part, Field) else ()
    named = [kind.relations for kind in catalog.objects.values()]
    return {relations[hop].object for relations in named for hop in hops if hop in relations}


def _parts(node: object) -> Iterator[object]:
    """Yield every value that a rule is made of: nodes of a kind nobody knew yet are walked, too."""
    if isinstance(node, tuple):
        for item in node:
            yield from _parts(item)
    elif hasattr(node, "__dataclass_fields__"):
        yield node
        for name in node.__dataclass_fields__:
            yield from _parts(getattr(node, name))


def row_columns(segment: Segment, kind: ObjectType) -> list[str]:
    """Return the object's own fields that a rule compares, in the order they are written."""
    roots = [root for root in (segment.where, segment.exclude) if root is not None]
    compares = [node for root in roots for node in walk(root) if isinstance(node, Compare)]
    operands = [operand for compare in compares for operand in (compare.operand, compare.value)]
    own = [each.name for each in operands if isinstance(each, Field) and len(each.path) == 1]
    return [name for name in dict.fromkeys(own) if name in kind.fields]
