"""Verdicts of the interpreter as plain values for JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from segmentation_pipeline.rules.english import describe
from segmentation_pipeline.rules.tree import Compare, Field, Measure

if TYPE_CHECKING:
    from segmentation_pipeline.rules.verdict import SegmentVerdict, Verdict


def plain_segment(found: SegmentVerdict) -> dict[str, Any]:
    """Return what decided, with the truth of every part of the rule."""
    return {
        "segment": found.segment.id,
        "key": found.key,
        "member": found.member,
        "decided_by": found.decided_by,
        "pin": None if found.pin is None else {"put": found.pin.put, "reason": found.pin.reason},
        "listed": found.listed,
        "where": None if found.where is None else plain(found.where),
        "exclude": None if found.exclude is None else plain(found.exclude),
    }


def plain(verdict: Verdict) -> dict[str, Any]:
    """Return one verdict; a comparison has its value, and a measure the rows behind it."""
    said: dict[str, Any] = {"holds": verdict.holds, "rule": describe(verdict.condition)}
    if isinstance(verdict.condition, Compare):
        said["value"] = verdict.value
        if isinstance(verdict.condition.value, Field):
            said["other"] = verdict.other
        if isinstance(verdict.condition.operand, Measure):
            said["rows"] = [dict(row) for row in verdict.rows]
    if verdict.parts:
        said["parts"] = [plain(part) for part in verdict.parts]
    return said
