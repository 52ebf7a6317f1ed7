"""Verdicts of the interpreter as a tree with ✓ and ✗, and as plain values for JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.markup import escape
from rich.tree import Tree

from segmentation_pipeline.cli.output import written
from segmentation_pipeline.rules.english import describe
from segmentation_pipeline.rules.tree import Compare, Field, Measure

if TYPE_CHECKING:
    from collections.abc import Mapping

    from segmentation_pipeline.rules.verdict import SegmentVerdict, Verdict

SHOWN_ROWS = 5
DECIDED = {
    "pin": "a pin",
    "exclude": "`exclude`",
    "where": "`where`",
    "members": "the list of members",
    "unknown": "nobody knows this key",
}


def tree_of(found: SegmentVerdict) -> Tree:
    """Return what decided, and under it the whole rule with the truth of every part."""
    answer = "is a member" if found.member else "is no member"
    root = Tree(
        f"{_mark(found.member)} [bold]{escape(found.key)}[/] {answer} of [bold]{found.segment.id}[/]"
        f" — decided by {DECIDED[found.decided_by]}"
    )
    if found.pin is not None:
        until = f" until {found.pin.until}" if found.pin.until else ""
        root.add(f"pinned [bold]{found.pin.put}[/]{until}: {escape(found.pin.reason)}")
    if found.listed is not None:
        root.add(f"{_mark(found.listed)} listed in `members`")
    for name, part in (("where", found.where), ("exclude", found.exclude)):
        if part is not None:
            _grow(root.add(f"[dim]{name}[/]"), part)
    return root


def _grow(branch: Tree, verdict: Verdict) -> None:
    first, *rest = describe(verdict.condition).split("\n")
    below = branch.add(f"{_mark(verdict.holds)} {escape(first)}{_value(verdict)}")
    if verdict.parts:
        for part in verdict.parts:
            _grow(below, part)
        return
    for line in rest:
        below.add(f"[dim]{escape(line.strip().removeprefix('- '))}[/]")
    for row in verdict.rows[-SHOWN_ROWS:]:
        below.add(f"[cyan]{escape(_row(row))}[/]")
    hidden = len(verdict.rows) - SHOWN_ROWS
    if hidden > 0:
        below.add(f"[dim]and {hidden:,} earlier rows[/]")


def _value(verdict: Verdict) -> str:
    if not isinstance(verdict.condition, Compare):
        return ""
    value = "null" if verdict.value is None else written(verdict.value)
    text = f" [yellow]← {escape(value)}[/]"
    if isinstance(verdict.condition.value, Field):
        other = "null" if verdict.other is None else written(verdict.other)
        text += f" [yellow]against {escape(other)}[/]"
    return text


def _row(row: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {written(value)}" for name, value in row.items() if value is not None)


def _mark(holds: bool) -> str:
    return "[green]✓[/]" if holds else "[red]✗[/]"


def plain(found: SegmentVerdict) -> dict[str, Any]:
    """Return the whole verdict as values that JSON can hold."""
    return {
        "segment": found.segment.id,
        "key": found.key,
        "member": found.member,
        "decided_by": found.decided_by,
        "pin": None if found.pin is None else {"put": found.pin.put, "reason": found.pin.reason},
        "listed": found.listed,
        "where": None if found.where is None else _plain(found.where),
        "exclude": None if found.exclude is None else _plain(found.exclude),
    }


def _plain(verdict: Verdict) -> dict[str, Any]:
    said: dict[str, Any] = {"holds": verdict.holds, "rule": describe(verdict.condition)}
    if isinstance(verdict.condition, Compare):
        said["value"] = verdict.value
        if isinstance(verdict.condition.value, Field):
            said["other"] = verdict.other
        if isinstance(verdict.condition.operand, Measure):
            said["rows"] = [dict(row) for row in verdict.rows]
    if verdict.parts:
        said["parts"] = [_plain(part) for part in verdict.parts]
    return said
