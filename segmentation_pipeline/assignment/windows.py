"""Which past days matter on a day: the windows of rules and gaps, in calendar days."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from segmentation_pipeline.assignment.contenders import Ranking
    from segmentation_pipeline.assignment.policy import CapRule, Policy, Unit

LONGEST_WARM_UP = 400
"""Days of membership that are walked before the first day at most; a spell that is older began then."""
_WEEK = 7


def back(day: dt.date, days: int) -> dt.date:
    """Return the day that many days before, or the first there is."""
    return dt.date.fromordinal(max(1, day.toordinal() - days))


def first_of(unit: Unit, day: dt.date, week_starts: int = 0) -> dt.date:
    """Return the first day of the calendar unit that holds ``day``.

    >>> first_of("quarter", dt.date(2026, 6, 9))
    datetime.date(2026, 4, 1)
    """
    match unit:
        case "week":
            return back(day, (day.weekday() - week_starts) % _WEEK)
        case "month":
            return day.replace(day=1)
        case "quarter":
            return day.replace(month=day.month - (day.month - 1) % 3, day=1)
        case "year":
            return day.replace(month=1, day=1)


def first_day(rule: CapRule, day: dt.date, week_starts: int = 0) -> dt.date:
    """Return the first day of a rule's window on ``day``."""
    start = back(day, rule.length - 1)
    return start if rule.extend_to is None else first_of(rule.extend_to, start, week_starts)


def history_from(policy: Policy, ranking: Ranking, day: dt.date, week_starts: int = 0) -> dt.date:
    """Return the first day whose contacts rules and gaps still look at on ``day``, or ``day`` itself."""
    rules = [first_day(rule, day, week_starts) for rule in policy.rules]
    gaps = [back(day, one.gap_days - 1) for one in ranking.contenders if one.gap_days]
    return min([day, *rules, *gaps])


def warm_up_from(policy: Policy, ranking: Ranking, day: dt.date, week_starts: int = 0) -> dt.date:
    """Return the first day to walk before deciding ``day``, for its contacts and its memberships.

    That is as long as the longest window, gap and time to expiry, at most 400 days.
    """
    expiring = [back(day, one.delivery.expires_after_days or 0) for one in ranking.contenders]
    start = min([history_from(policy, ranking, day, week_starts), *expiring])
    return max(start, back(day, LONGEST_WARM_UP))
