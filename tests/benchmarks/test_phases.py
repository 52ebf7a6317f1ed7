"""Seconds count for the innermost phase, and every call of a function makes one."""

from __future__ import annotations

import time
from types import SimpleNamespace

import pytest

from benchmarks import phases
from benchmarks.phases import Phases


def busy(seconds):
    end = time.process_time() + seconds
    while time.process_time() < end:
        pass


def test_seconds_of_a_phase_within_another_are_its_own():
    found = Phases()
    with found.phase("outer"):
        busy(0.02)
        with found.phase("inner"):
            busy(0.05)
    assert found.found["inner"].cpu_s == pytest.approx(0.05, abs=0.02)
    assert found.found["outer"].cpu_s == pytest.approx(0.02, abs=0.02)
    assert found.found["outer"].peak_mb >= found.found["inner"].peak_mb > 0


def test_functions_are_timed_for_as_long_as_it_lasts(monkeypatch):
    monkeypatch.setattr(phases, "place", SimpleNamespace(double=lambda number: 2 * number), raising=False)
    before = phases.place.double
    found = Phases()
    with found.within({"benchmarks.phases:place.double": "doubling"}):
        assert phases.place.double(4) == 8
        assert phases.place.double(number=5) == 10
    assert found.found["doubling"].calls == 2
    assert phases.place.double is before


def test_a_function_that_is_not_there_is_an_error():
    with pytest.raises(AttributeError), Phases().within({"benchmarks.phases:Phases.gone": "x"}):
        pass
