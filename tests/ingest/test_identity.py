from __future__ import annotations

from hashlib import sha256

import polars as pl

from segmentation_pipeline.catalog.model import Field
from segmentation_pipeline.catalog.types import Text
from segmentation_pipeline.ingest.identity import Occurrences, made_key, row_hash

FIELDS = {"a": Field("a", Text()), "b": Field("b", Text())}


def hashes(**columns):
    return row_hash(pl.DataFrame(columns), {name: FIELDS[name] for name in columns}).to_list()


def test_the_order_of_columns_and_nulls_are_no_matter():
    assert hashes(a=["1"], b=["2"]) == hashes(b=["2"], a=["1"])
    assert hashes(a=["1"]) == row_hash(pl.DataFrame({"a": ["1"], "b": [None]}), FIELDS).to_list()


def test_values_do_not_run_together():
    assert hashes(a=["1;b=1:2"]) != hashes(a=["1"], b=["2"])


def test_the_hash_is_that_of_the_row_written_out():
    assert hashes(a=["é"], b=["1"]) == [sha256("a=2:é;b=1:1;".encode()).hexdigest()[:32]]


def test_equal_rows_are_numbered_across_batches():
    one = pl.Series(hashes(a=["x", "y", "x"]))
    whole = Occurrences()
    assert whole.number(one).to_list() == [1, 1, 2]
    assert whole.number(one[:1]).to_list() == [3]
    assert whole.number(one).to_list() == [4, 2, 5]


def test_numbers_do_not_depend_on_the_size_of_batches():
    rows = pl.Series(hashes(a=[str(at % 7) for at in range(100)]))
    at_once = Occurrences().number(rows).to_list()
    piecemeal = Occurrences()
    assert [n for at in range(0, 100, 9) for n in piecemeal.number(rows[at : at + 9]).to_list()] == at_once


def test_a_contact_without_an_id_is_known_by_its_email():
    first, again, none = made_key(pl.Series(["a@x.org", "a@x.org", None])).to_list()
    assert first == again
    assert first.startswith("email-")
    assert none is None


def test_rows_that_share_half_their_hash_are_not_equal():
    one, other = "0" * 16 + "1" * 16, "0" * 16 + "2" * 16
    seen = Occurrences()
    assert seen.number(pl.Series([one, other, one])).to_list() == [1, 1, 2]
    assert seen.number(pl.Series([other])).to_list() == [2]
    assert seen.number(pl.Series([other, one, "0" * 32])).to_list() == [3, 3, 1]
