"""Who entered and left, by masks and by joins: the same rows."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from benchmarks.data.dataset import AS_OF
from benchmarks.data.segments import write_definitions
from benchmarks.engines import joins, xor
from benchmarks.membership_rows import read_members, read_tallies, write_memberships
from benchmarks.peer import Tally, numbers

OBJECTS = 4000


@pytest.fixture
def definitions(tmp_path):
    return write_definitions(tmp_path / "definitions", 5)


@pytest.fixture
def members():
    """Members of all segments but the last, of whom the third has none."""
    draws = np.random.default_rng(1)
    ids = [np.flatnonzero(draws.random(OBJECTS) < share) for share in (0.5, 0.01, 0, 1)]
    return {number: pl.Series(found, dtype=pl.Int64) for number, found in enumerate(ids)}


@pytest.fixture
def reference(members, tmp_path):
    write_memberships(tmp_path / "members", members.items())
    return tmp_path / "members"


@pytest.fixture(autouse=True)
def _own_state(monkeypatch):
    """Engines keep what they hold in their module: each has a process of its own."""
    monkeypatch.setattr(xor, "_masks", {})
    for module in (xor, joins):
        monkeypatch.setattr(module, "_found", [])
    monkeypatch.setattr(joins, "_rows", [])


def changes(engine, definitions, reference, tmp_path):
    engine.before(definitions, tmp_path, reference)
    engine.run(None, definitions, AS_OF, tmp_path, tmp_path)
    return engine.tally(definitions, tmp_path, tmp_path)


def test_masks_and_joins_agree(definitions, reference, tmp_path):
    by_masks, by_joins = (changes(engine, definitions, reference, tmp_path) for engine in (xor, joins))
    assert by_masks == by_joins
    assert all(tally.members > 0 for tally in by_masks.values())


def test_an_exit_is_told_from_an_entry(definitions, members, reference, tmp_path):
    tallies = changes(xor, definitions, reference, tmp_path)
    everyone = next(name for name, number in numbers(definitions).items() if number == 3)
    nobody = next(name for name, number in numbers(definitions).items() if number == 2)
    assert tallies[everyone].total == -tallies[nobody].total > 0


def test_members_come_back_as_written(definitions, members, reference):
    back = read_members(reference)
    assert {number: ids.to_list() for number, ids in back.items()} == {
        number: ids.to_list() for number, ids in members.items() if len(ids)
    }


def test_a_segment_without_members_is_counted_too(definitions, members, reference):
    tallies = list(read_tallies(reference, definitions).values())
    expected = [Tally(len(ids), int(ids.sum())) for ids in members.values()]
    assert tallies == [*expected, Tally(0, 0)]
