"""The part of a definition around its rule, as pydantic reads it."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field


def _zone(name: str) -> str:
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError  # noqa: PLC0415 — only a definition with a zone pays

    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"`{name}` is not a time zone, such as Europe/Paris or UTC") from error
    return name


TimeZone = Annotated[str, AfterValidator(_zone)]
Percent = Annotated[str, Field(pattern=r"^\d+(\.\d+)?\s*%$")]
SegmentId = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=100)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", coerce_numbers_to_str=True, frozen=True)


class PinEntry(_Strict):
    key: str
    put: Literal["in", "out"]
    reason: str = Field(min_length=1)
    until: dt.date | None = None


class MembersFile(_Strict):
    file: str
    column: str


class SizeBounds(_Strict):
    at_least: int | None = Field(None, ge=0)
    at_most: int | None = Field(None, ge=0)
    change_at_most: Percent | None = None


class Expectation(_Strict):
    size: SizeBounds


class EveryDays(_Strict):
    every_days: int = Field(ge=1)


class Delivery(_Strict):
    channel: str
    priority: int = 0
    exclusivity_group: str | None = None
    repeat: Literal["once_per_entry"] | EveryDays | None = None
    reentry_gap_days: int | None = Field(None, ge=0)
    expires_after_days: int | None = Field(None, ge=1)
    capacity_per_day: int | None = Field(None, ge=0)
    ignores_caps: bool = False
    counts_toward_caps: bool = True
    starts: dt.date | None = None
    ends: dt.date | None = None


class Header(_Strict):
    """Every key of a definition; the rule itself is read from its nodes, for the positions."""

    segment: SegmentId
    name: str = Field("", max_length=200)
    description: str = ""
    owner: str | None = None
    object: str = "contact"
    type: Literal["dynamic", "static", "suppression"] = "dynamic"
    active: bool = True
    publish: bool = True
    labels: tuple[str, ...] = ()
    time_zone: TimeZone | None = None
    where: Any = None
    exclude: Any = None
    members: list[Any] | MembersFile | None = None
    pins: tuple[PinEntry, ...] = ()
    expect: Expectation | None = None
    delivery: Delivery | None = None
