"""What is computed of every contact: columns of `contact_engagement`, and the weights of its scores."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from segmentation_pipeline.catalog.types import Datetime, Decimal, FieldType, Integer

if TYPE_CHECKING:
    from collections.abc import Mapping
    from decimal import Decimal as Exact

CONTACT, ENGAGEMENT = "contact", "engagement"
"""The object whose events are counted, and the derived one that has the counts, under the same key."""

COUNTS = {
    "sent": "total_emails_sent",
    "delivered": "total_emails_delivered",
    "open": "total_emails_opened",
    "click": "total_links_clicked",
    "reply": "total_replies",
    "bounce": "total_bounces",
    "unsubscribe": "total_unsubscribes",
    "conversion": "total_conversions",
}
"""Counts of events, by their meaning."""
RECEIVED, REVENUE = "total_emails_received", "total_revenue"
TIMES = {"sent": "contacted", "open": "opened", "click": "clicked", "reply": "replied", "seen": "seen"}
"""First and last times (``first_opened_at``, ``last_opened_at``), by the events' meaning."""
RATES = {"open": "open_rate", "click": "click_rate", "reply": "reply_rate"}
"""Count ÷ received × 100 with two decimals; 0 where nothing was received."""
FRACTIONS = {
    "open": ("open_fraction", RECEIVED),
    "click": ("click_fraction", RECEIVED),
    "reply": ("reply_fraction", RECEIVED),
    "bounce": ("bounce_fraction", "total_emails_sent"),
    "unsubscribe": ("unsubscribe_fraction", RECEIVED),
    "conversion": ("conversion_fraction", RECEIVED),
}
"""Count ÷ another total, by the count's meaning; null while that total is below the minimum."""
SCORE, COMPLETENESS = "engagement_score", "enrichment_score"
SCALES = {RATES["open"]: 2, "open_fraction": 4, REVENUE: 4, SCORE: 2}


def first(meaning: str) -> str:
    return f"first_{TIMES[meaning]}_at"


def last(meaning: str) -> str:
    return f"last_{TIMES[meaning]}_at"


COLUMNS: Mapping[str, FieldType] = {
    **dict.fromkeys((*COUNTS.values(), RECEIVED), Integer()),
    REVENUE: Decimal(SCALES[REVENUE]),
    **dict.fromkeys(RATES.values(), Decimal(SCALES["open_rate"])),
    **dict.fromkeys((name for name, _ in FRACTIONS.values()), Decimal(SCALES["open_fraction"])),
    **{name: Datetime() for meaning in TIMES for name in (first(meaning), last(meaning))},
    SCORE: Decimal(SCALES[SCORE]),
    COMPLETENESS: Integer(),
}
"""The columns of the derived object beside its key."""


@dataclass(frozen=True, slots=True)
class ScorePart:
    """One part of the score, worth 0 to 1 times its weight.

    ``recency`` halves every ``half_life`` days since the last event; a ``rate`` (count ÷ received) and
    a ``count`` are worth all of it from ``full_at`` on.
    """

    kind: Literal["recency", "rate", "count"]
    meaning: str
    weight: int
    half_life: int | None = None
    full_at: Exact | None = None


@dataclass(frozen=True, slots=True)
class Engagement:
    """How `contact_engagement` is computed.

    ``received`` is the meaning that counts as received, ``minimum`` the total below which fractions are
    null and rates score nothing. ``completeness`` weighs the contact's own fields by name.
    """

    received: str
    minimum: int
    parts: tuple[ScorePart, ...] = ()
    completeness: tuple[tuple[str, int], ...] = ()
