from __future__ import annotations

import numpy as np

from segmentation_pipeline.ingest.hash_set import HashSet


def hashes(*values):
    return np.array(values, dtype=np.uint64)


def test_what_was_never_added_is_not_common():
    assert HashSet().common(hashes(1, 2)).tolist() == []
    found = HashSet()
    found.add(hashes(5, 2**64 - 1, 0))
    assert found.common(hashes(1, 6, 2**63)).tolist() == []


def test_common_hashes_come_once_and_in_order():
    found = HashSet()
    found.add(hashes(5, 2**64 - 1, 0, 5))
    assert found.common(hashes(5, 0, 5, 7, 2**64 - 1)).tolist() == [0, 5, 2**64 - 1]


def test_parts_that_are_joined_keep_everything():
    chance = np.random.default_rng(7)
    found, seen = HashSet(), set()
    for size in (1, 1, 50, 3, 3, 3, 200, 1, 90):
        added = chance.integers(0, 500, size, dtype=np.uint64)
        found.add(added)
        seen |= set(added.tolist())
        asked = chance.integers(0, 500, 100, dtype=np.uint64)
        assert found.common(asked).tolist() == sorted(seen & set(asked.tolist()))
