from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal

import pytest

from segmentation_pipeline.errors import ImportFailed
from segmentation_pipeline.ingest.origins.sql_values import texts

EAST = dt.timezone(dt.timedelta(hours=2))
KEY = uuid.UUID("00000000-0000-0000-0000-000000000001")


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([17850, None, 2**70], ["17850", None, "1180591620717411303424"]),
        (
            [Decimal("17850.00"), Decimal("-0.0"), Decimal("1E+3"), Decimal("NaN")],
            ["17850", "0", "1000", None],
        ),
        ([1.5, 17850.0, float("nan")], ["1.5", "17850", None]),
        ([True, False], ["true", "false"]),
        ([dt.datetime(2026, 1, 1, 12, tzinfo=EAST), None], ["2026-01-01T10:00:00Z", None]),
        ([dt.datetime(2026, 1, 1, 12), dt.date(2026, 1, 2)], ["2026-01-01T12:00:00", "2026-01-02"]),
        ([[1, None, Decimal("2.50")], ("a",)], ['["1", null, "2.5"]', '["a"]']),
        ([{"a": [1]}, KEY, "x", 3], ['{"a": ["1"]}', str(KEY), "x", "3"]),
        ([None, None], [None, None]),
    ],
)
def test_values_as_the_import_reads_them(values, expected):
    assert texts("x", values).to_list() == expected


@pytest.mark.parametrize("value", [b"x", dt.timedelta(hours=1), object()])
def test_what_has_no_text_is_refused_with_a_way_out(value):
    with pytest.raises(ImportFailed, match="the column `x` has values of type") as caught:
        texts("x", [value])
    assert caught.value.hint.startswith("cast it in the query")
