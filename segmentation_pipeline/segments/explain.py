"""Why an object is, or is not, in a segment: the verdict as lines of text, and the nearest change."""

from __future__ import annotations

from functools import singledispatch
from typing import TYPE_CHECKING, Any

from segmentation_pipeline.rules import tree
from segmentation_pipeline.rules.english import describe

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from segmentation_pipeline.rules.verdict import SegmentVerdict, Verdict

    Cost = Callable[[list[Verdict]], Any]

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
    title, *rest = _title(verdict)
    lines = [f"{'✓' if verdict.holds else '✗'} {title}{_found(verdict)}", *(f"  {line}" for line in rest)]
    shown = verdict.rows[-SHOWN_ROWS:]
    if len(verdict.rows) > len(shown):
        lines.append(f"    … {len(verdict.rows) - len(shown)} earlier rows")
    lines += [f"    {_row(row)}" for row in shown]
    for part in verdict.parts:
        lines += [f"  {line}" for line in tree_lines(part)]
    return lines


def nearest_change(verdict: SegmentVerdict, cost: Cost = len) -> list[Verdict]:
    """Return the fewest leaves of the rule that would have to turn for the answer to turn.

    Empty where a pin or a list decides: no change of data would do. Other leaves than the fewest come
    out where ``cost`` weighs them otherwise; of two sets together it must be the sum of both.
    """
    if verdict.decided_by in ("pin", "members", "unknown"):
        return []
    where, exclude = verdict.where, verdict.exclude
    if verdict.member and where is not None:
        ways = [flips(where, cost), flips(exclude, cost) if exclude is not None else None]
        return min((way for way in ways if way is not None), key=cost, default=[])
    into = _into(verdict, cost)
    out_of = flips(exclude, cost) if exclude is not None and exclude.holds else []
    return [] if into is None or out_of is None else into + out_of


def _into(verdict: SegmentVerdict, cost: Cost) -> list[Verdict] | None:
    """Return what would have to turn for the rule or the list to hold, `exclude` left aside."""
    if verdict.where is None:
        return [] if verdict.listed else None
    return [] if verdict.where.holds else flips(verdict.where, cost)


def flips(verdict: Verdict, cost: Cost = len) -> list[Verdict] | None:
    """Return the fewest leaves whose turning turns a condition, the first in file order of equals.

    None where nothing does: everyone stays everyone.
    """
    return _flips(verdict.condition, verdict, cost)


@singledispatch
def _flips(condition: tree.Condition, verdict: Verdict, cost: Cost) -> list[Verdict] | None:
    raise NotImplementedError(f"no nearest change of {type(condition).__name__}")


@_flips.register(tree.Compare)
@_flips.register(tree.InSegment)
@_flips.register(tree.Sequence)
def _(_condition: tree.Condition, verdict: Verdict, _cost: Cost) -> list[Verdict]:
    return [verdict]


@_flips.register(tree.Everyone)
def _(_condition: tree.Everyone, _verdict: Verdict, _cost: Cost) -> None:
    return None


@_flips.register(tree.Not)
def _(_condition: tree.Not, verdict: Verdict, cost: Cost) -> list[Verdict] | None:
    return flips(verdict.parts[0], cost)


@_flips.register(tree.On)
def _(_condition: tree.On, verdict: Verdict, cost: Cost) -> list[Verdict] | None:
    return flips(verdict.parts[0], cost) if verdict.parts else [verdict]


@_flips.register(tree.All)
def _(_condition: tree.All, verdict: Verdict, cost: Cost) -> list[Verdict] | None:
    return _enough(verdict, len(verdict.parts), cost)


@_flips.register(tree.Any)
def _(_condition: tree.Any, verdict: Verdict, cost: Cost) -> list[Verdict] | None:
    return _enough(verdict, 1, cost)


@_flips.register(tree.AtLeast)
def _(condition: tree.AtLeast, verdict: Verdict, cost: Cost) -> list[Verdict] | None:
    return _enough(verdict, condition.k, cost)


def _enough(verdict: Verdict, k: int, cost: Cost) -> list[Verdict] | None:
    """Turn as many parts as it takes for "at least k of them hold" to turn, the cheapest first."""
    holding = sum(part.holds for part in verdict.parts)
    turned = holding - k + 1 if verdict.holds else k - holding
    ways = [flips(part, cost) for part in verdict.parts if part.holds == verdict.holds]
    possible = sorted((way for way in ways if way is not None), key=cost)
    if len(possible) < turned:
        return None
    return [leaf for way in possible[:turned] for leaf in way]


def _title(verdict: Verdict) -> list[str]:
    """Return the words of a condition without those of its parts, which have lines of their own."""
    condition = verdict.condition
    lines = describe(condition).splitlines()
    is_group = isinstance(condition, tree.All | tree.Any | tree.AtLeast | tree.Not | tree.On)
    return lines[:1] if is_group and verdict.parts else lines


def _found(verdict: Verdict) -> str:
    """Return what was found there: the values that decide."""
    found = []
    if isinstance(verdict.condition, tree.Compare):
        found.append(f"is {shown(verdict.value)}")
        if isinstance(verdict.condition.value, tree.Field):
            found.append(f"against {shown(verdict.other)}")
    found += [f"{name} {shown(value)}" for name, value in verdict.details.items()]
    if isinstance(verdict.condition, tree.InSegment) and verdict.condition.history and not verdict.details:
        found.append("no such change was published")
    return f" — {', '.join(found)}" if found else ""


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
    rule = " ".join(line.strip() for line in describe(leaf.condition).splitlines())
    return f"“{rule}” {'did not hold' if leaf.holds else 'held'}"
