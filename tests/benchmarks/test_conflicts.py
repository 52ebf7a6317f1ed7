"""The benchmark of conflicts, on a few segments."""

from __future__ import annotations

from benchmarks.work.conflicts import overlaps, pairs


def test_overlaps_are_counted_from_a_lake_that_is_written_once(tmp_path):
    first = overlaps(3_000, 5, tmp_path)
    again = overlaps(3_000, 5, tmp_path)
    assert first.size == "5 segments of 3,000 contacts"
    assert first.result == again.result
    assert not first.result.startswith("0 ")


def test_all_pairs_are_proved():
    found = pairs(12)
    numbers = [int(part.split()[0]) for part in found.result.split(", ")]
    assert sum(numbers) == 12 * 11 // 2
    assert "unknown" not in found.result
