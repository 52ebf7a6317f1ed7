"""The types a field can have, and how YAML names them."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Text:
    """Unicode text, compared after NFC."""

    def __str__(self) -> str:
        return "text"


@dataclass(frozen=True, slots=True)
class Enum:
    """One of a closed list of texts."""

    values: tuple[str, ...]

    def __str__(self) -> str:
        return "enum"


@dataclass(frozen=True, slots=True)
class Integer:
    """A whole number of 64 bits."""

    def __str__(self) -> str:
        return "integer"


@dataclass(frozen=True, slots=True)
class Number:
    """A 64-bit float; NaN reads as null. Quantised to 10⁻⁶ wherever a measure computes with it."""

    def __str__(self) -> str:
        return "number"


@dataclass(frozen=True, slots=True)
class Decimal:
    """An exact decimal with a fixed number of digits after the point."""

    scale: int = 4

    def __str__(self) -> str:
        return f"decimal({self.scale})"


@dataclass(frozen=True, slots=True)
class Boolean:
    """True or false."""

    def __str__(self) -> str:
        return "boolean"


@dataclass(frozen=True, slots=True)
class Date:
    """A calendar day, never shifted by a time zone."""

    def __str__(self) -> str:
        return "date"


@dataclass(frozen=True, slots=True)
class Datetime:
    """An instant in UTC, in microseconds."""

    def __str__(self) -> str:
        return "datetime"


ScalarType = Text | Enum | Integer | Number | Decimal | Boolean | Date | Datetime


@dataclass(frozen=True, slots=True)
class ListOf:
    """Any number of values of one scalar type; null elements are ignored."""

    of: ScalarType

    def __str__(self) -> str:
        return f"list of {self.of}"


FieldType = ScalarType | ListOf

_PLAIN: dict[str, ScalarType] = {
    str(kind): kind for kind in (Text(), Integer(), Number(), Boolean(), Date(), Datetime())
}
NAMES = (*_PLAIN, "enum", "decimal", "decimal(scale)", "list", "struct")
_DECIMAL = re.compile(r"decimal(?:\(\s*(\d{1,2})\s*\))?")


def scalar_type(name: str) -> ScalarType:
    """Return the scalar type that YAML calls ``name``.

    >>> scalar_type("decimal(2)")
    Decimal(scale=2)
    """
    if name in _PLAIN:
        return _PLAIN[name]
    if match := _DECIMAL.fullmatch(name):
        scale = int(match[1]) if match[1] is not None else 4
        if scale <= 18:
            return Decimal(scale)
    raise ValueError(f"`{name}` is not a type (allowed: {', '.join(NAMES)})")
