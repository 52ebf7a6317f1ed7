"""The day of the year of a date or an instant, as a line beside that of the moment itself."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from segmentation_pipeline.catalog.types import Date, Integer
from segmentation_pipeline.conflicts.formulas.axes import Axis, day_of_year, year_days
from segmentation_pipeline.conflicts.formulas.lines import Line

if TYPE_CHECKING:
    from segmentation_pipeline.conflicts.formulas.clauses import Clauses
    from segmentation_pipeline.rules.clock import Clock

_YEAR = 366


def year_line(clauses: Clauses, null: int) -> Line:
    """Return the atoms of the day of the year of an operand that may be null."""
    return Line(clauses, Axis(Integer(), least=0, most=len(year_days()) - 1), null)


def bind_year(line: Line, year: Line, clock: Clock) -> None:
    """Say which days of the year a short span of the line has; before either is closed."""
    daily = isinstance(line.axis.kind, Date)
    for low, after in pairwise(sorted(line.below)):
        first, last = (low, after - 1) if daily else (clock.local_day(low), clock.local_day(after - 1))
        if last - first >= _YEAR:
            continue
        days = [(day_of_year(day), day_of_year(day) + 1) for day in range(first, last + 1)]
        line.clauses.add(line.null, line.below[low], -line.below[after], year.inside(days))
