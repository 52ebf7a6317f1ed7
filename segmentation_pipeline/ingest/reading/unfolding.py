"""Objects of JSON that hold several rows, or JSON as text, as one object a row.

>>> unfold({"batch": 7, "events": [{"id": 1}, {"id": 2}]}, Unfolding(rows=("events",)))
[{'batch': 7, 'events': {'id': 1}}, {'batch': 7, 'events': {'id': 2}}]
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Object = dict[str, Any]
_MOST = 100_000
"""Rows of one line: as many as nobody sends together, and few enough to hold."""


@dataclass(frozen=True, slots=True)
class Unfolding:
    """Paths such as ``outer.inner``: of texts that hold JSON, and of lists whose elements are rows.

    Of several lists the first one that is there and not empty makes the rows. The row keeps the names
    of all it stood in: an element's ``id`` is ``events.id``.
    """

    json: tuple[str, ...] = ()
    rows: tuple[str, ...] = ()


def unfold(value: Any, how: Unfolding, parse: Callable[[str], Any] | None = None) -> list[Object]:
    """Return the rows of one line: of an object one, of a list of objects one each.

    Raises:
        ValueError: what ought to be a row is no object, or a text is no JSON; the message says which.
    """
    objects = value if isinstance(value, list) else [value]
    if not all(isinstance(item, dict) for item in objects):
        raise ValueError("the line is not a JSON object")
    found: list[Object] = []
    for item in objects:
        for path in how.json:
            _parse(item, path.split("."), path, parse)
        rows = next((rows for path in how.rows if (rows := _rows(item, path.split(".")))), [item])
        found += rows
        if len(found) > _MOST:
            raise ValueError(f"the line has more than {_MOST:,} rows")
    return found


def _rows(value: Object, path: Sequence[str]) -> list[Object]:
    """Return a copy of ``value`` for each element that lies at ``path``; none where nothing does."""
    name, *rest = path
    inner = value.get(name)
    if not rest:
        return [{**value, name: part} for part in inner] if isinstance(inner, list) else []
    parts = inner if isinstance(inner, list) else [inner]
    below = (_rows(part, rest) for part in parts if isinstance(part, dict))
    return [{**value, name: part} for rows in below for part in rows]


def _parse(value: Any, path: Sequence[str], whole: str, parse: Callable[[str], Any] | None) -> None:
    if isinstance(value, list):
        for part in value:
            _parse(part, path, whole, parse)
        return
    if not isinstance(value, dict) or path[0] not in value or parse is None:
        return
    name, *rest = path
    if rest:
        _parse(value[name], rest, whole, parse)
    elif isinstance(value[name], str) and value[name].strip():
        try:
            value[name] = parse(value[name])
        except (ValueError, RecursionError) as error:
            raise ValueError(f"`{whole}` is not readable as JSON: {error}") from error
