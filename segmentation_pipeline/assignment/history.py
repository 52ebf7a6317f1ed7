"""Whom we really contacted when: decided contacts, and sends that no decision explains.

A send is an event of a type with a `channel`, or one that `meanings.sent` names (channel `email`). Of
one contact, channel and local day, decisions and sends are matched one to one: a send that names a
segment with that segment's decision, one that names none with any that is left.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from segmentation_pipeline.analytics.days import end_of, local_day, start_of
from segmentation_pipeline.assignment.people import moved_numbers
from segmentation_pipeline.assignment.tables import ASSIGNMENTS, DAY
from segmentation_pipeline.catalog.contracts import MONTH, OBJECT_INDEX
from segmentation_pipeline.catalog.scores import CONTACT
from segmentation_pipeline.catalog.types import Text
from segmentation_pipeline.features.tables import telling
from segmentation_pipeline.ingest.merges import redirects_in

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Collection

    from segmentation_pipeline.catalog.model import Catalog, EventSource, ObjectType
    from segmentation_pipeline.lake.reading import Snapshot

CHANNEL, SEGMENT = "channel", "segment_id"
HISTORY = pl.Schema({DAY: pl.Date(), OBJECT_INDEX: pl.Int64(), CHANNEL: pl.String(), SEGMENT: pl.String()})
"""A row a contact; ``segment_id`` is null where a send names none."""
EMAIL, SENT = "email", "sent"
_PLACE = (DAY, OBJECT_INDEX, CHANNEL)


def sending_types(catalog: Catalog, source: EventSource) -> dict[str, str]:
    """Return the types of a source that are contacts, each with its channel."""
    sent = catalog.meanings.get(SENT, ())
    named = {name: kind.channel or (EMAIL if name in sent else None) for name, kind in source.types.items()}
    return {name: channel for name, channel in named.items() if channel is not None}


def sending_sources(catalog: Catalog) -> list[EventSource]:
    """Return the sources of contacts' events that have a type that is a contact."""
    sources = (catalog.events[name] for name in catalog.objects[CONTACT].events)
    return [source for source in sources if sending_types(catalog, source)]


def history_inputs(catalog: Catalog) -> list[str]:
    """Return every table that the history is read from."""
    kind = catalog.objects[CONTACT]
    merges = [kind.merges] if kind.merges is not None else []
    return [kind.table, *merges, ASSIGNMENTS.name, *(source.table for source in sending_sources(catalog))]


@dataclass(frozen=True, slots=True)
class Days:
    """Local days of a zone from ``first`` to ``last``, both included; of ``segments`` alone, if any."""

    first: dt.date
    last: dt.date
    zone: str
    segments: list[str] | None = None

    @property
    def start(self) -> dt.datetime:
        return start_of(self.first, self.zone)

    @property
    def end(self) -> dt.datetime:
        """The first instant after them."""
        return end_of(self.last, self.zone)

    @property
    def wanted(self) -> pl.Expr:
        """Whether a row names one of the segments."""
        return pl.lit(value=True) if self.segments is None else pl.col(SEGMENT).is_in(self.segments)


def contact_history_before(
    tables: Snapshot,
    catalog: Catalog,
    first: dt.date,
    last: dt.date,
    *,
    zone: str,
    segments: Collection[str] | None = None,
) -> pl.DataFrame:
    """Return the contacts from ``first`` to ``last``, both included, as `HISTORY`, by day and contact.

    ``tables`` are `history_inputs`, pinned; ``segments`` leaves only contacts that name one of these.
    Those of merged contacts are their primaries'. Raises `LakeError` for a table that cannot be read.
    """
    if first > last:
        return pl.DataFrame(schema=HISTORY)
    with telling(ASSIGNMENTS.name, history_inputs(catalog)):
        numbers = contact_numbers(tables, catalog.objects[CONTACT])
        days = Days(first, last, zone, None if segments is None else sorted(segments))
        won = _won(tables, numbers, days)
        sent = [
            _sent(tables, catalog, source, numbers, days)
            for source in sending_sources(catalog)
            if source.table in tables and (segments is None or SEGMENT in tables.schema(source.table))
        ]
        found = pl.concat([won, *([_unexplained(pl.concat(sent), won)] if sent else [])])
        return found.sort(DAY, OBJECT_INDEX, maintain_order=True)


def contact_numbers(tables: Snapshot, kind: ObjectType) -> pl.DataFrame:
    """Return ``key`` as rules see it, ``object_index``, and ``own``, the index that the row itself has.

    A merged contact has the index of its primary.
    """
    if kind.table not in tables:
        return pl.DataFrame(schema={"key": pl.String, OBJECT_INDEX: pl.Int64, "own": pl.Int64})
    keys = tables.scan(kind.table).select(seen_key(kind, kind.key).alias("key"), OBJECT_INDEX).collect()
    keys = keys.with_columns(pl.col(OBJECT_INDEX).alias("own"))
    merged = redirects_in(tables, kind)
    if merged.is_empty():
        return keys
    primaries = keys.select(pl.col("key").alias("primary"), pl.col(OBJECT_INDEX).alias("theirs"))
    moved = merged.rename({"merged": "key"}).join(primaries, on="primary", how="inner")
    return (
        keys.join(moved.select("key", "theirs"), on="key", how="full", coalesce=True)
        .with_columns(pl.coalesce("theirs", OBJECT_INDEX).alias(OBJECT_INDEX))
        .select("key", OBJECT_INDEX, "own")
    )


def seen_key(kind: ObjectType, column: str) -> pl.Expr:
    """Return a column of contacts' keys as rules see it."""
    text = isinstance(kind.fields[kind.key].type, Text)
    return pl.col(column).str.normalize("NFC") if text else pl.col(column)


def _won(tables: Snapshot, numbers: pl.DataFrame, days: Days) -> pl.DataFrame:
    if ASSIGNMENTS.name not in tables:
        return pl.DataFrame(schema=HISTORY)
    rows = tables.scan(ASSIGNMENTS.name).filter(
        pl.col(DAY).is_between(days.first, days.last), pl.col("decision") == "won", days.wanted
    )
    found = rows.select(HISTORY.names()).collect()
    moved = moved_numbers(numbers)
    if moved.height:
        moved = moved.rename({OBJECT_INDEX: "theirs", "own": OBJECT_INDEX})
        found = found.join(moved, on=OBJECT_INDEX, how="left", maintain_order="left")
        found = found.with_columns(pl.coalesce("theirs", OBJECT_INDEX).alias(OBJECT_INDEX))
    return found.select(HISTORY.names())


def _sent(
    tables: Snapshot, catalog: Catalog, source: EventSource, numbers: pl.DataFrame, days: Days
) -> pl.DataFrame:
    """Return day, contact, channel and segment of sends, and how many there are of each in ``n``."""
    channels = sending_types(catalog, source)
    rows = tables.scan(source.table)
    there = rows.collect_schema()
    if source.partition_by_month:
        first, last = (pl.lit(f"{instant:%Y-%m}") for instant in (days.start, days.end))
        rows = rows.filter(pl.col(MONTH).is_between(first, last))
    rows = rows.filter(
        pl.col(source.time) >= days.start,
        pl.col(source.time) < days.end,
        pl.col(source.type).is_in(sorted(channels)),
        days.wanted,
    )
    if SEGMENT not in there:
        rows = rows.with_columns(pl.lit(None, dtype=pl.String).alias(SEGMENT))
    counted = (
        rows.select(
            local_day(source.time, days.zone).alias(DAY),
            pl.col(source.key).alias("key"),
            pl.col(source.type).replace_strict(channels, return_dtype=pl.String).alias(CHANNEL),
            SEGMENT,
        )
        .group_by(DAY, "key", CHANNEL, SEGMENT)
        .agg(pl.len().cast(pl.Int64).alias("n"))
        .with_columns(seen_key(catalog.objects[CONTACT], "key"))
    )
    found = counted.join(numbers.lazy().select("key", OBJECT_INDEX), on="key", how="inner")
    return found.select(*_PLACE, SEGMENT, "n").collect(engine="streaming")


def _unexplained(sent: pl.DataFrame, won: pl.DataFrame) -> pl.DataFrame:
    """Return the sends that no decision explains, a row each."""
    # Two keys of one contact, since a merge, have a row each.
    sent = sent.group_by(*_PLACE, SEGMENT).agg(pl.col("n").sum())
    decided = won.group_by(*_PLACE, SEGMENT).agg(pl.len().cast(pl.Int64).alias("decided"))
    named = sent.filter(pl.col(SEGMENT).is_not_null()).join(
        decided, on=[*_PLACE, SEGMENT], how="left", maintain_order="left"
    )
    named = named.with_columns(pl.min_horizontal("n", pl.col("decided").fill_null(0)).alias("used"))
    left = (
        pl.concat(
            [
                decided.select(*_PLACE, pl.col("decided").alias("left")),
                named.select(*_PLACE, -pl.col("used").alias("left")),
            ]
        )
        .group_by(_PLACE)
        .agg(pl.col("left").sum())
    )
    others = sent.filter(pl.col(SEGMENT).is_null()).join(left, on=_PLACE, how="left", maintain_order="left")
    others = others.with_columns(pl.min_horizontal("n", pl.col("left").fill_null(0)).alias("used"))
    columns = [*_PLACE, SEGMENT, (pl.col("n") - pl.col("used")).alias("more")]
    more = pl.concat([named.select(columns), others.select(columns)]).filter(pl.col("more") > 0)
    return more.select(*_PLACE, SEGMENT)[np.repeat(np.arange(more.height), more["more"].to_numpy())]
