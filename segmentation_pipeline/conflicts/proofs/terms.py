"""Rules as formulas of z3: moving bounds as terms over ``as_of``, all the rest as the atoms it has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from segmentation_pipeline.catalog.types import Date, Decimal
from segmentation_pipeline.conflicts.formulas.lines import Line
from segmentation_pipeline.conflicts.formulas.parts import Support
from segmentation_pipeline.rules import tree
from segmentation_pipeline.rules.clock import DAY, LENGTHS
from segmentation_pipeline.rules.moments import AbsoluteInstant, Day, LocalInstant, RelativeInstant
from segmentation_pipeline.rules.operators import OPERATORS
from segmentation_pipeline.rules.windows import Bounds, Complete, Ever, Period, Rolling

if TYPE_CHECKING:
    from collections.abc import Iterator

    from segmentation_pipeline.conflicts.formulas.parts import Part, Subject
    from segmentation_pipeline.conflicts.proofs.proof import ObjectProof
    from segmentation_pipeline.rules.clock import Clock

_HOUR = 3_600_000_000
_FIRST, _LAST = 0, 200 * 366 * DAY
"""Any day is one from 1970 on, for two hundred years."""


class NotLiftable(Exception):  # noqa: N818 — an outcome, not a fault: it says what a pair is
    """A bound moves with the calendar in a way that is no sum."""


class Terms:
    """The formulas of a pair; ``moving`` are the parts whose bounds become terms."""

    def __init__(self, found: ObjectProof, moving: set[int], z3: Any) -> None:
        self._found = found
        self._encoding = found.encoding
        self._moving = moving
        self._z3 = z3
        self._as_of = z3.Int("as_of")
        self._today: dict[str, Any] = {}

    def segment(self, name: str, subject: Subject = ()) -> Any:
        """Return the formula of a segment's rule."""
        z3, segment = self._z3, self._found.segment(name)
        clock = self._encoding.clock_in(segment.time_zone)
        if segment.where is None or not self._encoding.supports[name, subject].parts & self._moving:
            return self._atom(self._encoding.segment(name, subject))
        where = self._formula(segment.where, subject, clock)
        if segment.exclude is None:
            return where
        return z3.And(where, z3.Not(self._formula(segment.exclude, subject, clock)))

    def facts(self) -> Iterator[Any]:
        """Yield what holds of ``as_of``, and of the days it is in the zones that rules name."""
        yield self._as_of >= _FIRST
        yield self._as_of < _LAST
        for today in self._today.values():
            yield today * DAY <= self._as_of + 14 * _HOUR
            yield (today + 1) * DAY > self._as_of - 12 * _HOUR

    def order(self, number: int) -> Iterator[Any]:
        """Yield what it means for two operands to lie as they are said to, where both are numbers."""
        order = self._encoding.registry.orders[number]
        scales = self._scale(order.first), self._scale(order.second)
        if None in scales or order.way[1] is not None:
            return
        z3, (mine, theirs) = self._z3, scales
        first, second = self._place(order.first) * 10**theirs, self._place(order.second) * 10**mine
        both = z3.And(z3.Not(self._atom(order.first.null)), z3.Not(self._atom(order.second.null)))
        yield self._atom(order.less) == z3.And(both, first < second)
        yield self._atom(order.equal) == z3.And(both, first == second)
        for part in (order.first, order.second):
            if part.number not in self._moving and isinstance(part.atoms, Line):
                for cut, literal in part.atoms.below.items():
                    yield self._atom(literal) == (self._place(part) < cut)
            low, after = part.atoms.axis.bounds() if isinstance(part.atoms, Line) else (0, 0)
            yield z3.And(self._place(part) >= low, self._place(part) < after)

    def _scale(self, part: Part) -> Any:
        """Return the digits after the point of the places of a part; None for what is no whole number."""
        if not isinstance(part.atoms, Line) or part.atoms.axis.dense or not part.exact:
            return None
        kind = part.kind
        return kind.scale if isinstance(kind, Decimal) else 0 if str(kind) in _WHOLE else None

    def _place(self, part: Part) -> Any:
        return self._z3.Int(f"x{part.number}")

    def _atom(self, literal: int) -> Any:
        found = self._z3.Bool(f"v{abs(literal)}")
        return found if literal > 0 else self._z3.Not(found)

    def _formula(self, condition: tree.Condition, subject: Subject, clock: Clock) -> Any:
        z3 = self._z3

        def each(conditions: tuple[tree.Condition, ...]) -> list[Any]:
            return [self._formula(one, subject, clock) for one in conditions]

        match condition:
            case tree.All(conditions):
                return z3.And(each(conditions))
            case tree.Any(conditions):
                return z3.Or(each(conditions))
            case tree.AtLeast(k, conditions):
                return z3.AtLeast(*each(conditions), k)
            case tree.Not(inner):
                return z3.Not(self._formula(inner, subject, clock))
            case tree.On(relation, _, inner):
                parent = (*subject, relation)
                exists = self._atom(self._encoding.registry.exists(parent))
                return z3.And(exists, self._formula(inner, parent, clock))
            case tree.InSegment(segment, None):
                return self.segment(segment, subject)
        self._encoding.support = Support()
        literal = self._encoding.formula(condition, subject, clock)
        if self._encoding.support.parts & self._moving and isinstance(condition, tree.Compare):
            return self._moved(condition, subject, clock)
        return self._atom(literal)

    def _moved(self, condition: tree.Compare, subject: Subject, clock: Clock) -> Any:
        """Return a comparison with bounds that move, as terms."""
        if not isinstance(condition.operand, tree.Field) or isinstance(condition.value, tree.Field):
            raise NotLiftable
        z3, part = self._z3, self._encoding.operand(condition.operand, subject, clock)
        operator = OPERATORS[condition.operator]
        null, place = self._atom(part.null), self._place(part)
        name = operator.positive or operator.name
        if name == "is_empty":
            positive = null
        else:
            inside = [
                z3.And(
                    *(() if low is None else (place >= low,)), *(() if after is None else (place < after,))
                )
                for low, after in self._spans(name, condition.value, clock, daily=isinstance(part.kind, Date))
            ]
            positive = z3.And(z3.Not(null), z3.Or(inside))
        if operator.positive is None:
            return positive
        return z3.And(z3.Not(positive), z3.Not(null)) if condition.nulls_excluded else z3.Not(positive)

    def _spans(self, name: str, value: Any, clock: Clock, *, daily: bool) -> list[tuple[Any, Any]]:
        if name == "within":
            return [self._window(value, clock, daily=daily)]
        if name == "in":
            return [self._extent(one, clock, daily=daily) for one in value]
        if name == "between":
            low, high = (self._extent(one, clock, daily=daily) for one in value)
            return [(low[0], high[1])]
        if name not in _ENDS:
            raise NotLiftable
        extent = self._extent(value, clock, daily=daily)
        first, last = _ENDS[name]
        return [(None if first is None else extent[first], None if last is None else extent[last])]

    def _extent(self, moment: Any, clock: Clock, *, daily: bool) -> tuple[Any, Any]:
        match moment:
            case AbsoluteInstant() | LocalInstant():
                return clock.days(moment) if daily else clock.extent(moment)
            case Day(None, shifts) if daily and all(unit in ("day", "week") for _, unit in shifts):
                day = self._day(clock) + sum(amount * LENGTHS[unit] // DAY for amount, unit in shifts)
                return day, day + 1
            case Day(date, _) if date is not None:
                return clock.days(moment) if daily else clock.extent(moment)
            case RelativeInstant(amount, unit) if unit in LENGTHS and not daily:
                start = self._as_of + amount * LENGTHS[unit]
                return start, start + 1
            case RelativeInstant(amount, "day" | "week" as unit) if daily:
                day = self._day(clock) + amount * LENGTHS[unit] // DAY
                return day, day + 1
        raise NotLiftable

    def _window(self, window: Any, clock: Clock, *, daily: bool) -> tuple[Any, Any]:
        match window:
            case Ever():
                return None, None
            case Bounds(lower, upper, closed):
                inner, outer = (0, 1) if closed else (1, 0)
                return (
                    None if lower is None else self._extent(lower, clock, daily=daily)[inner],
                    None if upper is None else self._extent(upper, clock, daily=daily)[outer],
                )
            case Rolling("last", amount, unit):
                past = self._extent(RelativeInstant(-amount, unit), clock, daily=daily)
                return past[1], (self._day(clock) if daily else self._as_of) + 1
            case Rolling("next", amount, unit):
                ahead = self._extent(RelativeInstant(amount, unit), clock, daily=daily)
                return (self._day(clock) if daily else self._as_of), ahead[0]
            case Period(offset, "day") if daily:
                return self._day(clock) + offset, self._day(clock) + offset + 1
            case Complete("last", amount, "day") if daily:
                return self._day(clock) - amount, self._day(clock)
        raise NotLiftable

    def _day(self, clock: Clock) -> Any:
        return self._today.setdefault(clock.zone, self._z3.Int(f"today in {clock.zone}"))


_WHOLE = ("integer", "date", "datetime")
_ENDS: dict[str, tuple[int | None, int | None]] = {
    "equals": (0, 1), "on": (0, 1),
    "less_than": (None, 0), "before": (None, 0),
    "less_than_or_equal": (None, 1), "on_or_before": (None, 1),
    "greater_than": (1, None), "after": (1, None),
    "greater_than_or_equal": (0, None), "on_or_after": (0, None),
}  # fmt: skip
