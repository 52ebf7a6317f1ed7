"""Conflicts in few words: lines and rows that terminal, Markdown and Dagster show alike."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from segmentation_pipeline.conflicts.model import SEVERITIES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from segmentation_pipeline.conflicts.analysis import Conflicts
    from segmentation_pipeline.conflicts.model import Finding, Relation

PAIRS = ("segment_a", "segment_b", "relation", "overlap", "jaccard", "a_in_b", "b_in_a", "compete_in")
UNSEEN_PAIRS = ("segment_a", "segment_b", "relation", "compete_in")
CLAIMS = ("scope", "contested", "segments")
_NEVER_MET = "disjoint"
_WORDS = {"error": ("error", "errors"), "warning": ("warning", "warnings"), "info": ("note", "notes")}


def heading(found: Conflicts) -> str:
    """Return what was looked at, and when."""
    active = sum(segment.active for segment in found.definitions.segments.values())
    unread = len(found.definitions.broken)
    instant = found.as_of.astimezone(dt.UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    parts = [
        _number(active, "segment"),
        *([f"{unread} more cannot be read"] if unread else []),
        f"{_number(len(found.relations), 'pair')} as of {instant}",
        *([f"members of {found.observed.record.run_id}"] if found.observed is not None else []),
    ]
    return ", ".join(parts)


def counted(found: Conflicts) -> str:
    """Return how many findings there are, by severity."""
    numbers = {
        severity: sum(finding.severity == severity for finding in found.findings) for severity in SEVERITIES
    }
    if not any(numbers.values()):
        return "no findings"
    return ", ".join(f"{number} {_WORDS[severity][number != 1]}" for severity, number in numbers.items())


def pair_rows(found: Conflicts, *, every: bool = False) -> list[dict[str, Any]]:
    """Return a row a pair that can meet, the largest overlap first; ``every``: those that cannot, too."""
    rows = []
    for relation in found.relations if every else found.kept:
        seen = found.overlaps.get((relation.segment_a, relation.segment_b))
        if relation.relation == _NEVER_MET and not every and not (seen and seen.overlap):
            continue
        rows.append(
            {
                "segment_a": relation.segment_a,
                "segment_b": relation.segment_b,
                "relation": _relation(relation),
                "overlap": seen.overlap if seen else None,
                "jaccard": _percent(seen.jaccard) if seen else "",
                "a_in_b": _percent(seen.share_of_a) if seen else "",
                "b_in_a": _percent(seen.share_of_b) if seen else "",
                "compete_in": _competing(relation),
            }
        )
    return sorted(rows, key=lambda row: (-(row["overlap"] or 0), row["segment_a"], row["segment_b"]))


def claim_rows(found: Conflicts) -> list[dict[str, Any]]:
    """Return a row a scope in which segments compete: how many objects two or more claim."""
    return [
        {
            "scope": str(contest.scope),
            "contested": contest.size(),
            "segments": [segment.id for segment in contest.segments],
        }
        for _, contest in found.contests
    ]


def agreement(found: Conflicts) -> str:
    """Return whether proofs and members could be held against each other, and with what result."""
    if found.observed is None or found.tie is None:
        return "the rules alone: members were not looked at"
    if found.observed.untied is not None:
        return f"proofs were not held against the members: {found.observed.untied}"
    wrong = len(found.tie.contradictions)
    if wrong:
        return f"{wrong} of {found.tie.checked:,} proofs are contradicted by the members"
    return f"the members agree with all {found.tie.checked:,} proofs that they can be held against"


def condition_lines(finding: Finding) -> Iterator[str]:
    """Yield a line a set of conditions that together cause a finding; of one alone the message speaks."""
    for group in (group for group in finding.conditions if len(group) > 1):
        yield "- " + ", ".join(
            f"{'' if one.segment == finding.segment else f'`{one.segment}` '}{one.path}: {one.condition}"
            for one in group
        )


def _relation(relation: Relation) -> str:
    proved = relation.relation not in ("overlap", "possible_unverified", "unknown")
    return (
        f"{relation.relation} (today)"
        if proved and relation.time_scope == "as_of_only"
        else relation.relation
    )


def _competing(relation: Relation) -> str:
    scopes = (("group", relation.same_group), ("channel", relation.same_channel))
    return ", ".join(name for name, shared in scopes if shared)


def _percent(share: float | None) -> str:
    return "" if share is None else f"{share:.1%}"


def _number(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
