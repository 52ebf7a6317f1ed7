"""How values are written for people."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from segmentation_pipeline.report.model import Cell, Kind

NOTHING = "–"
BARS = "▁▂▃▄▅▆▇█"
_MOST = 60


def sparkline(values: Sequence[float | None]) -> str:
    """Return values as bars between the least and the greatest, at most 60, the last one always.

    >>> sparkline([1, 5, None, 9])
    '▁▄ █'
    """
    step = -(-len(values) // _MOST) or 1
    shown = values[::-1][::step][::-1]
    known = [value for value in shown if value is not None]
    low, high = min(known, default=0), max(known, default=0)
    span, top = (high - low) or 1, len(BARS) - 1
    return "".join(" " if value is None else BARS[int((value - low) * top / span)] for value in shown)


def written(value: Cell, kind: Kind = "text") -> str:
    """Return a value as text.

    >>> written(0.1234, "share"), written(1234567, "count"), written(None, "money")
    ('12.3 %', '1,234,567', '–')
    """
    if value is None:
        return NOTHING
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dt.datetime):
        return f"{value.astimezone(dt.UTC):%Y-%m-%d %H:%M} UTC"
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, int | float | Decimal):
        return _number(value, kind)
    return value


def _number(value: float | Decimal, kind: Kind) -> str:
    match kind:
        case "share":
            return f"{float(value) * 100:.1f} %"
        case "money":
            return f"{value:,.2f}"
        case "count":
            return f"{value:,.0f}"
        case _:
            return f"{value:,}" if isinstance(value, int) else f"{value:,.2f}"
