"""One order of day and month, or an error: every style of a column must prove it by itself."""

from __future__ import annotations

import polars as pl
import pytest

from segmentation_pipeline.ingest.notation.dates import date_kinds, date_order
from segmentation_pipeline.ingest.notation.evidence import Evidence, Undecided


def decide(*values):
    found = Evidence()
    found.add(date_kinds(pl.Series(range(1, len(values) + 1)), pl.Series(values)))
    return date_order(found)


@pytest.mark.parametrize(
    ("values", "order", "why"),
    [
        (["02/01/2014", "31/12/2012"], "day_first", "row 2: `31/12/2012`"),
        (["1/2/2026", "12/31/2025"], "month_first", "row 2: `12/31/2025`"),
        (["1/2/2026 0:00:00", "5/19/2006 0:00:00"], "month_first", "row 2: `5/19/2006 0:00:00`"),
        (["01.02.2026", "2026-02-03", "", "junk", "15.02.2026"], "day_first", "row 5: `15.02.2026`"),
        (["05/05/2026", "7/7/2026"], "day_first", "every value is the same day with the month first"),
        (["2026/1/2"], "year_first", "row 1: `2026/1/2`"),
        (["01/02/2026", "31/01/2026", "01-02-2026", "31-01-2026"], "day_first", "row 2: `31/01/2026`"),
    ],
)
def test_one_impossible_order_proves_the_other(values, order, why):
    assert decide(*values) == (order, why)


@pytest.mark.parametrize(
    "values",
    [
        ["01/02/2026"],
        ["01/02/2026", "2026-02-13", "05/05/2026"],
        ["13/13/2026", "1/2/2026"],
    ],
)
def test_where_both_orders_fit_none_is_guessed(values):
    with pytest.raises(Undecided, match="can be read with the day first and with the month first"):
        decide(*values)


def test_rows_that_contradict_each_other_are_shown():
    with pytest.raises(Undecided) as caught:
        decide("01/02/2026", "31/01/2026", "1/31/2026")
    assert caught.value.what == (
        "is written in two orders: row 2: `31/01/2026` has the day first, row 3: `1/31/2026` the month"
    )


@pytest.mark.parametrize(
    "values",
    [
        # As a spreadsheet of another country leaves them: 04/08 was turned round, 5/14 could not be.
        ["04/08/1966", "5/14/1965", "10/14/1965"],
        ["4/8/1966", "14/05/1965", "14/10/1965"],
        ["04-08-1966", "5/14/1965"],
    ],
)
def test_one_style_proves_nothing_of_another(values):
    with pytest.raises(Undecided, match="no value proves either of this style, and other styles do not"):
        decide(*values)


def test_every_style_may_prove_the_same_order():
    assert decide("04/08/1966", "05/14/1965", "5/14/1965", "10/11/1965")[0] == "month_first"
