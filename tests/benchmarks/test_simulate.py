"""The benchmark of replays on few contacts: it runs, finds every reason, and checks what it found."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.data.campaigns import competing, write_project
from benchmarks.data.generate import dataset
from benchmarks.work.simulate import build_index, measure, workspace_of
from segmentation_pipeline.simulation.day_masks.members import PastMembers
from segmentation_pipeline.simulation.tables import CLAIMS

pytestmark = pytest.mark.integration


@pytest.fixture
def project(tmp_path):
    data = dataset(tmp_path, 3_000)
    folder = write_project(data, segments=20, days=10, samples=40)
    build_index(workspace_of(folder))
    return folder


def test_a_replay_is_measured_and_checked(project):
    found = measure(project, samples=40)
    assert (found["contacts"], found["days"], found["segments"]) == (3_000, 10, 20)
    assert sum(found[name] for name in CLAIMS) == found["claims"]
    assert min(found[name] for name in CLAIMS) > 0
    assert sum(row["cpu_s"] for row in found["phases"]) <= found["total"]["cpu_s"] + 0.1
    assert len(found["checks"]) == 4


def test_a_wrong_member_is_noticed(project, monkeypatch):
    right = PastMembers.words

    def wrong(past, ids, day_at, part=None):
        found = right(past, ids, day_at, part)
        return found ^ np.uint64(1) if day_at == len(past.days) - 1 else found

    monkeypatch.setattr(PastMembers, "words", wrong)
    with pytest.raises(ValueError, match="has other members on"):
        measure(project, samples=5)


def test_every_definition_competes():
    texts = competing(50, 1_000)
    assert all("\ndelivery:" in text for text in texts.values())
    assert competing(50, 1_000) == texts
