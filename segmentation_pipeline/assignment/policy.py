"""Policies, ``policies/<policy>.yaml``: who may be contacted how often."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from segmentation_pipeline.assignment.reasons import Reason
from segmentation_pipeline.rules.header import SegmentId, TimeZone
from segmentation_pipeline.settings import WEEKDAYS, Weekday

if TYPE_CHECKING:
    from segmentation_pipeline.assignment.contenders import Ranking, Source

DEFAULT = "default"
"""The policy that is there without a file: one contact a day, and no other rule."""
Unit = Literal["week", "month", "quarter", "year"]
Word = Annotated[str, Field(min_length=1)]
Words = Annotated[tuple[Word, ...], Field(min_length=1)]
Count = Annotated[int, Field(ge=0)]
Days = Annotated[int, Field(ge=1, le=3660)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, coerce_numbers_to_str=True)


class CapRule(_Part):
    """At most ``max`` contacts in ``days``, today included; ``cooldown_days: n`` is one in n days.

    ``extend_to`` lets the window begin with the calendar week, month, quarter or year of its first day.
    Of ``channel``, ``group`` and ``segment`` all that are given must fit. A rule binds the segments that
    fit and do not ignore caps, and counts the contacts that fit and count toward caps.
    """

    cooldown_days: Days | None = None
    max: Count | None = None
    days: Days | None = None
    extend_to: Unit | None = None
    channel: Word | None = None
    group: Word | None = None
    segment: SegmentId | None = None

    @model_validator(mode="after")
    def _one_form(self) -> CapRule:
        if self.cooldown_days is None and (self.max is None or self.days is None):
            raise ValueError("a rule has `cooldown_days`, or `max` and `days`")
        if self.cooldown_days is not None and (self.max, self.days, self.extend_to) != (None, None, None):
            raise ValueError("`cooldown_days` stands without `max`, `days` and `extend_to`")
        return self

    @property
    def most(self) -> int:
        return 1 if self.max is None else self.max

    @property
    def length(self) -> int:
        """The days of the window, today included."""
        return self.cooldown_days or self.days or 1

    @property
    def reason(self) -> Reason:
        return Reason.CAP if self.cooldown_days is None else Reason.COOLDOWN

    @property
    def scope(self) -> tuple[str | None, str | None, str | None]:
        return self.channel, self.group, self.segment

    def fits(self, source: Source) -> bool:
        said = (source.channel, source.group, source.segment_id)
        return all(own is None or own == other for own, other in zip(self.scope, said, strict=True))


class Quiet(_Part):
    """A weekday or a date without contacts; without ``channels`` on every channel."""

    weekday: Weekday | None = None
    date: dt.date | None = None
    channels: Words | None = None

    @model_validator(mode="after")
    def _one_of_two(self) -> Quiet:
        if (self.weekday is None) is (self.date is None):
            raise ValueError("a quiet day has either `weekday` or `date`")
        return self

    def holds_on(self, day: dt.date) -> bool:
        return day == self.date or (self.weekday is not None and WEEKDAYS[day.weekday()] == self.weekday)


class Holdout(_Part):
    """``percent`` of all contacts, to two decimals, get nothing: always the same ones for one ``salt``."""

    percent: float = Field(ge=0, le=100)
    salt: Word


class Policy(_Part):
    """Who may be contacted how often.

    ``time_zone`` says where days begin; None is the workspace's. ``exclusive`` says among what a group
    keeps its best-ranked segment: among memberships, or among the claims that nothing else blocks.
    ``capacity`` is contacts a day by channel. Members of the segments in ``suppression`` are not
    contacted, on any channel or on those named.
    """

    model_config = ConfigDict(validate_by_alias=True, validate_by_name=True)

    id: SegmentId = Field(alias="policy")
    description: str = ""
    time_zone: TimeZone | None = None
    max_contacts_per_day: int = Field(default=1, ge=1, le=100)
    exclusive: Literal["membership", "claim"] = "membership"
    exclusive_groups: tuple[Word, ...] = ()
    rules: tuple[CapRule, ...] = ()
    quiet: tuple[Quiet, ...] = ()
    holdout: Holdout | None = None
    capacity: dict[Word, Count] = {}
    suppression: tuple[SegmentId, ...] | dict[Word, tuple[SegmentId, ...]] = ()

    @property
    def hash(self) -> str:
        """A digest of what decides; the description does not."""
        said = json.dumps(self.model_dump(mode="json", exclude={"description"}), sort_keys=True)
        return hashlib.sha256(said.encode()).hexdigest()

    @property
    def suppressing(self) -> dict[str, frozenset[str] | None]:
        """The channels that each segment of ``suppression`` closes; None is every channel."""
        if isinstance(self.suppression, tuple):
            return dict.fromkeys(self.suppression)
        names = dict.fromkeys(name for listed in self.suppression.values() for name in listed)
        return {
            name: frozenset(channel for channel, listed in self.suppression.items() if name in listed)
            for name in names
        }

    def quiet_channels(self, day: dt.date) -> frozenset[str] | None:
        """Return the channels that rest on a day; None is every channel."""
        closed = [quiet.channels for quiet in self.quiet if quiet.holds_on(day)]
        if any(channels is None for channels in closed):
            return None
        return frozenset(channel for channels in closed for channel in channels or ())

    def couples_contacts(self, ranking: Ranking) -> bool:
        """Return whether one contact's decision can depend on another's, as it does under a capacity."""
        deliveries = [contender.delivery for contender in ranking.contenders]
        return any(one.channel in self.capacity or one.capacity_per_day is not None for one in deliveries)
