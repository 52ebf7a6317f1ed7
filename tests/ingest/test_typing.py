from __future__ import annotations

from decimal import Decimal as Exact

import polars as pl
import pytest

from segmentation_pipeline.catalog.types import Boolean, Decimal, Integer, ListOf, Number, Text
from segmentation_pipeline.ingest.cleaning import whole_numbers
from segmentation_pipeline.ingest.text import as_text
from segmentation_pipeline.ingest.typing import Reading, read_as


def read(kind, values, **how):
    return read_as(kind, pl.Series(values), Reading(**how)).to_list()


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([17850.0, 2.5, float("nan"), None], ["17850", "2.5", None, None]),
        ([17850, None], ["17850", None]),
        ([True, False, None], ["true", "false", None]),
        ([Exact("2.50"), Exact(10)], ["2.5", "10"]),
        (["00001", " x "], ["00001", " x "]),
    ],
)
def test_text_is_the_same_from_every_type(values, expected):
    assert as_text(pl.Series(values)).to_list() == expected


def test_ids_that_are_text_stay_as_they_are():
    assert read(Text(), ["00001", "17850.0", ""]) == ["00001", "17850.0", None]


def test_as_integer_reads_ids_as_numbers():
    assert whole_numbers(pl.Series(["17850.0", "0017850", "-3.", "A7", None])).to_list() == [
        "17850",
        "17850",
        "-3",
        "A7",
        None,
    ]


def test_text_is_composed():
    assert read(Text(), ["e\u0301te\u0301"]) == ["\u00e9t\u00e9"]


def test_integers_are_whole():
    values = ["12", "12.0", " 7 ", "+3", "1.5", "1e3", "abc", "9223372036854775808"]
    assert read(Integer(), values) == [12, 12, 7, 3, None, None, None, None]


def test_a_float_column_holds_integers_where_they_are_whole():
    assert read(Integer(), [3.0, 2.5, None]) == [3, None, None]


def test_numbers_are_finite():
    assert read(Number(), ["1e3", "nan", "inf", "1,5"]) == [1000.0, None, None, None]


def test_a_decimal_comma_must_be_asked_for():
    assert read(Number(), ["1,5"], decimal=",") == [1.5]


def test_decimals_are_equal_from_text_and_from_floats():
    floats = [2.55, 1e-7, 1.00005, -11062.06, 0.1 + 0.2]
    texts = [str(value) for value in floats]
    assert read(Decimal(4), floats) == read(Decimal(4), texts)
    assert read(Decimal(4), texts)[0] == Exact("2.5500")


def test_decimals_round_half_even():
    assert read(Decimal(2), ["0.125", "0.135"]) == [Exact("0.12"), Exact("0.14")]


def test_booleans_have_words():
    assert read(Boolean(), ["Y", "false", "1", "maybe", None]) == [True, False, True, None, None]


def test_a_list_is_split_and_keeps_each_value_once():
    assert read(ListOf(Text()), ["b; a;;b", None], split=";") == [["b", "a"], None]


def test_a_list_may_be_json_or_one_value():
    assert read(ListOf(Integer()), ["[1, 2]", "3"]) == [[1, 2], [3]]


def test_a_list_with_a_bad_element_cannot_be_read():
    assert read(ListOf(Integer()), ['[1, "x"]']) == [None]


CELLS = ["b; a", "", " ", None, ";", "[1, null, 1]", '["a", "a", " b "]', "[odd", "[]"]


@pytest.mark.parametrize(
    ("split", "cells", "expected"),
    [
        (None, CELLS[:5], [["b; a"], [], [], None, [";"]]),
        (None, CELLS, [["b; a"], [], [], None, [";"], ["1"], ["a", "b"], ["[odd"], []]),
        (";", CELLS[:5], [["b", "a"], [], [], None, []]),
        (";", CELLS[5:], [["[1, null, 1]"], ['["a", "a", " b "]'], ["[odd"], ["[]"]]),
    ],
)
def test_cells_of_lists(split, cells, expected):
    assert read(ListOf(Text()), cells, split=split) == expected
