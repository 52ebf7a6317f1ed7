"""YAML 1.2 documents as trees in which every node knows its line and column.

Scalars keep their text: what ``012`` or ``no`` means is decided by the type of the field it is
compared with, not by YAML. Source of the scalar rules: YAML 1.2.2, section 10.3 (core schema),
less octal-looking numbers such as ``012``, which stay text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from segmentation_pipeline.diagnostics import Diagnostic, did_you_mean
from segmentation_pipeline.errors import DefinitionError, DocumentError, Position

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pydantic_core import ErrorDetails

Plain = bool | int | float | str | list["Plain"] | dict[str, "Plain"] | None

_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]*)")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|(0|[1-9][0-9]*)(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_SPECIAL = {".inf": float("inf"), "+.inf": float("inf"), "-.inf": -float("inf"), ".nan": float("nan")}
_ALIAS_BUDGET = 10_000
_MAXIMUM_SIZE = 1 << 23
_MAXIMUM_NODES = 250_000
_MAXIMUM_DEPTH = 100
_ENDLESS_NUMBER = re.compile(r"[0-9]{300}")


@dataclass(frozen=True, slots=True)
class Scalar:
    """One scalar: its text as written, and whether it stood in quotes or a block."""

    text: str
    quoted: bool
    at: Position

    @property
    def is_null(self) -> bool:
        return not self.quoted and self.text in ("", "~", "null", "Null", "NULL")

    @property
    def plain(self) -> bool | int | float | str | None:
        """The value by the core schema, for places where no field decides its type."""
        text = self.text
        if self.quoted:
            return text
        if self.is_null:
            return None
        if text in ("true", "True", "TRUE"):
            return True
        if text in ("false", "False", "FALSE"):
            return False
        if _INTEGER.fullmatch(text):
            return int(text)
        if _FLOAT.fullmatch(text):
            return float(text)
        return _SPECIAL.get(text.lower(), text)


@dataclass(frozen=True, slots=True)
class Sequence:
    """A YAML sequence."""

    items: tuple[Node, ...]
    at: Position

    @property
    def plain(self) -> list[Plain]:
        return [item.plain for item in self.items]


@dataclass(frozen=True, slots=True)
class Mapping:
    """A YAML mapping; keys are unique scalars in file order."""

    entries: tuple[tuple[Scalar, Node], ...]
    at: Position

    @property
    def plain(self) -> dict[str, Plain]:
        return {key.text: value.plain for key, value in self.entries}

    def get(self, key: str) -> Node | None:
        return next((value for name, value in self.entries if name.text == key), None)

    def key(self, key: str) -> Scalar | None:
        return next((name for name, _ in self.entries if name.text == key), None)

    def __contains__(self, key: str) -> bool:
        return self.key(key) is not None

    def __iter__(self) -> Iterator[str]:
        return (name.text for name, _ in self.entries)


Node = Scalar | Sequence | Mapping


def read_documents(text: str, file: str) -> list[Node]:
    r"""Return the documents of a YAML text; raise `DocumentError` with the place of the first fault.

    >>> [node.plain for node in read_documents("a: no\n---\n- 012", "x.yaml")]
    [{'a': 'no'}, ['012']]
    """
    if len(text) > _MAXIMUM_SIZE:
        raise _too_large(file)
    try:
        return _Builder(text, file).documents()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        at = Position(file, mark.line + 1, mark.column + 1) if mark else Position(file, 1, 1)
        raise DocumentError(f"not readable as YAML: {error.problem or error.context}", where=at) from error
    except yaml.reader.ReaderError as error:
        raise DocumentError(
            f"not readable as text: {error.reason} at character {error.position}",
            where=Position(file, text.count("\n", 0, error.position) + 1, 1),
            hint="save the file as UTF-8",
        ) from error


def read_file(path: Path, name: str | None = None) -> list[Node]:
    """Return the documents of a file; ``name`` is how positions call it (default: the path)."""
    file = name or str(path)
    try:
        if not path.is_file():
            raise DocumentError("there is no such file", where=Position(file, 1, 1))
        with path.open("rb") as opened:
            content = opened.read(_MAXIMUM_SIZE + 1)
        if len(content) > _MAXIMUM_SIZE:
            raise _too_large(file)
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise DocumentError(
            "not readable as UTF-8", where=Position(file, line, 1), hint="save the file as UTF-8"
        ) from error
    except OSError as error:
        raise DocumentError(f"cannot be read: {error.strerror}", where=Position(file, 1, 1)) from error
    return read_documents(text, file)


def _too_large(file: str) -> DocumentError:
    what = f"larger than {_MAXIMUM_SIZE:,} bytes"
    return DocumentError(what, where=Position(file, 1, 1), hint="keep long lists of members in a CSV file")


Model = TypeVar("Model", bound=BaseModel)


def read_model(model: type[Model], node: Node, rule: str) -> Model:
    """Return ``node`` as a pydantic model; raise `DefinitionError` with a position for every fault."""
    try:
        return model.model_validate(node.plain)
    except ValidationError as error:
        raise DefinitionError([_finding(model, node, item, rule) for item in error.errors()]) from error


def locate(node: Node, path: tuple[int | str, ...]) -> Position:
    """Return where ``path`` stands in ``node``: of a missing part, where its parent does."""
    at = node.at
    for part in path:
        if isinstance(node, Mapping) and isinstance(part, str):
            key, value = node.key(part), node.get(part)
            if key is None or value is None:
                return at
            at, node = key.at, value
        elif isinstance(node, Sequence) and isinstance(part, int) and part < len(node.items):
            node = node.items[part]
            at = node.at
    return at


def _finding(model: type[BaseModel], node: Node, item: ErrorDetails, rule: str) -> Diagnostic:
    path = tuple(item["loc"])
    name = ".".join(str(part) for part in path) or "the document"
    hint = None
    if item["type"] == "extra_forbidden":
        message = f"unknown key `{path[-1]}`"
        hint = did_you_mean(str(path[-1]), model.model_fields) if len(path) == 1 else None
    elif item["type"] == "missing":
        message = f"`{name}` is missing"
    else:
        message = f"`{name}`: {item['msg'].removeprefix('Value error, ')}"
    return Diagnostic(rule, message, locate(node, path), hint)


class _Builder:
    """Turns the parser's events into nodes and refuses what a definition has no use for."""

    def __init__(self, text: str, file: str) -> None:
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        self.events: Iterator[yaml.Event] = iter(yaml.parse(text, Loader=loader))
        self.file = file
        self.anchors: dict[str, Node] = {}
        self.sizes: dict[int, int] = {}
        self.borrowed = 0
        self.nodes = 0
        self.depth = 0

    def documents(self) -> list[Node]:
        found = []
        for event in self.events:
            if isinstance(event, yaml.DocumentStartEvent):
                self.anchors.clear()
                found.append(self.node(next(self.events)))
        return found

    def at(self, event: yaml.Event) -> Position:
        mark = event.start_mark
        return Position(self.file, mark.line + 1, mark.column + 1)

    def node(self, event: yaml.Event) -> Node:
        at = self.at(event)
        if isinstance(event, yaml.AliasEvent):
            return self.alias(event.anchor, at)
        if getattr(event, "tag", None) not in (None, "!"):
            raise DocumentError(
                f"the tag `{event.tag}` is not allowed",
                where=at,
                hint="types come from the catalog; write the bare value",
            )
        self.limit(event, at)
        built: Node
        self.depth += 1
        if isinstance(event, yaml.ScalarEvent):
            built = Scalar(event.value, event.style not in (None, ""), at)
        elif isinstance(event, yaml.SequenceStartEvent):
            built = Sequence(tuple(self.nodes_until(yaml.SequenceEndEvent)), at)
        else:
            built = self.mapping(at)
        self.depth -= 1
        if not isinstance(built, Scalar):
            self.sizes[id(built)] = self.size(built)
        if event.anchor is not None:
            self.anchors[event.anchor] = built
        return built

    def limit(self, event: yaml.Event, at: Position) -> None:
        """Refuse what nobody writes by hand and what would take long or much memory."""
        self.nodes += 1
        if self.nodes > _MAXIMUM_NODES:
            raise DocumentError(f"more than {_MAXIMUM_NODES:,} nodes in one file", where=at, hint="divide it")
        if self.depth >= _MAXIMUM_DEPTH:
            raise DocumentError(f"nested deeper than {_MAXIMUM_DEPTH} levels", where=at)
        text = event.value if isinstance(event, yaml.ScalarEvent) else ""
        if len(text) >= 300 and _ENDLESS_NUMBER.search(text):
            raise DocumentError("a number of more than 300 digits", where=at)

    def nodes_until(self, end: type[yaml.Event]) -> Iterator[Node]:
        while not isinstance(event := next(self.events), end):
            yield self.node(event)

    def mapping(self, at: Position) -> Mapping:
        entries: dict[str, tuple[Scalar, Node]] = {}
        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            key = self.node(event)
            if not isinstance(key, Scalar):
                raise DocumentError("a key must be one word or text", where=key.at)
            if key.text in entries:
                first = entries[key.text][0].at
                raise DocumentError(f"duplicate key `{key.text}` (first at line {first.line})", where=key.at)
            entries[key.text] = (key, self.node(next(self.events)))
        return Mapping(tuple(entries.values()), at)

    def alias(self, name: str, at: Position) -> Node:
        if name not in self.anchors:
            raise DocumentError(f"the alias `*{name}` stands inside its own anchor or before it", where=at)
        node = self.anchors[name]
        self.borrowed += self.sizes.get(id(node), 1)
        if self.borrowed > _ALIAS_BUDGET:
            raise DocumentError(
                f"anchors expand to more than {_ALIAS_BUDGET} nodes",
                where=at,
                hint="write the parts out, or embed a segment",
            )
        return node

    def size(self, node: Sequence | Mapping) -> int:
        parts = node.items if isinstance(node, Sequence) else tuple(value for _, value in node.entries)
        return 1 + sum(self.sizes.get(id(part), 1) for part in parts)
