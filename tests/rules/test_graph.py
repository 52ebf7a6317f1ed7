# ruff: noqa: E501 — tables of cases, one a line, the rule as its author writes it
"""Who embeds whom: order, loops and what they are called."""

from __future__ import annotations

import pytest

from segmentation_pipeline.rules.graph import closure_hashes, dependents, embeds, evaluation_order, walk
from segmentation_pipeline.rules.tree import All, Everyone, InSegment, Not

CHAIN = """
d: {where: {segment: c}}
a: {where: {everyone: true}}
c: {where: {all: [{segment: a}, {not: {segment: b}}]}}
b: {where: {everyone: true}, exclude: {segment: a}}
"""


def reported(definitions):
    return {finding.segment: finding for finding in definitions.diagnostics}


def test_embedded_segments_stand_before_those_that_embed_them(local):
    definitions = local(CHAIN)
    assert list(definitions.segments) == ["a", "b", "c", "d"]
    assert embeds(definitions.segments["c"]) == ("a", "b")


def test_a_walk_yields_every_condition_in_the_order_written():
    inner = Not(InSegment("b"))
    tree = All((InSegment("a"), inner))
    assert list(walk(tree)) == [tree, InSegment("a"), inner, InSegment("b")]
    assert list(walk(Everyone())) == [Everyone()]


def test_the_order_does_not_depend_on_the_order_of_files(local):
    segments = local(CHAIN).segments
    backwards = dict(reversed(segments.items()))
    assert evaluation_order(segments) == evaluation_order(backwards) == ["a", "b", "c", "d"]


def test_dependents_are_those_above(local):
    segments = local(CHAIN).segments
    assert dependents(segments, ["b"]) == {"c", "d"}
    assert dependents(segments, ["d"]) == set()


def test_a_change_below_changes_the_hash_of_all_above(local):
    before = closure_hashes(local(CHAIN).segments)
    after = closure_hashes(
        local(CHAIN.replace("exclude: {segment: a}", "exclude: {not: {segment: a}}")).segments
    )
    assert {name for name in before if before[name] != after[name]} == {"b", "c", "d"}


def test_a_diamond_is_fine(local):
    definitions = local(
        "a: {where: {everyone: true}}\nb: {where: {segment: a}}\nc: {where: {segment: a}}\n"
        "d: {where: {any: [{segment: b}, {segment: c}, {all: [{segment: a}, {segment: b}]}]}}\n"
    )
    assert not definitions.diagnostics
    assert list(definitions.segments) == ["a", "b", "c", "d"]


def test_a_segment_inside_itself(local):
    finding = reported(local("a: {where: {segment: a}}"))["a"]
    assert (finding.rule, finding.message) == ("embeds-self", "`a` embeds itself: a → a")
    assert (finding.at.line, finding.at.column) == (1, 22)


def test_a_loop_names_its_path_from_and_to_each_segment(local):
    definitions = local(
        "a: {where: {segment: b}}\nb: {where: {everyone: true}, exclude: {segment: c}}\nc: {where: {not: {segment: a}}}"
    )
    assert {name: finding.message for name, finding in reported(definitions).items()} == {
        "a": "`a` embeds itself: a → b → c → a",
        "b": "`b` embeds itself: b → c → a → b",
        "c": "`c` embeds itself: c → a → b → c",
    }
    assert definitions.segments == {}
    assert definitions.broken.keys() == {"a", "b", "c"}


def test_a_segment_that_only_embeds_a_loop_reports_that(local):
    definitions = local(
        "x: {where: {segment: y}}\ny: {where: {segment: a}}\na: {where: {segment: b}}\nb: {where: {segment: a}}"
    )
    finding = reported(definitions)["x"]
    assert (finding.rule, finding.message) == ("embeds-cycle", "`x` embeds a loop: x → y → a → b → a")
    assert (finding.at.line, finding.at.column) == (1, 22)


def test_an_unknown_segment_is_named_with_its_like(local):
    finding = reported(local("vip: {where: {everyone: true}}\na: {where: {not: {segment: vpi}}}"))["a"]
    assert (finding.rule, finding.message) == ("unknown-segment", "unknown segment `vpi`")
    assert finding.hint == "did you mean `vip`?"
    assert (finding.at.line, finding.at.column) == (2, 28)


def test_an_inactive_segment_is_an_error_in_its_parents_alone(local):
    definitions = local("old: {where: {everyone: true}, active: false}\na: {where: {segment: old}}")
    finding = reported(definitions)["a"]
    assert (finding.rule, finding.message) == (
        "embedded-inactive",
        "segment `old` is inactive (`active: false`)",
    )
    assert definitions.segments.keys() == {"old"}


def test_a_segment_of_another_object_is_an_error(local):
    definitions = local("big: {object: company, where: {everyone: true}}\na: {where: {segment: big}}")
    assert (
        reported(definitions)["a"].message
        == "segment `big` holds objects of `company`, here it must be `contact`"
    )


def test_the_same_segment_in_different_groups_is_fine(local):
    definitions = local(
        "v: {where: {everyone: true}}\na: {where: {all: [{segment: v}, {any: [{segment: v}]}]}, exclude: {segment: v}}"
    )
    assert not definitions.diagnostics


def test_what_embeds_something_broken_is_broken_and_says_why(local):
    definitions = local(
        "a: {where: {field: x, operator: is_empty}}\nb: {where: {segment: a}}\nc: {where: {segment: b}}\nd: {where: {everyone: true}}"
    )
    assert definitions.segments.keys() == {"d"}
    assert definitions.broken["b"].message.startswith("embeds `a`: unknown field `x`")
    assert definitions.broken["c"].message.startswith("embeds `b`: embeds `a`: unknown field `x`")
    assert [finding.segment for finding in definitions.errors] == ["a"]


@pytest.mark.timeout(20)
def test_a_thousand_segments_are_linked_in_a_moment(local):
    lines = [f"s{n}: {{where: {{segment: s{n // 2}}}}}" for n in range(1, 1000)]
    definitions = local("\n".join(["s0: {where: {everyone: true}}", *lines]))
    assert not definitions.diagnostics
    assert len(definitions.segments) == 1000
