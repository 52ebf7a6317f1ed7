"""Findings as people read them: the message, the place, and the line with a caret under its column."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Protocol

from rich.cells import cell_len
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from segmentation_pipeline.diagnostics import Severity
    from segmentation_pipeline.errors import Position

    Lines = Callable[[Position], str | None]

# What YAML counts as the end of a line; `str.splitlines` knows more.
_BREAK = re.compile(r"\r\n|[\n\r\x85\u2028\u2029]")
# Controls of terminals, and those that turn the direction of what follows.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_TAB = "    "
_BEFORE, _LONGEST = 60, 100
_STYLES = {"error": "bold red", "warning": "bold yellow", "info": "bold cyan"}


class Found(Protocol):
    """A finding of any kind: about a definition, a row of a test, or how segments compete."""

    @property
    def rule(self) -> str: ...
    @property
    def message(self) -> str: ...
    @property
    def at(self) -> Position: ...
    @property
    def hint(self) -> str | None: ...
    @property
    def severity(self) -> Severity: ...


def lines_below(*folders: Path) -> Lines:
    """Return a function from a place to its line, None where it cannot be read.

    Files are named from one of the folders; each is read once.
    """

    @cache
    def lines(file: str) -> list[str]:
        for folder in folders:
            try:
                return _BREAK.split((folder / file).read_text(encoding="utf-8-sig", errors="replace"))
            except (OSError, ValueError):
                continue
        return []

    def line(at: Position) -> str | None:
        found = lines(at.file)
        return found[at.line - 1] if 0 < at.line <= len(found) else None

    return line


def render_findings(findings: Iterable[Found], lines: Lines) -> Text:
    """Return all findings, a blank line between two; styles show on a terminal only.

    ::

        error[unknown-field]: unknown field `plna` of `contact`
          --> segments/one.yaml:2:16
           |
         2 | where: {field: plna, operator: is_empty}
           |                ^
           = hint: did you mean `plan`?
    """
    return Text("\n").join(_finding(finding, lines(finding.at)) for finding in findings)


def _finding(finding: Found, line: str | None) -> Text:
    style = _STYLES[finding.severity]
    number = str(finding.at.line)
    gutter = " " * max(2, len(number))
    text = Text.assemble(
        (f"{finding.severity}[{finding.rule}]", style),
        (f": {_indented(finding.message, gutter)}\n", "bold"),
        (f"{gutter}--> ", "blue"),
        f"{_printable(str(finding.at))}\n",
    )
    if line is not None:
        shown, before = _excerpt(line, finding.at.column)
        bar = (f"{gutter} |", "blue")
        text.append_text(
            Text.assemble(
                bar,
                "\n",
                (f"{number.rjust(len(gutter))} | ", "blue"),
                f"{shown}\n",
                bar,
                (f"{' ' * before} ^\n", style),
            )
        )
    if finding.hint:
        text.append_text(
            Text.assemble(
                (f"{gutter} = ", "blue"), ("hint", "bold"), f": {_indented(finding.hint, gutter)}\n"
            )
        )
    return text


def _excerpt(line: str, column: int) -> tuple[str, int]:
    """Return what to show of a line, and how many cells of a terminal lie before its column.

    Of a line of thousands of values, only what stands around the column is shown.
    """
    index = min(max(column - 1, 0), len(line))
    start = max(0, index - _BEFORE) if len(line) > _LONGEST else 0
    head, tail = line[start:index], line[index : start + _LONGEST]
    head = ("…" if start else "") + _printable(head)
    end = "…" if start + _LONGEST < len(line) else ""
    return (head + _printable(tail) + end).rstrip(), cell_len(head)


def _printable(text: str) -> str:
    """Return text that moves no cursor: tabs as blanks, other controls as a mark."""
    return _CONTROL.sub("�", text.replace("\t", _TAB))


def _indented(text: str, gutter: str) -> str:
    """Return a message whose further lines stand below its first."""
    return f"\n{gutter}   ".join(_printable(line) for line in text.splitlines())
