"""The shipped segments over the sample, and the tests that belong to them."""

from __future__ import annotations

from pathlib import Path

import pytest

from segmentation_pipeline.catalog.reading import load_catalog_node
from segmentation_pipeline.documents import read_file
from segmentation_pipeline.rules.interpret import examine_segment
from segmentation_pipeline.sample import AS_OF
from segmentation_pipeline.segments.testing import run_files
from segmentation_pipeline.segments.trial import Bench
from segmentation_pipeline.segments.worlds import gather_world

SHIPPED = Path(__file__).parents[2] / "segment_definitions"
SEGMENTS = sorted(path.stem for path in (SHIPPED / "segments").glob("*.yaml"))
TESTS = sorted((SHIPPED / "tests").glob("*.yaml"))


def test_definitions_have_no_findings(definitions):
    assert [str(finding) for finding in definitions.diagnostics] == []
    assert sorted(definitions.segments) == SEGMENTS


@pytest.mark.parametrize("segment", SEGMENTS)
def test_a_segment_has_members_and_leaves_some_out(evaluation, segment, definitions, catalog):
    table = catalog.objects[definitions.segments[segment].object].table
    everyone = {"contacts": 600, "companies": 60}[table]
    assert 0 < len(evaluation.members[segment]) < everyone


@pytest.mark.parametrize("segment", SEGMENTS)
def test_a_segment_says_what_it_is_and_whose(definitions, segment):
    found = definitions.segments[segment]
    assert found.description
    assert found.owner
    assert found.labels


@pytest.mark.parametrize("segment", SEGMENTS)
def test_a_segment_has_a_test_of_its_own(segment):
    expected = {
        name for path in TESTS for document in read_file(path) for name in document.plain.get("expect", {})
    }
    assert segment in expected


@pytest.mark.parametrize("path", TESTS, ids=lambda path: path.stem)
def test_the_segment_tests_pass(path):
    bench = Bench(load_catalog_node(SHIPPED / "catalog.yaml"), SHIPPED)
    assert [f"{it.test}: {it.message}" for it in run_files([path], bench) if not it.passed] == []


def test_a_pin_decides_where_the_rule_says_otherwise(evaluation):
    vip = evaluation.keys("vip")
    assert "c-0042" in vip
    assert "c-0202" not in vip


def test_whom_nobody_is_waits_as_pending(evaluation):
    assert evaluation.pending["partners"] == ("someone.new@partner.example",)
    assert evaluation.pending["summit_guests"] == ("guest.of.a.guest@mail.example",)


def test_an_exclusion_always_wins(evaluation):
    suppressed = set(evaluation.keys("unsubscribed"))
    assert not suppressed & set(evaluation.keys("newsletter"))
    assert not suppressed & set(evaluation.keys("new_contacts"))


@pytest.mark.parametrize("kind", ["contact", "company"])
def test_the_interpreter_judges_every_one_as_the_compiler_does(evaluation, definitions, catalog, kind):
    own = catalog.objects[kind]
    keys = evaluation.index.profiles[kind].collect()[own.key].to_list()
    world = gather_world(evaluation, AS_OF, kind, keys)
    for name, segment in definitions.segments.items():
        if segment.object == kind:
            judged = [key for key in keys if examine_segment(segment, key, world).member]
            assert sorted(judged) == evaluation.keys(name)
