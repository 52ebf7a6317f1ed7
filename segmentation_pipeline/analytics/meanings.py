"""What happened to the objects of one kind, in the words of the catalog's `meanings`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from segmentation_pipeline.analytics.tables import REVENUE
from segmentation_pipeline.catalog.contracts import MONTH, OBJECT_INDEX
from segmentation_pipeline.ingest.merges import redirects

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping

    from segmentation_pipeline.catalog.model import Catalog, EventSource, ObjectType
    from segmentation_pipeline.lake.store import DeltaStore

COUNTED = {
    "sent": "emails_sent",
    "delivered": "emails_delivered",
    "open": "opens",
    "click": "clicks",
    "conversion": "conversions",
}
"""The meanings that are counted, and the columns that count them."""
MESSAGE, CAMPAIGN, AT, EVENT = "message", "campaign_id", "at", "event"
_MESSAGE_FIELD = "message_id"
EVENTS = pl.Schema(
    {
        OBJECT_INDEX: pl.Int64(),
        AT: pl.Datetime("us", "UTC"),
        EVENT: pl.String(),
        MESSAGE: pl.String(),
        CAMPAIGN: pl.String(),
        **dict.fromkeys(COUNTED.values(), pl.Boolean()),
        "revenue": REVENUE,
    }
)
"""Events as `events_between` returns them.

``event`` is the event's id; ``message`` the message it is about, or the event itself where it names
none; a Boolean a counted meaning; ``revenue`` exact, 0 where the event has none.
"""


@dataclass(frozen=True, slots=True)
class Meanings:
    """Which types of events mean what, and which field of a type is money."""

    types: Mapping[str, frozenset[str]]
    revenue: Mapping[str, str]

    @classmethod
    def of(cls, catalog: Catalog) -> Meanings:
        said = {column: frozenset(catalog.meanings.get(meaning, ())) for meaning, column in COUNTED.items()}
        money = dict(path.rsplit(".", 1) for path in catalog.meanings.get("revenue", ()))
        return cls(said, money)

    @property
    def wanted(self) -> frozenset[str]:
        return frozenset().union(*self.types.values(), self.revenue)


def event_sources(catalog: Catalog, kind: ObjectType) -> list[EventSource]:
    """Return the sources of an object's events that have a type with a meaning."""
    wanted = Meanings.of(catalog).wanted
    return [catalog.events[name] for name in kind.events if wanted & set(catalog.events[name].types)]


def events_between(
    store: DeltaStore, catalog: Catalog, kind: ObjectType, start: dt.datetime, end: dt.datetime
) -> pl.DataFrame:
    """Return the events with a meaning of known objects from ``start`` to before ``end``, as `EVENTS`.

    Those of a merged object are its primary's.
    """
    meanings = Meanings.of(catalog)
    parts = [
        _events(store, source, meanings, start, end)
        for source in event_sources(catalog, kind)
        if store.exists(source.table)
    ]
    if not parts or not store.exists(kind.table):
        return pl.DataFrame(schema=EVENTS)
    keys = store.scan(kind.table).select(pl.col(kind.key).alias("key"), OBJECT_INDEX)
    merged = redirects(store, catalog, kind.name)
    if merged.height:
        own = keys.join(merged.lazy(), left_on="key", right_on="merged", how="anti")
        moved = merged.lazy().join(keys, left_on="primary", right_on="key", how="inner")
        keys = pl.concat([own, moved.select(pl.col("merged").alias("key"), OBJECT_INDEX)])
    return pl.concat(parts).join(keys, on="key", how="inner").select(EVENTS.names()).collect()


def _events(
    store: DeltaStore, source: EventSource, meanings: Meanings, start: dt.datetime, end: dt.datetime
) -> pl.LazyFrame:
    rows = store.scan(source.table)
    there = rows.collect_schema()
    if source.partition_by_month:
        rows = rows.filter(pl.col(MONTH).is_between(pl.lit(f"{start:%Y-%m}"), pl.lit(f"{end:%Y-%m}")))
    rows = rows.filter(
        pl.col(source.time) >= start,
        pl.col(source.time) < end,
        pl.col(source.type).is_in(sorted(meanings.wanted & set(source.types))),
    )
    message = pl.col(_MESSAGE_FIELD) if _MESSAGE_FIELD in there else pl.lit(None, dtype=pl.String)
    campaign = pl.col(CAMPAIGN) if CAMPAIGN in there else pl.lit(None, dtype=pl.String)
    counted = [
        pl.col(source.type).is_in(sorted(types)).alias(column) for column, types in meanings.types.items()
    ]
    return rows.select(
        pl.col(source.key).alias("key"),
        pl.col(source.time).alias(AT),
        pl.col(source.id).alias(EVENT),
        message.fill_null(pl.col(source.id)).alias(MESSAGE),
        campaign.alias(CAMPAIGN),
        *counted,
        _revenue(source, meanings, there).alias("revenue"),
    )


def _revenue(source: EventSource, meanings: Meanings, there: pl.Schema) -> pl.Expr:
    money = pl.lit(0, dtype=REVENUE)
    for kind, field in sorted(meanings.revenue.items()):
        if field in there and kind in source.types:
            paid = pl.col(field).cast(REVENUE).fill_null(0)
            money = pl.when(pl.col(source.type) == kind).then(paid).otherwise(money)
    return money
