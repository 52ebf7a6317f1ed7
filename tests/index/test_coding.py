"""What is stored decodes to what was given, column by column."""

from __future__ import annotations

import decimal

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segmentation_pipeline.index import encoding
from segmentation_pipeline.index.coding import BUCKET, Bits, Codes, Units
from segmentation_pipeline.index.encoding import choose, encode_values

SCHEMA = pl.Schema(
    {
        "object_index": pl.Int64(),
        "word": pl.String(),
        "tags": pl.List(pl.String()),
        "price": pl.Decimal(38, 4),
        "number": pl.Float64(),
    }
)
WORDS = st.text(max_size=3)
TAGS = st.lists(WORDS | st.integers(0, 200).map(str), unique=True, max_size=90)
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "object_index": st.integers(0, 3 * BUCKET),
            "word": st.none() | WORDS,
            "tags": st.none()
            | st.lists(WORDS | st.integers(0, 200).map(str), unique=True, max_size=90).map(sorted),
            "price": st.none() | st.decimals(-(10**15), 10**15, places=4),
            "number": st.none() | st.floats(allow_nan=False),
        }
    ),
    max_size=30,
)


@settings(max_examples=60, deadline=None)
@given(rows=ROWS)
def test_values_come_back_as_they_were(rows):
    values = pl.DataFrame(rows, schema=SCHEMA)
    coded = encode_values(values.lazy())
    for engine in ("in-memory", "streaming"):
        assert coded.values().collect(engine=engine).equals(values)
    assert coded.values().select("tags").collect().equals(values.select("tags"))


def test_stored_columns_are_small_integers():
    values = pl.DataFrame(
        {"object_index": [0, BUCKET], "word": ["b", None], "tags": [["x", "y"], None], "price": [None, None]},
        schema_overrides={"price": pl.Decimal(38, 2)},
    )
    rows = encode_values(values.lazy()).rows.collect()
    assert rows.to_dict(as_series=False) == {
        "bucket": [0, 1],
        "object_index": [0, BUCKET],
        "word": [1, 0],
        "tags": [3, None],
        "price": [None, None],
    }
    assert rows.dtypes == [pl.Int16, pl.Int32, pl.Int16, pl.Int64, pl.Int64]


def test_values_are_numbered_in_their_order():
    coding = choose(pl.DataFrame({"word": ["b", "a", None, "c"]}))["word"]
    assert isinstance(coding, Codes)
    assert coding.values.to_list() == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("column", "coding"),
    [
        (pl.Series([f"w{n}" for n in range(65)]), None),
        (pl.Series([f"w{n % 65}" for n in range(520)]), Codes),
        (pl.Series([[f"w{n}" for n in range(505)]]), None),
        (pl.Series([[f"w{n}" for n in range(504)]]), Bits),
        (pl.Series([decimal.Decimal("92233720368547758.07")], dtype=pl.Decimal(38, 2)), Units),
        (pl.Series([decimal.Decimal("92233720368547758.08")], dtype=pl.Decimal(38, 2)), None),
        (pl.Series([1.5]), None),
    ],
    ids=["unrepeated text", "repeated text", "too many tags", "tags", "money", "too much money", "number"],
)
def test_what_is_coded(column, coding):
    chosen = choose(column.alias("x").to_frame()).get("x")
    assert chosen is None if coding is None else isinstance(chosen, coding)


def test_more_values_than_small_integers_have_are_larger_integers():
    assert Codes(pl.Series(["x"] * encoding.MOST_CODES)).dtype == pl.Int16
    assert Codes(pl.Series(["x"] * (encoding.MOST_CODES + 1))).dtype == pl.Int32


def test_a_value_that_the_dictionary_lacks_is_no_null():
    coding = Codes(pl.Series(["a"]))
    with pytest.raises(pl.exceptions.PolarsError):
        pl.DataFrame({"x": ["b"]}).select(coding.encode("x"))
