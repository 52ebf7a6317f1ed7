"""Keys people write (members of static segments, pins) as ``object_index``; unknown ones are pending."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from segmentation_pipeline.catalog.contracts import OBJECT_INDEX

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from segmentation_pipeline.catalog.model import ObjectType
    from segmentation_pipeline.index.merged import Merged
    from segmentation_pipeline.rules.clock import Clock
    from segmentation_pipeline.rules.segment import Pin, Segment


@dataclass(frozen=True, slots=True)
class Lookup:
    """Where the keys and e-mails that definitions name lead to."""

    found: Mapping[str, frozenset[int]]

    def ids(self, keys: Iterable[str]) -> pl.Series:
        """Return the ``object_index`` of the known keys, sorted, each once."""
        ids = sorted({one for key in keys for one in self.found.get(key, ())})
        return pl.Series(OBJECT_INDEX, ids, dtype=pl.Int64)

    def pending(self, keys: Iterable[str]) -> tuple[str, ...]:
        return tuple(key for key in dict.fromkeys(keys) if key not in self.found)


def look_up(
    segments: Iterable[Segment], kind: ObjectType, profile: pl.LazyFrame, merged: Merged | None = None
) -> Lookup:
    """Return where every member and pin of the segments leads: by key, else by e-mail in any case.

    What no object has (any more) leads where a ``merged`` one that has it leads.
    """
    wanted = sorted({key for segment in segments for key in named_keys(segment)})
    if not wanted:
        return Lookup({})
    asked = pl.LazyFrame({"asked": wanted}, schema={"asked": pl.String})
    keys = profile.select(pl.col(kind.key).cast(pl.String).alias("asked"), OBJECT_INDEX)
    by_key = _joined(asked.join(keys, on="asked"))
    by_email: dict[str, frozenset[int]] = {}
    schema = profile.collect_schema()
    for email in (name for name, known in kind.fields.items() if known.form == "email" and name in schema):
        folded = profile.select(pl.col(email).str.to_lowercase().alias("folded"), OBJECT_INDEX)
        lower = asked.with_columns(pl.col("asked").str.to_lowercase().alias("folded"))
        for key, ids in _joined(lower.join(folded, on="folded")).items():
            by_email[key] = by_email.get(key, frozenset()) | ids
    found = by_email | by_key
    if merged is not None and (rest := [key for key in wanted if key not in found]):
        left = pl.LazyFrame({"asked": rest}).with_columns(pl.col("asked").str.to_lowercase().alias("folded"))
        primaries = keys.rename({"asked": "primary"})
        by_merged = left.join(merged.emails(), left_on="folded", right_on="email").join(
            primaries, on="primary"
        )
        by_merged_key = left.join(merged.keys(), left_on="asked", right_on="key").join(
            primaries, on="primary"
        )
        found = _joined(by_merged) | _joined(by_merged_key) | found
    return Lookup(found)


def _joined(rows: pl.LazyFrame) -> dict[str, frozenset[int]]:
    grouped = rows.group_by("asked").agg(OBJECT_INDEX).collect()
    return {key: frozenset(ids) for key, ids in grouped.select("asked", OBJECT_INDEX).iter_rows()}


def named_keys(segment: Segment) -> tuple[str, ...]:
    """Return every key a definition writes out: its members, then its pins."""
    return (*(segment.members or ()), *(pin.key for pin in segment.pins))


def active_pins(segment: Segment, clock: Clock) -> list[Pin]:
    """Return the pins in force: one counts to the end of its local day ``until``."""
    return [pin for pin in segment.pins if pin.until is None or clock.today <= pin.until]
