"""``dateRangeFilter`` of a group: which part of an object's life its events and rows are taken from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from segmentation_pipeline.documents import Mapping, Node, Scalar
from segmentation_pipeline.rules.dialects.context import choice
from segmentation_pipeline.rules.dialects.nodes import given, text
from segmentation_pipeline.rules.faults import Fault, only, required, word

if TYPE_CHECKING:
    from segmentation_pipeline.errors import Position

DATE_RANGES = ("lifetime-of-the-object", "previous-period", "specific-date-range")


@dataclass(frozen=True, slots=True)
class DateRange:
    """``window`` is None for the whole life; ``type`` is the seed's word for it."""

    type: str
    window: Scalar | None
    at: Position

    def refuse_unless_lifetime(self, what: str) -> None:
        if self.window is not None:
            raise Fault(
                "dialect-date-range",
                f"`{self.type}` of {what}, which has no date of its own",
                self.at,
                "use `lifetime-of-the-object`, or compare a date field",
            )


def read_date_range(node: Mapping) -> DateRange:
    """Return the date range of a group; without one it is the whole life."""
    written = given(node, "dateRangeFilter")
    if written is None:
        return DateRange(DATE_RANGES[0], None, node.at)
    if not isinstance(written, Mapping):
        raise Fault("dialect-shape", "`dateRangeFilter` is `{type, …}`", written.at)
    only(written, "type", "numberOfDaysPrevious", "startDate", "endDate")
    named = required(written, "type")
    kind = choice(word(named, "type"), DATE_RANGES, "dateRangeFilter", named)
    window = {"previous-period": _previous, "specific-date-range": _specific}.get(kind, _lifetime)(written)
    return DateRange(kind, window, written.at)


def _lifetime(_written: Mapping) -> None:
    return None


def _previous(written: Mapping) -> Scalar:
    days = given(written, "numberOfDaysPrevious")
    if not isinstance(days, Scalar) or not days.text.strip().isdecimal() or not int(days.text):
        at = days.at if days is not None else written.at
        raise Fault("dialect-date-range", "`numberOfDaysPrevious` is a whole number of days, at least 1", at)
    count = int(days.text)
    return text(f"last {count} {'day' if count == 1 else 'days'}", days.at)


def _specific(written: Mapping) -> Scalar:
    ends: list[Node | None] = [given(written, key) for key in ("startDate", "endDate")]
    start, end = (word(node, "date") if node is not None else None for node in ends)
    if start and end:
        return text(f"between {start} and {end}", written.at)
    if start:
        return text(f"since {start}", written.at)
    if end:
        return text(f"until {end}", written.at)
    raise Fault("dialect-date-range", "`specific-date-range` needs `startDate` or `endDate`", written.at)
