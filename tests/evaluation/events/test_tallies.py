"""Windows of any kind over rows in time order, beside a count of every window by itself."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from segmentation_pipeline.evaluation.events.tallies import (
    NEVER,
    NEVER_YET,
    earliest,
    latest,
    slices,
    totals,
)

SIZE = 4
ends = st.none() | st.integers(-1, 12)
rows = st.lists(st.tuples(st.integers(0, 10), st.integers(0, SIZE - 1), st.integers(-9, 9)), max_size=30)


@given(rows.map(sorted), st.sets(st.tuples(ends, ends), min_size=1, max_size=5))
def test_every_window_is_counted_and_summed_as_if_alone(events, spans):
    times, positions, weights = (np.array(column, dtype=np.int64) for column in _columns(events))
    found = slices(times, spans)
    counts = dict(totals(positions, found.values(), SIZE))
    sums = dict(totals(positions, found.values(), SIZE, weights.astype(float)))
    for low, high in spans:
        inside = [
            (position, weight)
            for time, position, weight in events
            if (low is None or time >= low) and (high is None or time < high)
        ]
        part = found[low, high]
        assert counts[part].tolist() == [sum(p == n for p, _ in inside) for n in range(SIZE)]
        assert sums[part].tolist() == [sum(w for p, w in inside if p == n) for n in range(SIZE)]


def test_the_latest_and_the_earliest_row_of_each_position():
    positions, times = np.array([2, 0, 2]), np.array([1, 5, 7])
    assert latest(positions, times, 3).tolist() == [5, NEVER, 7]
    assert earliest(positions, times, 3).tolist() == [5, NEVER_YET, 1]


def _columns(events):
    return zip(*events, strict=True) if events else ((), (), ())
