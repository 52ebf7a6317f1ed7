"""What objects were before they changed: read backwards, from the oldest change after each day.

`ingest.history` writes a row for every value that an import changes: what it was, what it became, when.
"""

from __future__ import annotations

import datetime as dt
import decimal
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from segmentation_pipeline.catalog.contracts import OBJECT_INDEX, polars_type
from segmentation_pipeline.catalog.derivations import DERIVATIONS, inputs
from segmentation_pipeline.catalog.derived import derived_value
from segmentation_pipeline.catalog.types import Boolean, Date, Datetime, Decimal, FieldType, ListOf
from segmentation_pipeline.index.build import normal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from segmentation_pipeline.catalog.derivations import Derivation
    from segmentation_pipeline.catalog.model import Catalog, Field, ObjectType
    from segmentation_pipeline.index.build import Index
    from segmentation_pipeline.simulation.day_masks.days import Days

FIRST, AFTER, VALUE = "first day", "after day", "value then"
_FIELD, _OLD, _NEW, _AT = "field_name", "old_value", "new_value", "changed: at"


def _as_is(value: Any) -> Any:
    return value


_ELEMENTS: Mapping[type, Callable[[Any], Any]] = {
    Date: dt.date.fromisoformat,
    Datetime: dt.datetime.fromisoformat,
    Decimal: decimal.Decimal,
}
"""How an element of a list is read from JSON, where it is not one of its own values."""


@dataclass(frozen=True, slots=True)
class Former:
    """The values that some objects of a kind had, by field: ``object_index``, `FIRST`, `AFTER`, `VALUE`.

    A value stood from day `FIRST` to before day `AFTER`; on the others it was today's.
    """

    fields: Mapping[str, pl.DataFrame] = field(default_factory=dict)
    derived: Mapping[str, Derivation] = field(default_factory=dict)
    """The fields that are computed from some of them."""

    @property
    def names(self) -> frozenset[str]:
        return frozenset({*self.fields, *self.derived})

    def changed(self, names: Iterable[str]) -> list[pl.DataFrame]:
        """Return the ``object_index`` of those who had other values of fields, one frame a field."""
        read = {
            one for name in names for one in (inputs(self.derived[name]) if name in self.derived else (name,))
        }
        return [self.fields[name].select(OBJECT_INDEX) for name in sorted(read & self.fields.keys())]

    def rows(self, rows: pl.LazyFrame, day: int) -> pl.LazyFrame:
        """Return rows of today with the values of a day."""
        order = rows.collect_schema().names()
        for name in self.fields:
            then = self.on(name, day).with_columns(pl.lit(value=True).alias(f"{name}: changed"))
            value = pl.when(f"{name}: changed").then(VALUE).otherwise(name).alias(name)
            rows = rows.join(then.lazy(), on=OBJECT_INDEX, how="left", maintain_order="left")
            rows = rows.with_columns(value).drop(VALUE)
        for name, derivation in self.derived.items():
            changed = [pl.col(f"{one}: changed") for one in inputs(derivation) if one in self.fields]
            anew = pl.when(pl.any_horizontal(changed)).then(derived_value(derivation)).otherwise(name)
            rows = rows.with_columns(anew.alias(name))
        return rows.select(order)

    def on(self, name: str, day: int) -> pl.DataFrame:
        """Return ``object_index`` and `VALUE` of those who had another value on a day."""
        rows = self.fields[name].filter(pl.col(FIRST) <= day, pl.col(AFTER) > day)
        return rows.select(OBJECT_INDEX, VALUE)


def former_values(catalog: Catalog, kind: ObjectType, index: Index, days: Days) -> Former:
    """Return what is known of the values that objects of ``kind`` had on days, from their history."""
    if kind.history is None or kind.history not in index.events or not len(days):
        return Former()
    source = catalog.events[kind.history]
    names = [name for name, one in kind.fields.items() if one.history and name != kind.key]
    rows = index.events[kind.history].filter(
        pl.col(_FIELD).is_in(names), pl.col(source.time).to_physical() > days.ends[0]
    )
    at = pl.col(source.time).to_physical().cast(pl.Int64).alias(_AT)
    found = rows.select(OBJECT_INDEX, _FIELD, _OLD, _NEW, at, source.type, source.id).collect()
    found = found.sort(OBJECT_INDEX, _AT, source.id, maintain_order=True)
    fields = {}
    for (name,), mine in found.group_by(_FIELD, maintain_order=True):
        one = kind.fields[str(name)]
        elements = isinstance(one.type, ListOf) and one.satellite is not None
        stood = _lists(kind, one, mine, index, days) if elements else _values(one, mine, days)
        fields[one.name] = stood.filter(pl.col(FIRST) < pl.col(AFTER))
    fields = {name: rows for name, rows in fields.items() if rows.height}
    derived = {
        name: DERIVATIONS[one.derived]
        for name, one in kind.fields.items()
        if one.derived is not None
        and one.history
        and not fields.keys().isdisjoint(inputs(DERIVATIONS[one.derived]))
    }
    there = index.profiles[kind.name].collect_schema().names()
    return Former(
        {name: rows for name, rows in fields.items() if name in there},
        {name: how for name, how in derived.items() if {name, *inputs(how)} <= set(there)},
    )


def _values(one: Field, rows: pl.DataFrame, days: Days) -> pl.DataFrame:
    """A change's old value stood from the change before it."""
    after = np.searchsorted(days.ends, rows[_AT].to_numpy())
    before = rows.select(pl.col(_AT).shift(1).over(OBJECT_INDEX)).to_series()
    first = np.where(before.is_null(), 0, np.searchsorted(days.ends, before.fill_null(0).to_numpy()))
    value = typed(rows[_OLD], one.type).alias(VALUE)
    return rows.select(OBJECT_INDEX).with_columns(pl.Series(FIRST, first), pl.Series(AFTER, after), value)


def _lists(kind: ObjectType, one: Field, rows: pl.DataFrame, index: Index, days: Days) -> pl.DataFrame:
    """A list is that of today, less what it gained since and with what it lost since."""
    assert isinstance(one.type, ListOf)
    ids = rows.select(pl.col(OBJECT_INDEX).unique())
    now = index.profiles[kind.name].join(ids.lazy(), on=OBJECT_INDEX, how="semi")
    held = {
        number: set(values or ())
        for number, values in now.select(OBJECT_INDEX, one.name).collect().iter_rows()
    }
    gained = typed(rows[_NEW], one.type.of).to_list()
    lost = typed(rows[_OLD], one.type.of).to_list()
    places = np.searchsorted(days.ends, rows[_AT].to_numpy()).tolist()
    found: list[tuple[int, int, int, list[object] | None]] = []
    numbers = rows[OBJECT_INDEX].to_list()
    for row in range(rows.height - 1, -1, -1):
        number = numbers[row]
        held.setdefault(number, set())
        held[number] -= {gained[row]}
        held[number] |= {lost[row]} - {None}
        same = row > 0 and numbers[row - 1] == number
        # What nobody lists is no list at all: the index has null there.
        value = sorted(held[number]) or None
        found.append((number, places[row - 1] if same else 0, places[row], value))
    numbered = dict.fromkeys((OBJECT_INDEX, FIRST, AFTER), pl.Int64())
    schema = pl.Schema({**numbered, VALUE: polars_type(one.type)})
    return pl.DataFrame(found, schema=schema, orient="row")


def typed(texts: pl.Series, kind: FieldType) -> pl.Series:
    """Return the values that texts of `ingest.text.as_text` stand for; null for what stands for none.

    >>> typed(pl.Series(["true", None]), Boolean()).to_list()
    [True, None]
    """
    dtype = polars_type(kind)
    match kind:
        case Boolean():
            return (texts == "true").set(~texts.is_in(["true", "false"]), None)
        case Date():
            return texts.str.to_date("%Y-%m-%d", strict=False)
        case Datetime():
            return texts.str.to_datetime(
                "%Y-%m-%dT%H:%M:%S%.fZ", time_unit="us", time_zone="UTC", strict=False
            )
        case ListOf():
            read = _ELEMENTS.get(type(kind.of), _as_is)
            lists = [None if text is None else json.loads(text) for text in texts.to_list()]
            values = [None if one is None else [None if x is None else read(x) for x in one] for one in lists]
            column = pl.Series(texts.name, values, dtype=dtype)
            return column.to_frame().select(normal(pl.col(texts.name), kind)).to_series()
        case _:
            found = normal(pl.col(texts.name).cast(dtype, strict=False), kind)
            return texts.to_frame().select(found).to_series()
