from __future__ import annotations

from decimal import Decimal

import polars as pl
import pytest

from segmentation_pipeline.catalog.derived import derive


@pytest.mark.parametrize(
    ("first", "last", "full"),
    [
        ("Ada", "Byron", "Ada Byron"),
        ("Ada", None, "Ada"),
        (None, "Byron", "Byron"),
        (None, None, None),
        ("", " ", None),
    ],
)
def test_a_full_name_is_both_names_or_the_one_there_is(shipped, first, last, full):
    frame = pl.DataFrame(
        {"first_name": [first], "last_name": [last]},
        schema_overrides={"first_name": pl.String, "last_name": pl.String},
    )
    assert derive(shipped.objects["contact"], frame)["full_name"].to_list() == [full]


@pytest.mark.parametrize(
    ("opened", "received", "rate"),
    [
        (1, 3, "33.33"),
        (2, 3, "66.67"),
        (1, 8, "12.50"),
        (1, 800, "0.13"),
        (0, 0, "0"),
        (5, None, "0"),
        (None, 4, "0"),
        (3, 2, "150"),
    ],
)
def test_a_rate_is_per_hundred_received_with_two_decimals(shipped, opened, received, rate):
    frame = pl.DataFrame(
        {"total_emails_opened": [opened], "total_emails_received": [received]},
        schema={"total_emails_opened": pl.Int64, "total_emails_received": pl.Int64},
    )
    found = derive(shipped.objects["contact"], frame)["open_rate"]
    assert found.dtype == pl.Decimal(38, 2)
    assert found.to_list() == [Decimal(rate)]


def test_what_the_source_gives_is_kept(shipped):
    frame = pl.DataFrame({"first_name": ["Ada", "Bob"], "full_name": ["Countess", None]})
    assert derive(shipped.objects["contact"], frame)["full_name"].to_list() == ["Countess", "Bob"]


def test_nothing_is_derived_from_nothing(shipped):
    frame = pl.DataFrame({"contact_id": ["a"], "open_rate": ["7.5"]})
    assert derive(shipped.objects["contact"], frame).equals(frame)
