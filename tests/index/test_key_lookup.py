"""Keys are found by their hash and believed only where they are equal."""

from __future__ import annotations

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from segmentation_pipeline.index.key_lookup import KeyLookup

KEYS = st.text(max_size=3)


@given(known=st.lists(KEYS, unique=True), asked=st.lists(st.none() | KEYS))
def test_it_finds_what_a_dictionary_finds(known, asked):
    numbers = {key: 7 * place for place, key in enumerate(known)}
    keys, indexes = pl.Series(known, dtype=pl.String), pl.Series("i", numbers.values(), dtype=pl.Int64)
    found = KeyLookup.of(keys, indexes).find(pl.Series(asked, dtype=pl.String))
    assert found.to_list() == [numbers.get(key) for key in asked]
    assert found.dtype == pl.Int64


def test_keys_that_are_not_distinct_cannot_be_looked_up():
    assert KeyLookup.of(pl.Series(["a", "b", "a"]), pl.Series([0, 1, 2])) is None


def test_a_hash_alone_is_not_believed(monkeypatch):
    lookup = KeyLookup.of(pl.Series(["a"]), pl.Series([5]))
    monkeypatch.setattr(pl.Series, "hash", lambda self: pl.Series([lookup._hashes[0]] * len(self)))
    assert lookup.find(pl.Series(["z", "a"])).to_list() == [None, 5]
