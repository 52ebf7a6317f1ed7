"""How a segment competes for the customer: its ``delivery:`` block as a value."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from segmentation_pipeline.rules.segment import Segment


@dataclass(frozen=True, slots=True)
class Delivery:
    """A higher ``priority`` wins. Without ``once_per_entry`` and ``repeat_days`` it may win every day.

    ``starts`` and ``ends`` are days, both included; None is no limit.
    """

    channel: str
    priority: int = 0
    exclusivity_group: str | None = None
    once_per_entry: bool = False
    repeat_days: int | None = None
    reentry_gap_days: int | None = None
    expires_after_days: int | None = None
    capacity_per_day: int | None = None
    ignores_caps: bool = False
    counts_toward_caps: bool = True
    starts: dt.date | None = None
    ends: dt.date | None = None

    def covers(self, other: Delivery) -> bool:
        """Return whether this is active on every day on which the other is."""
        early = self.starts is None or (other.starts is not None and self.starts <= other.starts)
        late = self.ends is None or (other.ends is not None and self.ends >= other.ends)
        return early and late

    def meets(self, other: Delivery) -> bool:
        """Return whether there is a day on which both are active."""
        starts = max((day for day in (self.starts, other.starts) if day is not None), default=None)
        ends = min((day for day in (self.ends, other.ends) if day is not None), default=None)
        return starts is None or ends is None or starts <= ends


def delivery_of(segment: Segment) -> Delivery | None:
    """Return how a segment delivers; None for one that does not, as those of type suppression.

    The block has been checked when the definition was read.
    """
    if segment.delivery is None or segment.type == "suppression":
        return None
    given: Mapping[str, Any] = segment.delivery
    repeat = given.get("repeat")
    return Delivery(
        channel=given["channel"],
        priority=given.get("priority", 0),
        exclusivity_group=given.get("exclusivity_group"),
        once_per_entry=repeat == "once_per_entry",
        repeat_days=repeat["every_days"] if isinstance(repeat, dict) else None,
        reentry_gap_days=given.get("reentry_gap_days"),
        expires_after_days=given.get("expires_after_days"),
        capacity_per_day=given.get("capacity_per_day"),
        ignores_caps=given.get("ignores_caps", False),
        counts_toward_caps=given.get("counts_toward_caps", True),
        starts=_day(given.get("starts")),
        ends=_day(given.get("ends")),
    )


def _day(written: str | None) -> dt.date | None:
    return None if written is None else dt.date.fromisoformat(written)
