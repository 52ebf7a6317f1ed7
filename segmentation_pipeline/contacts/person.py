"""Who is meant by a key or an e-mail: one object, with those that were merged into it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from segmentation_pipeline.catalog.contracts import OBJECT_INDEX
from segmentation_pipeline.errors import RunFailed, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from segmentation_pipeline.catalog.model import ObjectType
    from segmentation_pipeline.index.build import Index


@dataclass(frozen=True, slots=True)
class Person:
    """One object: its key, ``object_index``, and by key the indexes of those that count as it.

    ``asked`` is how it was called. A merged object that never arrived itself has no index: None.
    """

    kind: ObjectType
    asked: str
    key: str
    index: int
    merged: Mapping[str, int | None]

    @property
    def indexes(self) -> list[int]:
        """Its own index and those of the merged ones."""
        return [self.index, *(one for one in self.merged.values() if one is not None)]

    def own_key(self, index: int) -> str:
        """Return the key of the merged object, or its own, that has an index."""
        return next((key for key, one in self.merged.items() if one == index), self.key)


def find_person(index: Index, kind: ObjectType, asked: str) -> Person:
    """Return the object with a key, else with an e-mail in any case; a merged one leads to its primary.

    Raises `UsageError` for nobody, or an e-mail that several have; `RunFailed` before any import.
    """
    profile = index.profiles.get(kind.name)
    if profile is None:
        problem = index.problems.get(kind.name, {}).get(
            kind.key, f"table `{kind.table}` has not been imported"
        )
        raise RunFailed(problem, hint=f"segmentation import {kind.table} FILE")
    keys = profile.select(pl.col(kind.key).cast(pl.String).alias("key"), OBJECT_INDEX)
    merged = index.merged.get(kind.name)
    key = asked
    found = keys.filter(pl.col("key") == asked).collect()
    if found.is_empty() and merged is not None:
        key = merged.primary_of(asked) or asked
        found = keys.filter(pl.col("key") == key).collect()
    if found.is_empty():
        key = _by_email(index, kind, asked)
        found = keys.filter(pl.col("key") == key).collect()
    former: dict[str, int | None] = {}
    if merged is not None:
        theirs = merged.keys().filter(pl.col("primary") == key).select("key").collect().to_series()
        former = dict.fromkeys(theirs)
        own = merged.rows.select(pl.col(kind.key).cast(pl.String), OBJECT_INDEX)
        former |= dict(own.filter(pl.col(kind.key).is_in(theirs.implode())).collect().iter_rows())
    return Person(kind, asked, key, int(found[OBJECT_INDEX][0]), dict(sorted(former.items())))


def _by_email(index: Index, kind: ObjectType, asked: str) -> str:
    profile, merged, email = index.profiles[kind.name], index.merged.get(kind.name), asked.lower()
    there = set(profile.collect_schema())
    found: set[str] = set()
    for name in (name for name, field in kind.fields.items() if field.form == "email" and name in there):
        rows = profile.filter(pl.col(name).str.to_lowercase() == email)
        found |= set(rows.select(pl.col(kind.key).cast(pl.String)).collect().to_series())
    if not found and merged is not None:
        rows = merged.emails().filter(pl.col("email") == email)
        found = set(rows.select("primary").collect().to_series())
    if len(found) > 1:
        raise UsageError(f"`{asked}` is the e-mail of several", allowed=sorted(found), hint="name the key")
    if not found:
        raise UsageError(f"there is no {kind.name} `{asked}`", hint="a key, or an e-mail in any case")
    return found.pop()
