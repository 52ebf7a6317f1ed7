"""Keys people write (members of static segments, pins) as ``object_index``; unknown ones are pending."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from segmentation_pipeline.evaluation.index import OBJECT_INDEX

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from segmentation_pipeline.catalog.model import ObjectType
    from segmentation_pipeline.rules.clock import Clock
    from segmentation_pipeline.rules.segment import Pin, Segment


@dataclass(frozen=True, slots=True)
class Lookup:
    """Where the keys and e-mails that definitions name lead to."""

    found: Mapping[str, int]

    def ids(self, keys: Iterable[str]) -> pl.Series:
        """Return the ``object_index`` of the known keys, sorted, each once."""
        ids = sorted({self.found[key] for key in keys if key in self.found})
        return pl.Series(OBJECT_INDEX, ids, dtype=pl.Int64)

    def pending(self, keys: Iterable[str]) -> tuple[str, ...]:
        return tuple(key for key in dict.fromkeys(keys) if key not in self.found)


def look_up(segments: Iterable[Segment], kind: ObjectType, profile: pl.LazyFrame) -> Lookup:
    """Return where every member and pin of the segments leads: by key, else by e-mail in any case."""
    wanted = sorted({key for segment in segments for key in named_keys(segment)})
    if not wanted:
        return Lookup({})
    asked = pl.LazyFrame({"asked": wanted}, schema={"asked": pl.String})
    schema = profile.collect_schema()
    by_key = asked.join(profile, left_on="asked", right_on=kind.key).select("asked", OBJECT_INDEX)
    found: dict[str, int] = {}
    for email in (name for name, known in kind.fields.items() if known.form == "email" and name in schema):
        folded = profile.select(pl.col(email).str.to_lowercase().alias("folded"), OBJECT_INDEX)
        by_email = asked.with_columns(pl.col("asked").str.to_lowercase().alias("folded")).join(folded, on="folded")
        found |= dict(by_email.sort(OBJECT_INDEX, descending=True).select("asked", OBJECT_INDEX).collect().iter_rows())
    return Lookup(found | dict(by_key.collect().iter_rows()))


def named_keys(segment: Segment) -> tuple[str, ...]:
    """Return every key a definition writes out: its members, then its pins."""
    return (*(segment.members or ()), *(pin.key for pin in segment.pins))


def active_pins(segment: Segment, clock: Clock) -> list[Pin]:
    """Return the pins in force: one counts to the end of its local day ``until``."""
    return [pin for pin in segment.pins if pin.until is None or clock.today <= pin.until]
