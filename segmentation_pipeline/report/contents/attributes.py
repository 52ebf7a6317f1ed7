"""Which attributes set the members of a segment apart from everybody."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from segmentation_pipeline.catalog.contracts import OBJECT_INDEX
from segmentation_pipeline.catalog.types import Boolean, Enum, Text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from segmentation_pipeline.catalog.model import ObjectType

MOST_VALUES = 50
"""A field with more different values tells objects apart, not groups."""
LEAST_MEMBERS = 5


@dataclass(frozen=True, slots=True)
class Difference:
    """A value that members have more or less often than everybody.

    ``share`` and ``among_all`` are fractions of 1 of those that have any value; ``lift`` their
    quotient. ``score`` is the difference in standard errors.
    """

    field: str
    value: str
    members: int
    share: float
    among_all: float
    score: float

    @property
    def lift(self) -> float:
        return self.share / self.among_all


def differences(kind: ObjectType, objects: pl.LazyFrame, members: pl.Series) -> list[Difference]:
    """Return the values of fields that members have unusually often or seldom, the most telling first.

    ``objects`` are its rows with `OBJECT_INDEX`; personal fields are left out.
    """
    there = objects.collect_schema().names()
    fields = [name for name in _telling(kind) if name in there]
    if not fields:
        return []
    rows = objects.select(OBJECT_INDEX, *(pl.col(name).cast(pl.String) for name in fields)).collect()
    inside = rows[OBJECT_INDEX].is_in(members.implode())
    found = [one for name in fields for one in _of_field(name, rows[name], inside)]
    return sorted(found, key=lambda one: (-abs(one.score), one.field, one.value))


def _telling(kind: ObjectType) -> Iterator[str]:
    for name, field in kind.fields.items():
        if not field.pii and isinstance(field.type, Text | Enum | Boolean) and name != kind.key:
            yield name


def _of_field(name: str, values: pl.Series, inside: pl.Series) -> Iterator[Difference]:
    counted = (
        pl.DataFrame({"value": values, "inside": inside})
        .drop_nulls("value")
        .group_by("value")
        .agg(pl.len().alias("all"), pl.col("inside").sum().alias("members"))
        .sort("value")
    )
    everybody, members = int(counted["all"].sum()), int(counted["members"].sum())
    if not 1 < counted.height <= MOST_VALUES or members < LEAST_MEMBERS:
        return
    for value, among, own in counted.iter_rows():
        expected, share = among / everybody, own / members
        error = math.sqrt(expected * (1 - expected) / members)
        if share != expected:
            yield Difference(name, value, own, share, expected, (share - expected) / error)
