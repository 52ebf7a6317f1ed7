"""A limit of memory: what it counts, when it says no, and that the kernel never has to."""

from __future__ import annotations

import resource

import pytest

from segmentation_pipeline.errors import OutOfMemory, RunFailed
from segmentation_pipeline.evaluation import memory
from segmentation_pipeline.evaluation.memory import MemoryLimit, memory_used


def test_what_is_used_is_what_the_system_counts():
    used = memory_used()
    held = bytearray(64 * 2**20)
    held[:] = b"x" * len(held)
    assert 50 * 2**20 < memory_used() - used < 200 * 2**20
    del held


def test_where_the_system_does_not_say_the_most_ever_counts(monkeypatch, tmp_path):
    monkeypatch.setattr(memory, "_STATM", tmp_path / "statm")
    assert memory_used() == resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def test_below_the_limit_nothing_is_said():
    MemoryLimit(10**15).check("reading")
    MemoryLimit(10**15).expect("reading", 10**12)


def test_above_it_the_error_says_what_was_done_how_much_is_used_and_what_to_do():
    with pytest.raises(OutOfMemory, match=r"out of memory: .*[GM]B are in use, the limit is 1 MB") as raised:
        MemoryLimit(10**6).check("reading")
    assert raised.value.where == "reading"
    assert "`bucket_size`" in raised.value.hint
    assert isinstance(raised.value, RunFailed)


def test_what_would_not_fit_is_not_begun():
    limit = MemoryLimit(memory_used() + 10**9)
    limit.check("reading")
    with pytest.raises(OutOfMemory, match=r"and 2\.00 GB more would be needed, the limit is"):
        limit.expect("reading", 2 * 10**9)
