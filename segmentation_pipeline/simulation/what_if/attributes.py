"""The values of an attribute as numbers by object: what moves is counted by value without a join."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from segmentation_pipeline.catalog.contracts import OBJECT_INDEX
from segmentation_pipeline.catalog.types import ListOf
from segmentation_pipeline.diagnostics import did_you_mean
from segmentation_pipeline.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from segmentation_pipeline.catalog.model import Catalog
    from segmentation_pipeline.segments.sides import Side

OTHERS = "(others)"
MOST_VALUES = 50
"""Of more values the most frequent are counted each, the rest together."""


@dataclass(frozen=True, slots=True)
class Attribute:
    """``codes[i]`` is the number of the value that the object with index ``i`` has, in ``values``."""

    name: str
    values: tuple[str | None, ...]
    codes: NDArray[np.intp]

    def counts(self, state: NDArray[np.uint8], states: int) -> NDArray[np.int64]:
        """Return how many objects of each state have each value, of shape (values, states)."""
        codes = self.codes
        if len(codes) < len(state):
            # Objects without a row have no value.
            codes = np.concatenate([codes, np.zeros(len(state) - len(codes), dtype=codes.dtype)])
        pairs = codes[: len(state)] * states + state
        found = np.bincount(pairs, minlength=len(self.values) * states)
        return found.reshape(len(self.values), states).astype(np.int64)


def read_attributes(sides: Sequence[Side], kind: str, names: Iterable[str]) -> list[Attribute]:
    """Return those of the attributes that an object has on one of the sides, the later side first."""
    found = []
    for name in names:
        for side in reversed(sides):
            index, known = side.evaluation.index, side.definitions.catalog.objects.get(kind)
            if known is None or name not in known.fields or kind not in index.profiles:
                continue
            if name in index.profiles[kind].collect_schema():
                found.append(_coded(name, index.profiles[kind]))
                break
    return found


def check_attributes(catalogs: Iterable[Catalog], names: Iterable[str]) -> None:
    """Refuse what nobody may be counted by: unknown fields, lists, personal ones. Raises `UsageError`."""
    fields = {
        name: field
        for catalog in catalogs
        for kind in catalog.objects.values()
        for name, field in kind.fields.items()
    }
    for name in names:
        if name not in fields:
            raise UsageError(f"there is no field `{name}` to break down by", hint=did_you_mean(name, fields))
        if fields[name].pii:
            raise UsageError(f"`{name}` is personal: nobody is counted by it")
        if isinstance(fields[name].type, ListOf):
            raise UsageError(f"`{name}` is a list: its values would not sum up to all")


def _coded(name: str, profile: pl.LazyFrame) -> Attribute:
    rows = profile.select(OBJECT_INDEX, pl.col(name).cast(pl.String).alias("value")).collect()
    counted = rows["value"].drop_nulls().value_counts().sort("count", "value", descending=[True, False])
    kept = sorted(counted["value"].head(MOST_VALUES).to_list())
    values = (None, *kept, *([OTHERS] if counted.height > len(kept) else []))
    known = pl.DataFrame(
        {"value": kept, "code": range(1, len(kept) + 1)}, schema={"value": pl.String, "code": pl.Int64}
    )
    coded = rows.join(known, on="value", how="left", maintain_order="left").select(
        OBJECT_INDEX,
        pl.when(pl.col("value").is_null()).then(0).otherwise(pl.col("code").fill_null(len(kept) + 1)),
    )
    places = coded[OBJECT_INDEX].to_numpy()
    codes = np.zeros(int(places.max()) + 1 if places.size else 0, dtype=np.intp)
    codes[places] = coded.to_series(1).to_numpy()
    return Attribute(name, values, codes)
