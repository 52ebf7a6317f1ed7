"""Which values set members apart."""

from __future__ import annotations

import polars as pl
import pytest

from segmentation_pipeline.catalog.model import Field, ObjectType
from segmentation_pipeline.catalog.types import Boolean, Integer, Text
from segmentation_pipeline.report.contents.attributes import differences

FIELDS = {
    "key": Field("key", Text()),
    "country": Field("country", Text()),
    "subscribed": Field("subscribed", Boolean()),
    "age": Field("age", Integer()),
    "name": Field("name", Text(), pii=True),
    "serial": Field("serial", Text()),
}
KIND = ObjectType("contact", "contacts", "key", fields=FIELDS)


@pytest.fixture
def objects():
    """Of 100 objects 40 live in France, and all of the first ten."""
    n = range(100)
    return pl.LazyFrame(
        {
            "object_index": n,
            "key": [str(i) for i in n],
            "country": ["fr" if i < 10 or 50 <= i < 80 else "de" if i % 9 else None for i in n],
            "subscribed": [True] * 100,
            "age": n,
            "name": ["x" if i < 10 else "y" for i in n],
            "serial": [f"s{i}" for i in n],
        }
    )


def test_shares_are_of_those_with_a_value(objects):
    (first, second) = differences(KIND, objects, pl.Series(range(10), dtype=pl.Int64))
    assert {(first.value, first.members), (second.value, second.members)} == {("fr", 10), ("de", 0)}
    french = first if first.value == "fr" else second
    there = objects.collect()["country"].drop_nulls()
    assert french.share == 1.0
    assert french.among_all == pytest.approx((there == "fr").sum() / there.len())
    assert french.lift == pytest.approx(1 / french.among_all)


def test_personal_fields_keys_serials_and_constants_tell_nothing(objects):
    found = differences(KIND, objects, pl.Series(range(10), dtype=pl.Int64))
    assert {one.field for one in found} == {"country"}


def test_a_handful_of_members_tells_nothing(objects):
    assert differences(KIND, objects, pl.Series(range(4), dtype=pl.Int64)) == []
