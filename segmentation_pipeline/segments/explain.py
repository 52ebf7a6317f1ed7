"""Why an object is, or is not, in a segment: the verdict as lines of text, and the nearest change."""

from __future__ import annotations

from functools import singledispatch
from typing import TYPE_CHECKING, Any

from segmentation_pipeline.rules import tree
from segmentation_pipeline.rules.english import describe

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from segmentation_pipeline.rules.verdict import SegmentVerdict, Verdict

SHOWN_ROWS = 5


def explanation(verdict: SegmentVerdict) -> list[str]:
    """Return the rule as an indented tree, true or false at every leaf, with the values that decide."""
    answer = "is a member" if verdict.member else "is not a member"
    lines = [f"{verdict.key} {answer} of {verdict.segment.id}, decided by {verdict.decided_by}"]
    if verdict.pin is not None:
        until = f" until {verdict.pin.until}" if verdict.pin.until else ""
        lines.append(f"pinned {verdict.pin.put}{until}: {verdict.pin.reason}")
    if verdict.listed is not None:
        lines.append("listed in `members`" if verdict.listed else "not listed in `members`")
    for title, part in (("where", verdict.where), ("exclude", verdict.exclude)):
        if part is not None:
            lines += [f"{title}:", *(f"  {line}" for line in tree_lines(part))]
    if flips := nearest_change(verdict):
        other = "stay out" if verdict.member else "get in"
        phrase = "it would " + other + " if " + " and ".join(_flipped(leaf) for leaf in flips)
        lines.append(phrase)
    return lines


def tree_lines(verdict: Verdict) -> list[str]:
    """Return one verdict as lines: ``✓`` where it holds, ``✗`` where not."""
    lines = [f"{'✓' if verdict.holds else '✗'} {_title(verdict.condition)}{_found(verdict)}"]
    shown = verdict.rows[-SHOWN_ROWS:]
    if len(verdict.rows) > len(shown):
        lines.append(f"    … {len(verdict.rows) - len(shown)} earlier rows")
    lines += [f"    {_row(row)}" for row in shown]
    for part in verdict.parts:
        lines += [f"  {line}" for line in tree_lines(part)]
    return lines


def nearest_change(verdict: SegmentVerdict) -> list[Verdict]:
    """Return the fewest leaves of the rule that would have to turn for the answer to turn.

    Empty where a pin or a list decides: no change of data would do.
    """
    if verdict.decided_by in ("pin", "members", "unknown") or verdict.where is None:
        return []
    where, exclude = verdict.where, verdict.exclude
    if verdict.member:
        ways = [flips(where)] if exclude is None else [flips(where), flips(exclude)]
        return min(ways, key=len)
    wanted = [] if where.holds else flips(where)
    return wanted + (flips(exclude) if exclude is not None and exclude.holds else [])


def flips(verdict: Verdict) -> list[Verdict]:
    """Return the fewest leaves whose turning turns a condition, the first in file order of equals."""
    return _flips(verdict.condition, verdict)


@singledispatch
def _flips(condition: tree.Condition, verdict: Verdict) -> list[Verdict]:
    raise NotImplementedError(f"no nearest change of {type(condition).__name__}")


@_flips.register(tree.Compare)
@_flips.register(tree.InSegment)
@_flips.register(tree.Everyone)
def _(_condition: tree.Condition, verdict: Verdict) -> list[Verdict]:
    return [verdict]


@_flips.register(tree.Not)
def _(_condition: tree.Not, verdict: Verdict) -> list[Verdict]:
    return flips(verdict.parts[0])


@_flips.register(tree.All)
def _(_condition: tree.All, verdict: Verdict) -> list[Verdict]:
    return _enough(verdict, len(verdict.parts))


@_flips.register(tree.Any)
def _(_condition: tree.Any, verdict: Verdict) -> list[Verdict]:
    return _enough(verdict, 1)


@_flips.register(tree.AtLeast)
def _(condition: tree.AtLeast, verdict: Verdict) -> list[Verdict]:
    return _enough(verdict, condition.k)


def _enough(verdict: Verdict, k: int) -> list[Verdict]:
    """Turn as many parts as it takes for "at least k of them hold" to turn, the cheapest first."""
    holding = sum(part.holds for part in verdict.parts)
    turned = holding - k + 1 if verdict.holds else k - holding
    candidates = sorted((flips(part) for part in verdict.parts if part.holds == verdict.holds), key=len)
    return [leaf for way in candidates[:turned] for leaf in way]


def _title(condition: tree.Condition) -> str:
    match condition:
        case tree.All():
            return "all of:"
        case tree.Any():
            return "any of:"
        case tree.AtLeast(k):
            return f"at least {k} of:"
        case tree.Not():
            return "not:"
        case _:
            return describe(condition)


def _found(verdict: Verdict) -> str:
    if not isinstance(verdict.condition, tree.Compare):
        return ""
    found = f" — is {shown(verdict.value)}"
    return (
        f"{found}, against {shown(verdict.other)}"
        if isinstance(verdict.condition.value, tree.Field)
        else found
    )


def shown(value: Any) -> str:
    """Return a value as people write it."""
    if value is None:
        return "null"
    if isinstance(value, tuple | list):
        return "[" + ", ".join(shown(one) for one in value) + "]"
    return repr(value) if isinstance(value, str) else str(value)


def _row(row: Mapping[str, Any]) -> str:
    parts: Iterable[tuple[str, Any]] = (
        (name, value) for name, value in row.items() if name != "object_index"
    )
    return ", ".join(f"{name}={shown(value)}" for name, value in parts if value is not None)


def _flipped(leaf: Verdict) -> str:
    return f"“{describe(leaf.condition)}” {'did not hold' if leaf.holds else 'held'}"
