from __future__ import annotations

import polars as pl
import pytest

from segmentation_pipeline.catalog.types import Decimal, Integer, Number
from segmentation_pipeline.ingest.notation.evidence import Evidence, Undecided
from segmentation_pipeline.ingest.notation.numbers import number_kinds, number_notation
from segmentation_pipeline.ingest.typing import Reading, read_as


def decide(*values):
    found = Evidence()
    found.add(number_kinds(pl.Series(range(1, len(values) + 1)), pl.Series(values)))
    return number_notation(found)


@pytest.mark.parametrize(
    ("values", "notation"),
    [
        (["1.5", "12"], (".", None)),
        (["1.234", "0.125"], (".", None)),
        (["1.234", "1234.567"], (".", None)),
        (["1,234", "19.99"], (".", ",")),
        (["1,234.50"], (".", ",")),
        (["1,234,567"], (".", ",")),
        (["-1,5"], (",", None)),
        (["1,234", "0,125"], (",", None)),
        (["1.234", "19,99"], (",", ".")),
        (["1.234,50"], (",", ".")),
        (["200.000.000"], (",", ".")),
    ],
)
def test_one_value_proves_the_mark_before_the_decimals(values, notation):
    assert decide(*values)[0] == notation


@pytest.mark.parametrize("values", [["1.234"], ["1,234", "12", "x,y"], ["1.234", "1,234"], ["999.000"]])
def test_a_thousand_or_one_and_a_bit_is_not_guessed(values):
    with pytest.raises(Undecided, match="can be read with a decimal point and with a decimal comma: row 1"):
        decide(*values)


def test_rows_that_contradict_each_other_are_shown():
    with pytest.raises(Undecided, match=r"row 1: `1\.5` has a decimal point, row 2: `1,5` a decimal comma"):
        decide("1.5", "1,5")


@pytest.mark.parametrize(
    ("value", "how", "expected"),
    [
        ("1,5", Reading(decimal=","), 1.5),
        ("1.5", Reading(decimal=","), None),
        ("1.234,5", Reading(decimal=",", thousands="."), 1234.5),
        ("12.34,5", Reading(decimal=",", thousands="."), None),
        ("1,234,567.5", Reading(decimal=".", thousands=","), 1234567.5),
        ("1,2", Reading(decimal=".", thousands=","), None),
        ("1\u202f234,5", Reading(decimal=",", thousands=" "), 1234.5),
        ("1’234.5", Reading(decimal=".", thousands="'"), 1234.5),
        ("1.234", Reading(decimal="."), 1.234),
        ("1.234", Reading(), None),
        ("1,234", Reading(), None),
        ("1.5", Reading(), 1.5),
    ],
)
def test_numbers_are_read_one_way_only(value, how, expected):
    assert read_as(Number(), pl.Series([value]), how).item() == expected
    exact = read_as(Decimal(4), pl.Series([value]), how).item()
    assert (None if exact is None else float(exact)) == expected


def test_a_whole_number_may_have_thousands():
    column = pl.Series(["12,000", "7", "12.000"])
    assert read_as(Integer(), column, Reading(decimal=".", thousands=",")).to_list() == [12000, 7, 12]
    assert read_as(Integer(), column, Reading(decimal=",", thousands=".")).to_list() == [12, 7, 12000]
    assert read_as(Integer(), column, Reading()).to_list() == [None, 7, None]


def test_typed_numbers_have_no_notation():
    assert float(read_as(Decimal(3), pl.Series([1.234]), Reading()).item()) == 1.234
