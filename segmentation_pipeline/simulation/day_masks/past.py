"""What rules read, as it was at the end of every day: which objects there were, and their values.

Objects born after a day's end are not there. The values of fields whose changes are kept are read
backwards from those of today. Events are told apart by their own times, so they are always those of
today.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

import numpy as np
import polars as pl

from segmentation_pipeline.catalog.contracts import OBJECT_INDEX
from segmentation_pipeline.catalog.types import Date
from segmentation_pipeline.index.coding import BUCKET, Coded
from segmentation_pipeline.simulation.day_masks.changes import Former, former_values
from segmentation_pipeline.simulation.day_masks.days import Days

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

    from segmentation_pipeline.catalog.model import Catalog, ObjectType
    from segmentation_pipeline.evaluation.positions import Bucket
    from segmentation_pipeline.index.build import Index
    from segmentation_pipeline.simulation.day_masks.bits import Array, Words

_KNOWN = "was known"
BasisWord = Literal["history", "versions", "current"]


@dataclass(frozen=True, slots=True)
class Then:
    """How objects of a kind were on a day, where changes do not tell: ``profile`` gives their rows.

    ``form`` says what is taken of them: some ``fields`` of the objects of today, the ``rows`` as they
    are, or ``known rows`` and beside them those of today that were not known then.
    """

    profile: Callable[[int], pl.LazyFrame]
    form: Literal["fields", "rows", "known rows"]
    fields: frozenset[str] = frozenset()

    def replacing(self, rows: pl.LazyFrame, day: int) -> pl.LazyFrame:
        """Return the rows of today as they were on a day."""
        then, there = self.profile(day), set(rows.collect_schema())
        then = then.select(name for name in then.collect_schema() if name in there)
        if self.form == "rows":
            return then.match_to_schema(rows.collect_schema(), missing_columns="insert")
        if self.form == "known rows":
            new = rows.join(then, on=OBJECT_INDEX, how="anti")
            return pl.concat([then, new], how="diagonal").select(rows.collect_schema().names())
        known = sorted(self.fields & set(then.collect_schema()))
        old = then.select(
            OBJECT_INDEX, pl.lit(value=True).alias(_KNOWN), *(pl.col(n).alias(f"{n}: then") for n in known)
        )
        joined = rows.join(old, on=OBJECT_INDEX, how="left", maintain_order="left")
        return joined.select(
            pl.when(_KNOWN).then(f"{name}: then").otherwise(name).alias(name)
            if name in known
            else pl.col(name)
            for name in rows.collect_schema()
        )


@dataclass(frozen=True)
class Past:
    """The data of some days.

    ``index`` is that of today; ``former`` are the values that objects of a kind had, where they changed.
    """

    catalog: Catalog
    index: Index
    days: Days
    former: Mapping[str, Former] = field(default_factory=dict)
    size: int = BUCKET
    basis: Mapping[str, BasisWord] = field(default_factory=dict)
    then: Mapping[str, Then] = field(default_factory=dict)
    _indexes: dict[int, Index] = field(default_factory=dict, repr=False)

    def index_at(self, day: int) -> Index:
        """Return what the engine reads of a day."""
        if day not in self._indexes:
            self._indexes[day] = self._index_at(day)
        return self._indexes[day]

    def is_told(self, kind: str, fields: Collection[str]) -> bool:
        """Return whether the past of fields is today's, less what changed of single objects."""
        then = self.then.get(kind)
        return then is None or (then.form == "fields" and then.fields.isdisjoint(fields))

    def is_complete(self, kind: str) -> bool:
        """Return whether the same objects of a kind were there on all days."""
        if kind in self.then and self.then[kind].form != "fields":
            return False
        born = self._born(self.catalog.objects[kind])
        if born is None:
            return True
        last = self.index.stored(kind).rows.select(born.max()).collect().item()
        return last is None or last <= self._ends(self.catalog.objects[kind])[0]

    def changed_fields(self, kind: str) -> frozenset[str]:
        """Return the fields of which some object had other values."""
        return self.former[kind].names if kind in self.former else frozenset()

    def changed_rows(self, kind: str, bucket: Bucket, fields: Collection[str]) -> Iterator[pl.DataFrame]:
        """Yield by day the rows, as rules see them, of a block's objects that had other values of ``fields``.

        The rows are of the same objects in the same order; none are yielded if there are none.
        """
        former = self.former[kind]
        ids = pl.concat(former.changed(fields)).unique().lazy()
        now = self.index.profiles[kind].join(bucket.values(ids), on=OBJECT_INDEX, how="semi")
        rows = bucket.values(now).collect().sort(OBJECT_INDEX)
        if rows.height:
            yield from (former.rows(rows.lazy(), day).collect() for day in range(len(self.days)))

    def positions(self, kind: str) -> int:
        """Return how many positions an object has: its greatest ``object_index`` and one."""
        last = self.index.stored(kind).rows.select(pl.col(OBJECT_INDEX).max()).collect().item()
        return 0 if last is None else int(last) + 1

    def exists(self, kind: str, bucket: Bucket) -> tuple[Array, Words]:
        """Return which positions have an object now, and for these the days on which there was one."""
        born = self._born(self.catalog.objects[kind])
        columns = [bucket.position, *([] if born is None else [born.alias("born")])]
        rows = bucket.rows(self.index.stored(kind)).select(columns).collect(engine="streaming")
        rows = rows.sort(bucket.position.meta.output_name())
        here = np.zeros(bucket.size, dtype=bool)
        here[rows.to_series(0).to_numpy()] = True
        first = np.zeros(rows.height, dtype=np.int64)
        if born is not None:
            known = rows["born"].is_not_null().to_numpy()
            ends = self._ends(self.catalog.objects[kind])
            first[known] = np.searchsorted(ends, rows["born"].drop_nulls().to_numpy())
        return here, self.days.every & ~self.days.until[:, first]

    def _index_at(self, day: int) -> Index:
        profiles, coded = dict(self.index.profiles), dict(self.index.coded)
        for name in self.index.profiles:
            kind = self.catalog.objects[name]
            if name in self.then:
                profiles[name] = self.then[name].replacing(profiles[name], day).sort(OBJECT_INDEX)
                coded.pop(name, None)
            if name in self.former and self.former[name].fields:
                profiles[name] = self.former[name].rows(profiles[name], day)
                coded.pop(name, None)
            born = self._born(kind)
            if born is None:
                continue
            there = (born <= self._ends(kind)[day]).fill_null(value=True)
            profiles[name] = profiles[name].filter(there)
            if name in coded:
                coded[name] = Coded(coded[name].rows.filter(there), coded[name].codings)
        return replace(self.index, profiles=profiles, coded=coded)

    def _born(self, kind: ObjectType) -> pl.Expr | None:
        """Return since when an object is there, a number; None where nothing says so."""
        if kind.born is None or kind.born not in self.index.profiles[kind.name].collect_schema():
            return None
        return pl.col(kind.born).to_physical().cast(pl.Int64)

    def _ends(self, kind: ObjectType) -> tuple[int, ...]:
        """Return the last of every day in the unit of `_born`."""
        assert kind.born is not None
        return self.days.numbers if kind.fields[kind.born].type == Date() else self.days.ends


def past_of(
    catalog: Catalog,
    index: Index,
    dates: Sequence[dt.date],
    zone: str,
    week_starts: int = 0,
    *,
    size: int = BUCKET,
) -> Past:
    """Return the days of a zone over an index, with the histories that it has."""
    days = Days.of(dates, zone, week_starts)
    return Past(catalog, index, days, former_of(catalog, index, days), size)


def former_of(catalog: Catalog, index: Index, days: Days) -> dict[str, Former]:
    """Return the values that objects of every kind had, as their histories tell."""
    return {name: former_values(catalog, catalog.objects[name], index, days) for name in index.profiles}
