"""The generated definitions: readable, mixed as promised, the same every time."""

from __future__ import annotations

from collections import Counter

import pytest

from benchmarks.data.segments import documents, write_definitions
from segmentation_pipeline.rules.graph import embeds, leaves
from segmentation_pipeline.rules.tree import Compare, Field, Measure, Sequence


@pytest.fixture(scope="module")
def definitions(tmp_path_factory):
    return write_definitions(tmp_path_factory.mktemp("definitions") / "40", 40)


def test_every_definition_is_read_without_a_finding(definitions):
    assert len(definitions.segments) == 40
    assert definitions.errors == ()
    assert definitions.broken == {}


def test_of_twenty_eight_are_about_properties_eight_behaviour_three_embed_and_one_is_a_sequence():
    for count in (20, 100, 1000):
        kinds = Counter(name.split("_")[0] for name in documents(count))
        assert {kind: number * 20 / count for kind, number in kinds.items()} == {
            "properties": 8,
            "behaviour": 8,
            "embedded": 3,
            "sequence": 1,
        }


def test_a_segment_is_what_its_name_says(definitions):
    for name, segment in definitions.segments.items():
        kinds = {type(node.operand) if isinstance(node, Compare) else type(node) for node in leaves(segment)}
        match name.split("_")[0]:
            case "properties":
                assert kinds == {Field}
            case "behaviour":
                assert Measure in kinds
            case "embedded":
                assert embeds(segment)
            case "sequence":
                assert Sequence in kinds


def test_the_first_of_many_are_those_of_few():
    many, few = documents(60), documents(20)
    assert list(many.items())[:20] == list(few.items())


def test_another_seed_gives_other_definitions():
    assert documents(10, seed=1) != documents(10, seed=2)


def test_what_stood_in_the_folder_goes(tmp_path):
    write_definitions(tmp_path / "d", 12)
    assert len(write_definitions(tmp_path / "d", 3).segments) == 3
