"""An answer's JSON as texts by path: what a provider says is data only once it has been looked at."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable

_STEP = re.compile(r"[^.\[\]]+")
_KIND = re.compile(r"[\w.+-]{1,40}/[\w.+-]{1,40}")


@dataclass(frozen=True, slots=True)
class Known:
    """What a provider knows: texts by path, null where it says nothing; lists are JSON lists."""

    values: dict[str, str | None]


@dataclass(frozen=True, slots=True)
class NothingKnown:
    """The provider was asked and does not know the contact."""


@dataclass(frozen=True, slots=True)
class Failed:
    """This contact cannot be enriched; the reason is kept.

    ``passing`` says that every attempt met trouble that may pass, such as a provider that is down.
    """

    reason: str
    passing: bool = False


@dataclass(frozen=True, slots=True)
class Later:
    """Nobody should be asked for now: the contact goes back into the queue."""

    reason: str
    wait: dt.timedelta | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """The provider does not accept us: the contact goes back into the queue, and somebody must look."""

    reason: str


Outcome = Known | NothingKnown | Failed | Later | Refused


class _UnfitError(ValueError):
    """A text that says what is wrong with an answer."""


def read_answer(body: bytes, kind: str) -> Any | Failed:
    """Return the JSON of an answer, numbers as they are written; ``kind`` is its Content-Type.

    >>> read_answer(b"<html>", "text/html; charset=utf-8").reason
    'answered with text/html that is not JSON'
    """
    try:
        return json.loads(
            body.decode("utf-8"), parse_float=str, parse_int=str, parse_constant=_unfit("is not JSON")
        )
    except (ValueError, RecursionError):
        told = _KIND.match(kind)
        named = f"{told[0]} that" if told else "what"
        return Failed(f"answered with {named} is not JSON")


def values_at(answer: Any, paths: Iterable[str]) -> dict[str, str | None] | Failed:
    """Return the text at every path, null where nothing is.

    >>> values_at({"data": {"name": " Ann ", "tags": ["a", "b"], "age": "41"}}, ["data.name", "data.tags"])
    {'data.name': ' Ann ', 'data.tags': '["a", "b"]'}
    >>> values_at({"data": {"name": {"first": "Ann"}}}, ["data.name"]).reason
    'has an object at `data.name`, where a value is expected'
    """
    found: dict[str, str | None] = {}
    for path in paths:
        try:
            found[path] = _as_text(at(answer, path), path)
        except _UnfitError as error:
            return Failed(str(error))
    return found


def at(answer: Any, path: str) -> Any:
    """Return what stands at a path such as `people[0].name`, None for nothing."""
    for step in _STEP.findall(path):
        if isinstance(answer, dict):
            answer = answer.get(step)
        elif isinstance(answer, list) and step.isascii() and step.isdigit() and int(step) < len(answer):
            answer = answer[int(step)]
        else:
            return None
    return answer


def is_nothing(value: Any) -> bool:
    """Return whether a place in an answer holds nothing: null, or an empty text, list or object."""
    return value is None or value in ("", [], {})


def _as_text(value: Any, path: str) -> str | None:
    if isinstance(value, dict):
        raise _UnfitError(f"has an object at `{path}`, where a value is expected")
    if isinstance(value, list):
        if any(isinstance(part, dict | list) for part in value):
            raise _UnfitError(f"has a list of lists or objects at `{path}`, where values are expected")
        return json.dumps([_written(part, path) for part in value if part is not None], ensure_ascii=False)
    return None if value is None else _written(value, path)


def _written(value: str | bool, path: str) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    try:
        value.encode("utf-8")
    except UnicodeEncodeError as error:
        raise _UnfitError(f"has half a character at `{path}`") from error
    if "\x00" in value:
        raise _UnfitError(f"has a null character at `{path}`")
    return value


def _unfit(reason: str) -> Any:
    def refuse(_: str) -> None:
        raise _UnfitError(reason)

    return refuse
