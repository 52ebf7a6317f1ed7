"""Conditions on rows in the SQL of the Delta library, whatever stands in names and values."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def one_of(column: str, values: Sequence[str]) -> str:
    """Return that a text column has one of the values.

    >>> print(one_of("segment_id", ["vip", "it's"]))
    "segment_id" IN ('vip', 'it''s')
    """
    return f"{_identifier(column)} IN ({', '.join(_literal(value) for value in values)})"


def same_key(key: Sequence[str]) -> str:
    """Return that a row of ``source`` and one of ``target`` have equal, non-null keys.

    >>> print(same_key(["segment_id"]))
    target."segment_id" = source."segment_id"
    """
    return " AND ".join(f"target.{_identifier(column)} = source.{_identifier(column)}" for column in key)


def among(column: str, values: Sequence[str], *, folded: bool = False) -> str:
    """Return that a column, as text, has one of the values; ``folded`` as small letters.

    >>> print(among("email", ["a@x.org"], folded=True))
    lower(CAST("email" AS VARCHAR)) IN ('a@x.org')
    """
    text = f"CAST({_identifier(column)} AS VARCHAR)"
    return f"{f'lower({text})' if folded else text} IN ({', '.join(_literal(value) for value in values)})"


def any_number(column: str, values: Sequence[int]) -> str:
    """Return that a column of integers has one of the values.

    >>> print(any_number("object_index", [3, 4]))
    "object_index" IN (3, 4)
    """
    return f"{_identifier(column)} IN ({', '.join(str(int(value)) for value in values)})"


def _identifier(name: str) -> str:
    # Unquoted names are folded to small letters.
    return '"' + name.replace('"', '""') + '"'


def _literal(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
