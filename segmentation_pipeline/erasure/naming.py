"""Where definitions name somebody: pins, lists of members, values of rules, files of keys."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

from segmentation_pipeline.documents import Mapping, Node, Scalar, Sequence, read_documents
from segmentation_pipeline.erasure.texts import ERASED
from segmentation_pipeline.errors import DocumentError, Position

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from segmentation_pipeline.erasure.texts import Mentions
    from segmentation_pipeline.workspace import Workspace

_NO_KEYS = {"tests", "schemas", "mappings", "examples"}
"""Folders whose files have keys that were made up."""
_SUFFIXES = {".yaml", ".yml", ".csv", ".txt", ".json", ".md"}


@dataclass(frozen=True, slots=True)
class Naming:
    """One place of a file that names somebody."""

    at: Position

    def __str__(self) -> str:
        return f"{self.at.file}:{self.at.line}"


def naming_places(workspace: Workspace, mentions: Mentions, key: str) -> list[Naming]:
    """Return every place below the definitions folder that names the subject; ``key`` is the key's column."""
    paths = sorted(
        path for path in workspace.definitions.rglob("*") if path.suffix in _SUFFIXES and path.is_file()
    )
    texts = {path: path.read_bytes().decode("utf-8-sig", errors="replace") for path in paths}
    columns = {key} | {column for path, text in texts.items() for column in _key_columns(path, text)}
    found: list[Naming] = []
    for path, text in texts.items():
        name = workspace.file_name(path)
        if path.suffix == ".csv":
            lines = _csv_lines(text, mentions, columns)
        else:
            made_up = path.relative_to(workspace.definitions).parts[0] in _NO_KEYS
            lines = _lines(text, name, mentions, with_keys=not made_up)
        found += [Naming(Position(name, line, 1)) for line in sorted(set(lines))]
    return found


def without(text: str, mentions: Mentions) -> str:
    """Return a definition with every name of the subject replaced: its keys where keys stand."""
    lines = text.split("\n")
    places = _scalars_naming(text, "stored", mentions)
    for at, said in sorted(places, key=lambda place: (place[0].line, place[0].column), reverse=True):
        line = lines[at.line - 1]
        start = at.column - 1
        lines[at.line - 1] = line[:start] + line[start:].replace(said, ERASED, 1)
    return mentions.without("\n".join(lines))


def _lines(text: str, file: str, mentions: Mentions, *, with_keys: bool) -> Iterator[int]:
    if with_keys:
        yield from (at.line for at, _ in _scalars_naming(text, file, mentions))
    yield from (number for number, line in enumerate(text.splitlines(), 1) if mentions.in_text(line))


def _csv_lines(text: str, mentions: Mentions, columns: set[str]) -> Iterator[int]:
    rows = csv.reader(io.StringIO(text))
    heading = next(rows, [])
    wanted = [number for number, column in enumerate(heading) if column in columns]
    for row in rows:
        cells = (row[number] for number in wanted if number < len(row))
        if any(mentions.is_key(cell) for cell in cells) or any(mentions.in_text(cell) for cell in row):
            yield rows.line_num


def _scalars_naming(text: str, file: str, mentions: Mentions) -> list[tuple[Position, str]]:
    """Return the scalars that are keys, in places of keys, with their places."""
    try:
        documents = read_documents(text, file)
    except DocumentError:
        return [
            (Position(file, number, 1), key)
            for number, line in enumerate(text.splitlines(), 1)
            for key in mentions.keys
            if mentions.in_line(line) and key in line
        ]
    return [
        (scalar.at, scalar.text)
        for document in documents
        for scalar in _places_of_keys(document)
        if mentions.is_key(scalar.text)
    ]


def _places_of_keys(node: Node) -> Iterator[Scalar]:
    """Yield what may be keys of objects: members, pins, values of conditions."""
    if isinstance(node, Sequence):
        for item in node.items:
            yield from _places_of_keys(item)
    if not isinstance(node, Mapping):
        return
    for name, value in node.entries:
        pinned = name.text == "key" and "put" in node
        if name.text == "members" or (name.text == "value" and _asks_for_key(node)):
            yield from _scalars(value)
        elif isinstance(value, Scalar) and (pinned or name.text.endswith("_id")):
            yield value
        else:
            yield from _places_of_keys(value)


def _asks_for_key(condition: Mapping) -> bool:
    field = condition.get("field")
    return isinstance(field, Scalar) and field.text.endswith("_id")


def _scalars(node: Node) -> Iterator[Scalar]:
    if isinstance(node, Scalar):
        yield node
    elif isinstance(node, Sequence):
        for item in node.items:
            yield from _scalars(item)
    else:
        for _, value in node.entries:
            yield from _scalars(value)


def _key_columns(path: Path, text: str) -> Iterator[str]:
    """Yield the columns that definitions read from files."""
    if path.suffix not in (".yaml", ".yml"):
        return
    try:
        documents = read_documents(text, path.name)
    except DocumentError:
        return
    for document in documents:
        yield from _columns_below(document)


def _columns_below(node: Node) -> Iterator[str]:
    if isinstance(node, Sequence):
        for item in node.items:
            yield from _columns_below(item)
    elif isinstance(node, Mapping):
        column = node.get("column")
        if "file" in node and isinstance(column, Scalar):
            yield column.text
        for _, value in node.entries:
            yield from _columns_below(value)
