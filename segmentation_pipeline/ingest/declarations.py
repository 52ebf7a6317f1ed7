"""The shape of ``sources.yaml``, as pydantic reads it."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from segmentation_pipeline.ingest.mapping import FileType

_SHARE = re.compile(r"(\d{1,3}(?:\.\d+)?)\s*%")
_SPAN = re.compile(r"(\d+) (minute|hour|day|week)s?")
Share = Annotated[str, Field(pattern=rf"^{_SHARE.pattern}$", examples=["50%"])]
Span = Annotated[str, Field(pattern=rf"^{_SPAN.pattern}$", examples=["2 days", "6 hours"])]


def _share(value: object) -> object:
    if isinstance(value, str):
        match = _SHARE.fullmatch(value)
        if match is None or float(match[1]) > 100:
            raise ValueError(f"`{value}` is not a share such as 50%")
        return float(match[1]) / 100
    raise ValueError("write a share with its sign, such as 50%")


def _span(value: object) -> object:
    match = _SPAN.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError(f"`{value}` is not a span such as `2 days` (minutes, hours, days, weeks)")
    return timedelta(**{f"{match[2]}s": int(match[1])})


def _several(value: object) -> object:
    return [value] if isinstance(value, str) else value


class SourceDeclaration(BaseModel):
    """One entry: which files feed which table."""

    model_config = ConfigDict(extra="forbid")

    table: str
    files: Annotated[
        tuple[str, ...],
        BeforeValidator(_several, json_schema_input_type=str | list[str]),
        Field(min_length=1),
    ]
    format: FileType | None = None
    mapping: str | None = None
    max_shrink: Annotated[float, BeforeValidator(_share, json_schema_input_type=Share)] = 0.5
    stale_after: Annotated[timedelta, BeforeValidator(_span, json_schema_input_type=Span)] | None = None


class SourcesDocument(BaseModel):
    """The whole file."""

    model_config = ConfigDict(extra="forbid")

    sources: dict[str, SourceDeclaration] = Field(default_factory=dict)
