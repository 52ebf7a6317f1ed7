"""The conformance suite once more: every case evaluated as a past day, its instant the day's end."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from segmentation_pipeline.catalog.reading import load_catalog_node
from segmentation_pipeline.documents import read_file
from segmentation_pipeline.evaluation.evaluate import evaluate_index
from segmentation_pipeline.index.build import build_index
from segmentation_pipeline.rules.graph import dependencies
from segmentation_pipeline.segments.trial import Bench, read_trial
from segmentation_pipeline.simulation.day_masks.bits import prefixes
from segmentation_pipeline.simulation.day_masks.days import Days
from segmentation_pipeline.simulation.day_masks.members import past_members
from segmentation_pipeline.simulation.day_masks.past import Past

pytestmark = pytest.mark.integration

TESTS = Path(__file__).parents[2]
CATALOG = TESTS.parent / "segment_definitions" / "catalog.yaml"
FILES = sorted((TESTS / "cases").glob("*.yaml"))


@pytest.fixture(scope="module")
def bench():
    return Bench(load_catalog_node(CATALOG, "catalog.yaml"), TESTS / "cases" / "files")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_cases_hold_on_a_past_day(bench, path):
    compared = 0
    for node in read_file(path, path.name):
        trial = read_trial(node, bench)
        if not trial.test.expect:
            continue
        definitions, clock = trial.definitions, trial.clock
        index = build_index(definitions.catalog, trial.frames())
        days = Days((clock.today,), clock.zone, clock.week_starts, (clock.as_of,), prefixes(1))
        past = Past(definitions.catalog, index, days)
        wanted = [
            name
            for name in trial.test.expect
            if name in definitions.segments and definitions.segments[name].object == "contact"
        ]
        found = past_members(definitions, past, wanted)
        needed = {*wanted, *dependencies(definitions.segments, wanted)}
        again = evaluate_index(definitions, past.index_at(0), days.instant(0), only=needed)
        assert set(found.failed) == set(wanted) & set(again.failed)
        for name in found.segments:
            inside = found.masks(name)[0].astype(np.uint64) & np.uint64(1) != 0
            assert found.contacts[inside].tolist() == again.members[name].to_list(), (node.get("test"), name)
            compared += 1
    assert compared or not any("expect:" in line for line in path.read_text().splitlines())
