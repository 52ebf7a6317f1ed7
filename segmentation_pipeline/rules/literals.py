"""Reads single values by the type of what they are compared with; never a silent no-match."""

from __future__ import annotations

import decimal
import re
import unicodedata
from functools import singledispatch
from typing import TYPE_CHECKING

from segmentation_pipeline.catalog.types import (
    Boolean,
    Date,
    Datetime,
    Decimal,
    Enum,
    FieldType,
    Integer,
    Number,
    Text,
)
from segmentation_pipeline.diagnostics import did_you_mean
from segmentation_pipeline.rules.time_grammar import read_moment

if TYPE_CHECKING:
    from segmentation_pipeline.rules.moments import Moment
    from segmentation_pipeline.rules.tree import Literal

_NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d{1,3})?")
_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}
_INT64 = 2**63


@singledispatch
def read_literal(kind: FieldType, text: str) -> Literal:
    """Return ``text`` as a value of ``kind``; raise ValueError that says why it is none.

    >>> read_literal(Integer(), "012")
    12
    """
    raise NotImplementedError(f"no values of type {kind}")


@read_literal.register(Text)
def _(_kind: Text, text: str) -> str:
    return unicodedata.normalize("NFC", text)


@read_literal.register(Enum)
def _(kind: Enum, text: str) -> str:
    composed = unicodedata.normalize("NFC", text)
    if composed not in {unicodedata.normalize("NFC", value) for value in kind.values}:
        hint = did_you_mean(text, kind.values)
        raise ValueError(
            f"`{text}` is not one of its values ({', '.join(kind.values)})" + (f"; {hint}" if hint else "")
        )
    return composed


@read_literal.register(Integer)
def _(_kind: Integer, text: str) -> int:
    value = _decimal(text)
    if value != value.to_integral_value():
        raise ValueError(f"`{text}` is not a whole number")
    if not -_INT64 <= value < _INT64:
        raise ValueError(f"`{text}` does not fit into 64 bits")
    return int(value)


@read_literal.register(Number)
def _(_kind: Number, text: str) -> float:
    value = float(_decimal(text))
    if value in (float("inf"), -float("inf")):
        raise ValueError(f"`{text}` is too large")
    return value


@read_literal.register(Decimal)
def _(kind: Decimal, text: str) -> decimal.Decimal:
    value = _decimal(text)
    with decimal.localcontext(prec=400):
        scaled = value.scaleb(kind.scale)
        if scaled != scaled.to_integral_value():
            raise ValueError(f"`{text}` has more than {kind.scale} digits after the point")
        if abs(scaled) >= decimal.Decimal(10) ** 38:
            raise ValueError(f"`{text}` is too large")
        return value.normalize() if value else decimal.Decimal(0)


@read_literal.register(Boolean)
def _(_kind: Boolean, text: str) -> bool:
    if text.lower() not in _BOOLEANS:
        raise ValueError(f"`{text}` is not true, false, 1 or 0")
    return _BOOLEANS[text.lower()]


@read_literal.register(Date)
@read_literal.register(Datetime)
def _(_kind: Date | Datetime, text: str) -> Moment:
    return read_moment(text)


def _decimal(text: str) -> decimal.Decimal:
    stripped = text.strip()
    if not _NUMBER.fullmatch(stripped):
        raise ValueError(f"`{text}` is not a number")
    return decimal.Decimal(stripped)
