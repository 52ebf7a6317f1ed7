"""How a segment competes for the customer: its ``delivery:`` block."""

from __future__ import annotations

import datetime as dt
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class _Block(BaseModel):
    model_config = ConfigDict(extra="forbid", coerce_numbers_to_str=True, frozen=True)


class EveryDays(_Block):
    every_days: int = Field(ge=1)


class Delivery(_Block):
    """A higher ``priority`` wins. Without ``repeat`` a segment may win its member every day.

    Who switched the kind of mail ``preference`` off gets none of it by e-mail. ``starts`` and ``ends`` are
    days, both included; None is no limit.
    """

    channel: str
    priority: int = 0
    exclusivity_group: str | None = None
    repeat: Literal["once_per_entry"] | EveryDays | None = None
    reentry_gap_days: int | None = Field(None, ge=0)
    expires_after_days: int | None = Field(None, ge=1)
    capacity_per_day: int | None = Field(None, ge=0)
    ignores_caps: bool = False
    counts_toward_caps: bool = True
    preference: str = "marketing"
    starts: dt.date | None = None
    ends: dt.date | None = None

    def is_active_on(self, day: dt.date) -> bool:
        return (self.starts is None or self.starts <= day) and (self.ends is None or day <= self.ends)

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
