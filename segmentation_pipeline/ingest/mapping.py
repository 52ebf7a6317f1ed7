"""Mapping files: which source column becomes which catalog field, and how it is read.

A mapping is data: it names columns, constants and a few ways to clean a value. What it does not
say is not guessed.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

FileType = Literal["csv", "jsonl", "parquet"]
DateOrder = Literal["month_first", "day_first", "year_first"]


def _text(value: object) -> object:
    """A scalar as a CSV cell would hold it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | float) else value


Word = Annotated[str, BeforeValidator(_text)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class FileFormat(_Strict):
    """How the file is written; everything but ``type`` concerns CSV only.

    ``separator: whitespace`` splits at any run of blanks. ``columns`` names the columns of a file
    without a heading, or renames them by position.
    """

    type: FileType | None = None
    separator: str = Field(default=",", min_length=1)
    quote: str = Field(default='"', max_length=1)
    encoding: str = "utf8"
    null_values: tuple[Word, ...] = ("",)
    header: bool = True
    columns: tuple[Word, ...] | None = None

    @model_validator(mode="after")
    def _one_character(self) -> FileFormat:
        if len(self.separator) != 1 and self.separator != "whitespace":
            raise ValueError("`separator` is one character, or `whitespace`")
        if not self.header and not self.columns:
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


class Source(_Strict):
    """Where one field comes from, and how its text is cleaned before it is typed.

    Order: ``strip``, ``remove``, ``values``, ``as``; then the field's type reads it with
    ``format``, ``date_order``, ``time_zone``, ``decimal``.
    """

    column: Word | None = None
    constant: Word | None = None
    multiply: tuple[Word, ...] | None = Field(default=None, min_length=2)
    case: tuple[Case, ...] | None = Field(default=None, min_length=1)
    default: Word | None = None
    strip: bool = False
    remove: tuple[Word, ...] = ()
    values: dict[Word, Word | None] | None = None
    as_: Literal["integer"] | None = Field(default=None, alias="as")
    format: Word | tuple[Word, ...] | None = None
    date_order: DateOrder | None = None
    time_zone: str | None = None
    decimal: Literal[".", ","] = "."
    split: str | None = Field(default=None, min_length=1)

    @model_validator(mode="before")
    @classmethod
    def _bare_column(cls, value: object) -> object:
        return value if isinstance(value, dict) else {"column": value}

    @model_validator(mode="after")
    def _one_origin(self) -> Source:
        given = [name for name in ("column", "constant", "multiply", "case") if name in self.model_fields_set]
        if len(given) != 1:
            raise ValueError("needs exactly one of `column`, `constant`, `multiply`, `case`")
        if "default" in self.model_fields_set and self.case is None:
            raise ValueError("`default` belongs to `case`")
        return self

    @property
    def formats(self) -> tuple[str, ...]:
        return (self.format,) if isinstance(self.format, str) else self.format or ()

    @property
    def reads(self) -> tuple[str, ...]:
        """The source columns it needs."""
        if self.column is not None:
            return (self.column,)
        return self.multiply or tuple(case.when.column for case in self.case or ())


class SourceMapping(_Strict):
    """One mapping file. ``creates`` lets an event file make the objects it names."""

    table: str
    format: FileFormat = FileFormat()
    time_zone: str | None = None
    columns: dict[str, Source]
    creates: dict[str, dict[str, Source]] = Field(default_factory=dict)
    ignore: tuple[Word, ...] = ()

    @property
    def reads(self) -> tuple[str, ...]:
        """Every source column it needs, once, in the order of the mapping."""
        sources = [*self.columns.values(), *(s for made in self.creates.values() for s in made.values())]
        return tuple(dict.fromkeys(name for source in sources for name in source.reads))
