"""Mapping files: which source column becomes which catalog field, and how it is read.

A mapping is data: it names columns, constants and a few ways to clean a value. What it does not
say is not guessed.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

FileType = Literal["csv", "jsonl", "parquet"]
Compression = Literal["none", "gzip", "bz2", "zstd"]
DateOrder = Literal["month_first", "day_first", "year_first"]


def _text(value: object) -> object:
    """A scalar as a CSV cell would hold it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | float) else value


Word = Annotated[str, BeforeValidator(_text)]


def _several(value: object) -> object:
    return [value] if isinstance(value, str) else value


Words = Annotated[tuple[Word, ...], BeforeValidator(_several, json_schema_input_type=Word | list[Word])]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class FileFormat(_Strict):
    """How the file is written; what is not said is found out, property by property.

    ``json`` and ``rows`` are for JSON lines: columns that hold JSON as text, and lists of which each
    element is a row of its own. Everything else but ``type`` and ``compression`` concerns CSV only.
    ``separator: whitespace`` splits at any run of blanks. ``columns`` names the columns of a file
    without a heading, or renames them by position. ``skip_lines`` lines before the heading (or the
    first row) are passed over.
    """

    type: FileType | None = None
    compression: Compression | None = None
    separator: str | None = Field(default=None, min_length=1)
    quote: str | None = Field(default=None, max_length=1)
    encoding: str | None = None
    null_values: tuple[Word, ...] = ("",)
    header: bool | None = None
    skip_lines: int | None = Field(default=None, ge=0)
    columns: tuple[Word, ...] | None = None
    json_: Words = Field(default=(), alias="json")
    rows: Words = ()

    @model_validator(mode="after")
    def _one_character(self) -> FileFormat:
        if self.separator is not None and len(self.separator) != 1 and self.separator != "whitespace":
            raise ValueError("`separator` is one character, or `whitespace`")
        if self.separator in ("\r", "\n", "\0") or self.quote in ("\r", "\n", "\0"):
            raise ValueError("no end of a line and no null byte can be `separator` or `quote`")
        if self.separator is not None and self.separator == self.quote:
            raise ValueError("`separator` and `quote` cannot be the same")
        if self.header is False and not self.columns:
            raise ValueError("a file without a heading needs `columns`")
        return self


class Condition(_Strict):
    """One test on one source column, as text; all tests given must hold."""

    column: Word
    equals: Word | None = None
    one_of: tuple[Word, ...] | None = Field(default=None, alias="in")
    starts_with: Word | None = None
    ends_with: Word | None = None
    contains: Word | None = None
    is_empty: bool | None = None
    less_than: float | None = None
    greater_than: float | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Condition:
        if len(self.model_fields_set) < 2:
            raise ValueError("a condition needs a test: equals, in, starts_with, …")
        return self


class Case(_Strict):
    """The value of a field where a condition holds; the first case that holds decides."""

    when: Condition
    value: Word | None


ORIGINS = ("column", "constant", "multiply", "case", "first")


class Source(_Strict):
    """Where one field comes from, and how its text is cleaned before it is typed.

    Order: ``strip``, ``remove``, ``values`` (and what becomes of ``others``), ``as``; then the field's
    type reads it with ``format``, ``date_order``, ``time_zone``, ``decimal``, ``thousands``. Of the
    parts of ``first`` the first one that has a value decides; a part counts where its ``when`` holds.
    ``lookup`` finds the owner of an event by its unique e-mail.
    """

    column: Word | None = None
    constant: Word | None = None
    multiply: tuple[Word, ...] | None = Field(default=None, min_length=2)
    case: tuple[Case, ...] | None = Field(default=None, min_length=1)
    first: tuple[Source, ...] | None = Field(default=None, min_length=2)
    default: Word | None = None
    when: Condition | None = None
    lookup: Word | None = None
    strip: bool = False
    remove: tuple[Word, ...] = ()
    values: dict[Word, Word | None] | None = None
    others: Literal["keep", "empty", "reject"] = "keep"
    as_: Literal["integer"] | None = Field(default=None, alias="as")
    format: Word | tuple[Word, ...] | None = None
    date_order: DateOrder | None = None
    time_zone: str | None = None
    decimal: Literal[".", ","] | None = None
    thousands: Literal[",", ".", " ", "'"] | None = None
    split: str | None = Field(default=None, min_length=1)

    @model_validator(mode="before")
    @classmethod
    def _bare_column(cls, value: object) -> object:
        return value if isinstance(value, dict) else {"column": value}

    @model_validator(mode="after")
    def _one_origin(self) -> Source:
        given = [name for name in ORIGINS if name in self.model_fields_set]
        if len(given) != 1:
            raise ValueError(f"needs exactly one of {', '.join(f'`{name}`' for name in ORIGINS)}")
        if self.first is not None and self.model_fields_set - {"first", "lookup"}:
            raise ValueError("what is done to a value stands in the parts of `first`")
        if any(part.first is not None or part.lookup is not None for part in self.first or ()):
            raise ValueError("a part of `first` has neither `first` nor `lookup`")
        if self.others != "keep" and self.values is None:
            raise ValueError("`others` belongs to `values`")
        if "default" in self.model_fields_set and self.case is None:
            raise ValueError("`default` belongs to `case`")
        if self.thousands is not None and self.decimal in (None, self.thousands):
            raise ValueError("`thousands` needs another `decimal` beside it")
        return self

    @property
    def formats(self) -> tuple[str, ...]:
        return (self.format,) if isinstance(self.format, str) else self.format or ()

    @property
    def drawn_from(self) -> tuple[str, ...]:
        """The source columns that its value is made of."""
        if self.column is not None:
            return (self.column,)
        if self.first is not None:
            return tuple(name for part in self.first for name in part.drawn_from)
        return self.multiply or tuple(case.when.column for case in self.case or ())

    @property
    def reads(self) -> tuple[str, ...]:
        """The source columns it needs, those of its conditions too."""
        if self.first is not None:
            return tuple(name for part in self.first for name in part.reads)
        return self.drawn_from + (() if self.when is None else (self.when.column,))


class Rejection(_Strict):
    """Rows that are none of the table's: they are rejected, with this reason."""

    when: Condition
    reason: str = Field(min_length=1)


class SourceMapping(_Strict):
    """One mapping file. ``creates`` lets an event file make the objects it names.

    ``equal_rows: one`` says that events without an id, if equal, are one event told more than once.
    Columns that are neither mapped nor ignored are left out and listed; ``unknown: custom`` makes
    them custom fields, which the catalog must declare.
    """

    table: str
    format: FileFormat = FileFormat()
    time_zone: str | None = None
    columns: dict[str, Source]
    creates: dict[str, dict[str, Source]] = Field(default_factory=dict)
    ignore: tuple[Word, ...] = ()
    unknown: Literal["list", "custom"] = "list"
    reject: tuple[Rejection, ...] = ()
    equal_rows: Literal["each", "one"] = "each"

    @property
    def reads(self) -> tuple[str, ...]:
        """Every source column it needs, once, in the order of the mapping."""
        sources = [*self.columns.values(), *(s for made in self.creates.values() for s in made.values())]
        tested = (rule.when.column for rule in self.reject)
        return tuple(dict.fromkeys((*(name for source in sources for name in source.reads), *tested)))
