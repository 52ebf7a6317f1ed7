"""The shape of a segment test, as pydantic reads it."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from segmentation_pipeline.rules.header import TimeZone

AS_OF = "2026-01-01T00:00:00Z"
"""The instant of a test that names none: no test depends on the day it runs."""
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", coerce_numbers_to_str=True)


class ExpectedError(_Strict):
    segment: str
    contains: str


class Settings(_Strict):
    week_starts: str = Field(default="monday", pattern=f"^({'|'.join(WEEKDAYS)})$")
    time_zone: TimeZone | None = None


class SegmentTest(_Strict):
    """One document of a test file; what depends on the catalog is read from its nodes."""

    test: str
    as_of: str = AS_OF
    time_zone: TimeZone | None = None
    workspace: Settings = Settings()
    catalog: Any = None
    given: Any = None
    segments: dict[str, Any] | None = None
    expect: dict[str, list[str]] = {}
    expect_error: ExpectedError | list[ExpectedError] = []
