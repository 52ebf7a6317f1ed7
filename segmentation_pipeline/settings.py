"""The settings of one workspace as ``segmentation.toml`` and the environment write them."""

from __future__ import annotations

import datetime as dt
import json
import re
import zoneinfo
from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator

Status = Literal["active", "blocked", "cancelled", "dormant"]
Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
WEEKDAYS: tuple[str, ...] = get_args(Weekday)

_DURATION = re.compile(r"(\d+) (second|minute|hour|day|week)s?")
_BYTES = re.compile(r"(\d+)\s*([KMGT]?B)?", re.IGNORECASE)
_SCALE = {"B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}


def _duration(value: Any) -> dt.timedelta:
    match = _DURATION.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError("write a duration such as `90 days` or `2 hours`")
    return dt.timedelta(**{f"{match[2]}s": int(match[1])})


def parse_bytes(value: Any) -> int:
    """Return a number of bytes written such as `10 GB`; `ValueError` for anything else."""
    match = _BYTES.fullmatch(str(value)) if not isinstance(value, bool) else None
    if match is None:
        raise ValueError("write a number of bytes such as `10 GB`")
    return int(match[1]) * _SCALE[(match[2] or "B").upper()]


def _instant(value: Any) -> dt.datetime:
    moment = dt.datetime.fromisoformat(value) if isinstance(value, str) else value
    if not isinstance(moment, dt.datetime) or moment.tzinfo is None:
        raise ValueError("write an instant with its offset, such as `2026-06-30T00:00:00Z`")
    return moment.astimezone(dt.UTC)


def _options(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) else value


Duration = Annotated[dt.timedelta, BeforeValidator(_duration)]


class Settings(BaseModel):
    """One ``[workspaces.<id>]`` table. Paths are relative to the project."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = ""
    definitions: str = Field("segment_definitions", min_length=1)
    lake: str = Field("data/lake", min_length=1)
    inbox: str | None = Field(None, min_length=1)
    storage_options: Annotated[dict[str, str], BeforeValidator(_options)] = {}
    time_zone: str = "UTC"
    week_starts: Weekday = "monday"
    status: Status = "active"
    known_as: tuple[str, ...] = ()
    retention: Duration = dt.timedelta(days=90)
    max_scan_bytes: Annotated[int, BeforeValidator(parse_bytes), Field(gt=0)] | None = None
    memory_limit: Annotated[int, BeforeValidator(parse_bytes), Field(gt=0)] | None = None
    bucket_size: Annotated[int, Field(ge=1024)] | None = None
    run_timeout: Duration | None = None
    as_of: Annotated[dt.datetime, BeforeValidator(_instant)] | None = None

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        if value not in zoneinfo.available_timezones():
            raise ValueError("write the name of a time zone, such as `Europe/Paris` or `UTC`")
        return value

    @classmethod
    def choices(cls, name: str) -> tuple[str, ...]:
        """Return what a setting that is one of a few words may be; empty for any other."""
        kind = cls.model_fields[name].annotation if name in cls.model_fields else None
        return get_args(kind) if kind in (Status, Weekday) else ()
