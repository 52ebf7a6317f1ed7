"""Rows of the index, gathered object by object as plain Python values."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import polars as pl

from segmentation_pipeline.catalog.contracts import OBJECT_INDEX

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from segmentation_pipeline.catalog.model import Catalog
    from segmentation_pipeline.evaluation.evaluate import Evaluation
    from segmentation_pipeline.index.build import Index
    from segmentation_pipeline.rules.world import Row, Transition


@dataclass
class Gathering:
    """Rows by object and key so far, and whose events and past are needed too."""

    catalog: Catalog
    index: Index
    rows: dict[str, dict[str, Row]] = field(default_factory=dict)
    wanted: dict[str, set[str]] = field(default_factory=dict)
    past: dict[tuple[str, str], set[str]] = field(default_factory=dict)

    def load(self, object_name: str, column: str, values: Collection[str] | None) -> set[str]:
        """Add the rows whose ``column`` holds one of ``values`` (None: all), with their parents.

        Returns their keys; none where the table or the column is not there.
        """
        profile = self.index.profiles.get(object_name)
        if profile is None or column not in profile.collect_schema():
            return set()
        kind, mine = self.catalog.objects[object_name], self.rows.setdefault(object_name, {})
        chosen = profile if values is None else profile.filter(pl.col(column).is_in(list(values)))
        held = {row[kind.key]: row for row in chosen.collect().iter_rows(named=True)}
        new = {key: row for key, row in held.items() if key not in mine}
        mine |= new
        for relation in kind.relations.values():
            if relation.key is not None:
                self.parents(object_name, relation.name, new)
        return set(held)

    def parents(self, object_name: str, relation_name: str, keys: Iterable[str]) -> set[str]:
        """Add the rows a many-to-one relation leads to, and return their keys."""
        relation = self.catalog.objects[object_name].relations[relation_name]
        key = str(relation.key)
        children = [self.rows[object_name][child] for child in keys]
        led = {row[key] for row in children if row.get(key) is not None}
        if missing := led - set(self.rows.get(relation.object, {})):
            self.load(relation.object, self.catalog.objects[relation.object].key, missing)
        return led & set(self.rows.get(relation.object, {}))

    def need_events(self, source: str, keys: Collection[str]) -> None:
        self.wanted.setdefault(source, set()).update(keys)

    def need_past(self, segment: str, object_name: str, keys: Collection[str]) -> None:
        self.past.setdefault((segment, object_name), set()).update(keys)

    def events(self) -> dict[str, dict[str, list[Row]]]:
        """Return the needed events by source and key."""
        found: dict[str, dict[str, list[Row]]] = {}
        for source, keys in self.wanted.items():
            if source in self.index.events:
                owners = self._owners(self.catalog.owner_of_source(source).name, keys)
                held = self.index.events[source].filter(pl.col(OBJECT_INDEX).is_in(list(owners))).collect()
                mine = found.setdefault(source, {})
                for row in held.iter_rows(named=True):
                    mine.setdefault(owners[row[OBJECT_INDEX]], []).append(row)
        return found

    def transitions(self, frame: pl.LazyFrame) -> dict[str, dict[str, list[Transition]]]:
        """Return the needed transitions by segment and key, in order of time, exits before entries."""
        names = sorted({segment for segment, _ in self.past})
        at = pl.col("at").dt.epoch("us")
        read = frame.filter(pl.col("segment_id").is_in(names)).select(
            "segment_id", OBJECT_INDEX, at, "change"
        )
        parts = (
            read.sort("at", pl.col("change") == "entered").collect().partition_by("segment_id", as_dict=True)
        )
        found: dict[str, dict[str, list[Transition]]] = {}
        for (segment, object_name), keys in self.past.items():
            owners = self._owners(object_name, keys)
            mine = found.setdefault(segment, {})
            if (part := parts.get((segment,))) is not None:
                held = part.filter(pl.col(OBJECT_INDEX).is_in(list(owners)))
                for _, one, when, change in held.iter_rows():
                    mine.setdefault(owners[one], []).append((when, change))
        return found

    def former_names(
        self, object_name: str
    ) -> tuple[dict[str, dict[str, str]], dict[str, dict[str, set[str]]]]:
        """Return by which keys and e-mails of merged objects the gathered ones are known, by object.

        An e-mail that an object has now is that object's alone.
        """
        merged, profile = self.index.merged.get(object_name), self.index.profiles.get(object_name)
        if merged is None or profile is None:
            return {}, {}
        mine = pl.col("primary").is_in(list(map(str, self.rows.get(object_name, {}))))
        keys = dict(merged.keys().filter(mine).collect().iter_rows())
        named = merged.emails().filter(mine).collect()
        fields = self.catalog.objects[object_name].fields
        there = set(profile.collect_schema())
        for name in (name for name, of in fields.items() if of.form == "email" and name in there):
            held = profile.select(pl.col(name).str.to_lowercase().alias("email")).drop_nulls()
            named = named.join(held.collect(), on="email", how="anti")
        emails: dict[str, set[str]] = {}
        for email, primary in named.iter_rows():
            emails.setdefault(email, set()).add(primary)
        return {object_name: keys}, {object_name: emails}

    def memberships(self, evaluation: Evaluation) -> dict[str, set[str]]:
        """Return which of the gathered objects are members of every evaluated segment."""
        found = {}
        for name, ids in evaluation.members.items():
            object_name = evaluation.definitions.segments[name].object
            owners = self._owners(object_name, self.rows.get(object_name, {}))
            asked = pl.Series(list(owners), dtype=pl.Int64)
            found[name] = {owners[one] for one in ids.filter(ids.is_in(asked.implode()))}
        return found

    def _owners(self, object_name: str, keys: Iterable[str]) -> Mapping[int, str]:
        rows = self.rows.get(object_name, {})
        return {rows[key][OBJECT_INDEX]: key for key in keys}
