"""YAML as text that is changed in places: what an edit does not name stays as it was, to the byte.

A parser that writes documents anew loses what people care for: comments beside a removed item, how
lines are broken. Here the parser only says where things stand (`yaml.compose`).
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import yaml

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_PLAIN = re.compile(r"[A-Za-z_][\w.@+/-]*")
_WORDS = frozenset(("null", "true", "false", "yes", "no", "on", "off", "y", "n"))
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class Edit:
    """Characters ``start`` … ``end`` of a text become ``text``."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class YamlText:
    """A text and the nodes of its documents, which know where they stand."""

    text: str
    documents: tuple[yaml.Node, ...]

    @classmethod
    def read(cls, text: str) -> YamlText:
        """Return a text that is known to be readable (see `documents.read_documents`)."""
        return cls(text, tuple(yaml.compose_all(text, Loader=_LOADER)))

    @property
    def newline(self) -> str:
        return "\r\n" if "\r\n" in self.text else "\n"

    def applied(self, edits: Iterable[Edit]) -> str:
        """Return the text with edits made; of two equal ones, one; at one place, in the order given."""
        parts, place = [], 0
        for edit in sorted(dict.fromkeys(edits), key=lambda edit: (edit.start, edit.end)):
            parts += [self.text[place : edit.start], edit.text]
            place = max(place, edit.end)
        return "".join([*parts, self.text[place:]])

    def append(self, items: yaml.SequenceNode, written: Iterable[str]) -> list[Edit]:
        """Return the edits that write items after the last of a sequence, in its own style."""
        new = list(written)
        if not items.value:
            inside = items.end_mark.index - 1
            return [Edit(inside, inside, ", ".join(new))]
        last = end_of(items.value[-1])
        if not items.flow_style:
            dash = self.text.rindex("-", 0, items.value[0].start_mark.index)
            return [self._line_after(last, [f"{self._indent(dash)}- {item}" for item in new])]
        tail = re.sub(r"#[^\n]*", "", self.text[last : items.end_mark.index - 1])
        if "\n" not in tail:
            return [Edit(last, last, "".join(f", {item}" for item in new))]
        indent = self._indent(items.value[-1].start_mark.index)
        lines = [f"{indent}{item}," for item in new]
        if "," in tail:
            return [self._line_after(last, lines)]
        return [Edit(last, last, ","), self._line_after(last, [*lines[:-1], lines[-1][:-1]])]

    def remove(self, items: yaml.SequenceNode, numbers: Iterable[int]) -> list[Edit]:
        """Return the edits that take items out of a sequence; the comments above them stay."""
        gone = set(numbers)
        if not items.flow_style:
            return self._without_lines(items, gone)
        kept = [number for number in range(len(items.value)) if number not in gone]
        if not kept:
            return [Edit(items.start_mark.index, items.end_mark.index, "[]")]
        return [self._without_item(items, number, after=number < kept[-1]) for number in gone]

    def _without_item(self, items: yaml.SequenceNode, number: int, *, after: bool) -> Edit:
        """Take out one item of a flow sequence with a comma: the one after it, or the one before."""
        item = items.value[number]
        start, end = item.start_mark.index, end_of(item)
        comma = re.compile(r"[ \t]*,").match(self.text, end)
        line_start = self.text.rfind("\n", 0, start) + 1
        if not self.text[line_start:start].strip() and self._rest(comma.end() if comma else end) is not None:
            return Edit(line_start, self._next_line(comma.end() if comma else end), "")
        if comma is not None and after:
            blank = re.compile(r"[ \t]*").match(self.text, comma.end())
            return Edit(start, blank.end() if blank else comma.end(), "")
        before = end_of(items.value[number - 1]) if number else start
        return Edit(before, end, "")

    def _without_lines(self, items: yaml.SequenceNode, gone: set[int]) -> list[Edit]:
        edits = []
        for number in gone:
            item = items.value[number]
            dash = self.text.rindex("-", 0, item.start_mark.index)
            edits.append(Edit(self.text.rfind("\n", 0, dash) + 1, self._next_line(end_of(item)), ""))
        if len(gone) == len(items.value):
            dash = self.text.rindex("-", 0, items.value[0].start_mark.index)
            colon = len(re.sub(r"(?m)(^|[ \t])#.*$", _blanked, self.text[:dash]).rstrip())
            edits.append(Edit(colon, colon, " []"))
        return edits

    def _rest(self, place: int) -> str | None:
        """Return the comment or blanks that end a line, or None where something else follows."""
        rest = self.text[place : self._line_end(place)]
        return rest if not rest.strip() or rest.lstrip().startswith("#") else None

    def _line_end(self, place: int) -> int:
        found = self.text.find("\n", place)
        return len(self.text) if found < 0 else found - (self.text[found - 1] == "\r")

    def _next_line(self, place: int) -> int:
        found = self.text.find("\n", place)
        return len(self.text) if found < 0 else found + 1

    def _line_after(self, place: int, lines: Iterable[str]) -> Edit:
        end = self._line_end(place)
        return Edit(end, end, "".join(self.newline + line for line in lines))

    def _indent(self, place: int) -> str:
        start = self.text.rfind("\n", 0, place) + 1
        return " " * (place - start)

    def insert_after(self, node: yaml.Node, lines: Iterable[str]) -> Edit:
        """Return the edit that writes lines below the last line of a node."""
        return self._line_after(end_of(node), lines)


def _blanked(match: re.Match[str]) -> str:
    return " " * len(match[0])


def end_of(node: yaml.Node) -> int:
    """Return where a node's last character ends: a block's own mark lies beyond the comments after it."""
    if not isinstance(node, yaml.CollectionNode) or node.flow_style or not node.value:
        end: int = node.end_mark.index
        return end
    last = node.value[-1]
    return end_of(last[1] if isinstance(node, yaml.MappingNode) else last)


def get(node: yaml.Node, key: str) -> yaml.Node | None:
    """Return the value of a key of a mapping node."""
    entries = node.value if isinstance(node, yaml.MappingNode) else ()
    return next((value for name, value in entries if name.value == key), None)


def entries(node: yaml.Node | None) -> Iterator[tuple[yaml.Node, yaml.Node]]:
    """Yield every key and value of a node and below it."""
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield key, value
            yield from entries(value)
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from entries(item)


def replaced(node: yaml.Node, text: str) -> Edit:
    """Return the edit that writes a word in place of a scalar."""
    return Edit(node.start_mark.index, node.end_mark.index, text)


def written(text: str) -> str:
    """Return text as a YAML scalar that reads back as itself, in quotes where it must be.

    >>> written("c-0042"), written("012"), written("no"), written("a: b")
    ('c-0042', '"012"', '"no"', '"a: b"')
    """
    if _PLAIN.fullmatch(text) and text.lower() not in _WORDS:
        return text
    return json.dumps(text, ensure_ascii=False)
