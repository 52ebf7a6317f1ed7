"""The shape of ``sources.yaml``, as pydantic reads it."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from segmentation_pipeline.ingest.mapping import FileType, Word

ORIGINS = ("files", "sql", "delta")
_SHARE = re.compile(r"(\d{1,3}(?:\.\d+)?)\s*%")
_SPAN = re.compile(r"(\d+) (second|minute|hour|day|week)s?")
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
        raise ValueError(f"`{value}` is not a span such as `2 days` (seconds, minutes, hours, days, weeks)")
    return timedelta(**{f"{match[2]}s": int(match[1])})


def _several(value: object) -> object:
    return [value] if isinstance(value, str) else value


Duration = Annotated[timedelta, BeforeValidator(_span, json_schema_input_type=Span)]


class SqlDeclaration(BaseModel):
    """A query to a database. ``url`` may be ``env:NAME``, and must be where it holds a password."""

    model_config = ConfigDict(extra="forbid")

    url: str = Field(min_length=1, examples=["env:SHOP_DATABASE_URL"])
    query: str = Field(min_length=1)
    watermark: str | None = Field(default=None, min_length=1)
    start: Word | None = None
    overlap: Duration | None = None
    timeout: Duration | None = None

    @model_validator(mode="after")
    def _watermarked(self) -> SqlDeclaration:
        if self.watermark is None and (self.start is not None or self.overlap is not None):
            raise ValueError("`start` and `overlap` belong to a `watermark`")
        return self


class DeltaDeclaration(BaseModel):
    """Another Delta table: a folder of the project, or a URL with what its store asks for."""

    model_config = ConfigDict(extra="forbid")

    path: str | None = Field(default=None, min_length=1)
    url: str | None = Field(default=None, pattern=r"^[a-z0-9]+://")
    version: int | None = Field(default=None, ge=0)
    storage_options: dict[str, Word] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _one_place(self) -> DeltaDeclaration:
        if (self.path is None) == (self.url is None):
            raise ValueError("needs `path`, a folder of the project, or `url`")
        if self.path is not None and self.storage_options:
            raise ValueError("`storage_options` belong to a `url`")
        return self


class SourceDeclaration(BaseModel):
    """One entry: what feeds which table."""

    model_config = ConfigDict(extra="forbid")

    table: str
    files: Annotated[
        tuple[str, ...] | None,
        BeforeValidator(_several, json_schema_input_type=str | list[str]),
        Field(min_length=1),
    ] = None
    sql: SqlDeclaration | None = None
    delta: DeltaDeclaration | None = None
    format: FileType | None = None
    mapping: str | None = None
    max_shrink: Annotated[float, BeforeValidator(_share, json_schema_input_type=Share)] = 0.5
    stale_after: Duration | None = None

    @model_validator(mode="after")
    def _one_origin(self) -> SourceDeclaration:
        given = [name for name in ORIGINS if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError(f"needs exactly one of {', '.join(f'`{name}`' for name in ORIGINS)}")
        if self.format is not None and self.files is None:
            raise ValueError(f"`format` is for `files`, and rows of `{given[0]}` have none")
        return self


class SourcesDocument(BaseModel):
    """The whole file."""

    model_config = ConfigDict(extra="forbid")

    sources: dict[str, SourceDeclaration] = Field(default_factory=dict)
