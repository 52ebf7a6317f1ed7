"""The shape of a provider's file, as pydantic reads it."""

from __future__ import annotations

import datetime as dt
import re
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from segmentation_pipeline.ingest.mapping import FileFormat, Source, Word
from segmentation_pipeline.partners.quantities import Interval, Size, Span

PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
Overwrite = Literal["never", "when_empty", "always"]


class _Provider(BaseModel):
    """What every kind has: which fields its answers fill, and which of two values wins.

    A field reads its ``column`` as a mapping's does, cleaned and typed alike.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, coerce_numbers_to_str=True)

    fields: Annotated[dict[str, Source], Field(min_length=1)]
    overwrite: Overwrite = "when_empty"
    overwrite_fields: dict[str, Overwrite] = Field(default_factory=dict)
    time_zone: str | None = None

    @property
    def reads(self) -> tuple[str, ...]:
        """Every column or path that its fields read, once."""
        return tuple(dict.fromkeys(name for source in self.fields.values() for name in source.reads))

    def policy(self, field: str) -> Overwrite:
        return self.overwrite_fields.get(field, self.overwrite)


class NotFound(BaseModel):
    """What an answer looks like that knows nothing of the contact.

    Its status is one of ``status``; or it is a success and nothing stands at ``path``.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    status: tuple[int, ...] = (404,)
    path: str | None = None


class HttpProvider(_Provider):
    """A service that answers with JSON, a request a contact.

    ``{field}`` in ``url``, ``query`` and ``body`` is the contact's value; ``env:NAME`` in ``headers``,
    ``query`` and ``body`` a secret from the environment. An answer whose path in ``same`` differs from
    the contact's field is somebody else's.
    """

    kind: Literal["http"]
    url: str
    method: Literal["GET", "POST"] = "GET"
    query: dict[str, Word] = Field(default_factory=dict)
    headers: dict[str, Word] = Field(default_factory=dict)
    body: dict[str, Word] | None = None
    not_found: NotFound = NotFound()
    same: dict[str, str] = Field(default_factory=dict)
    rate: Interval = dt.timedelta(seconds=0.2)
    timeout: Span = dt.timedelta(seconds=10)
    connect_timeout: Span = dt.timedelta(seconds=5)
    max_body: Size = 1_000_000
    attempts: Annotated[int, Field(ge=1, le=20)] = 4
    first_wait: Span = dt.timedelta(seconds=1)
    longest_wait: Span = dt.timedelta(minutes=5)

    @model_validator(mode="after")
    def _body_is_posted(self) -> HttpProvider:
        if self.body is not None and self.method != "POST":
            raise ValueError("`body` needs `method: POST`")
        return self

    @property
    def asks_with(self) -> tuple[str, ...]:
        """The fields of the contact that a request needs, once."""
        texts = [self.url, *self.query.values(), *(self.body or {}).values()]
        return tuple(dict.fromkeys(name for text in texts for name in PLACEHOLDER.findall(text)))


class CsvProvider(_Provider):
    """A file of manual data below the definitions folder; ``match`` says whose row is whose."""

    kind: Literal["csv"]
    file: str
    format: FileFormat = FileFormat()
    match: Annotated[dict[str, Word], Field(min_length=1, max_length=1)]

    @property
    def asks_with(self) -> tuple[str, ...]:
        return tuple(self.match)


Provider = HttpProvider | CsvProvider
KINDS: dict[str, type[HttpProvider | CsvProvider]] = {"http": HttpProvider, "csv": CsvProvider}
