"""Values as a database driver gives them, as the texts that the import reads: exact, one way for each type.

A number is written shortest (``17850.00`` is ``17850``), an instant is ISO in UTC, a time without a zone
ISO without one, an array a JSON list, JSON itself.
"""

from __future__ import annotations

import datetime as dt
import ipaddress
import json
import uuid
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import polars as pl

from segmentation_pipeline.errors import ImportFailed
from segmentation_pipeline.ingest.text import as_text

if TYPE_CHECKING:
    from collections.abc import Sequence

_INSTANT = pl.Datetime("us", "UTC")
_PLAIN = (
    uuid.UUID,
    ipaddress.IPv4Address,
    ipaddress.IPv6Address,
    ipaddress.IPv4Interface,
    ipaddress.IPv6Interface,
    ipaddress.IPv4Network,
    ipaddress.IPv6Network,
)
_CASTS = {
    "bytes": "encode(column, 'base64')",
    "memoryview": "encode(column, 'base64')",
    "timedelta": "extract(epoch from column)",
}


def texts(name: str, values: Sequence[object]) -> pl.Series:
    """Return one column's values as text.

    Raises:
        ImportFailed: a value is of a type that has no text of its own.
    """
    kinds = {type(value) for value in values if value is not None}
    if kinds <= {str}:
        return pl.Series(name, values, pl.String)
    if kinds == {int}:
        return pl.Series(name, [None if value is None else str(value) for value in values], pl.String)
    if kinds in ({float}, {bool}, {dt.date}):
        return as_text(pl.Series(name, values))
    if kinds == {dt.datetime} and all(_zoned(value) for value in values):
        return as_text(pl.Series(name, values, _INSTANT))
    return pl.Series(name, [_text(name, value) for value in values], pl.String)


def _zoned(value: object) -> bool:
    return value is None or (isinstance(value, dt.datetime) and value.tzinfo is not None)


def _text(name: str, value: object) -> str | None:
    match value:
        case None | str():
            return value
        case bool() | int() | float() | dt.date():
            dtype = _INSTANT if isinstance(value, dt.datetime) and value.tzinfo is not None else None
            found: str | None = as_text(pl.Series([value], dtype=dtype)).item()
            return found
        case Decimal():
            return _number(value)
        case dt.time():
            return value.isoformat()
        case list() | tuple():
            return json.dumps([_element(name, item) for item in value], ensure_ascii=False)
        case dict():
            return json.dumps(
                {str(key): _element(name, item) for key, item in value.items()}, ensure_ascii=False
            )
        case _ if isinstance(value, _PLAIN):
            return str(value)
    kind = type(value).__name__
    raise ImportFailed(
        f"the column `{name}` has values of type {kind}, which cannot be read",
        hint=f"cast it in the query, such as `{_CASTS.get(kind, 'cast(column as text)')}`",
    )


def _element(name: str, value: object) -> Any:
    if isinstance(value, list | tuple):
        return [_element(name, item) for item in value]
    return _text(name, value)


def _number(value: Decimal) -> str | None:
    if value.is_nan():
        return None
    if not value.is_finite():
        return str(value)
    text = format(value, "f")
    shortest = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if shortest in ("-0", "") else shortest
