"""Which conditions flip for an object between two rules, and what is said where none does."""

from __future__ import annotations

import datetime as dt

import pytest

from segmentation_pipeline.catalog.masking import MASK
from segmentation_pipeline.segments.basis import read_definitions
from segmentation_pipeline.segments.dry_run import pin
from segmentation_pipeline.segments.movers import sample_movers
from segmentation_pipeline.segments.sides import set_against

NOW = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)


@pytest.fixture
def movers(published, tmp_path_factory):
    """Return who moves in a segment, by key, between its rule and another one."""

    def moved(rule, other, name="adults", before="", after=""):
        published.segment(name, f"where: {rule}\n{before}")
        proposed = published.copy(tmp_path_factory.mktemp("proposed"))
        proposed.segment(name, f"where: {other}\n{after}")
        both = [read_definitions(each.workspace) for each in (published, proposed)]
        sides = set_against(*both, pin(published.store, [one.catalog for one in both], published.now))
        moves = sides.moves(name)
        return {one.key: one.flips for one in sample_movers(sides, moves, 10)}

    return moved


def age(operator, value):
    return f"{{field: age, operator: {operator}, value: {value}}}"


def told(flip):
    return flip.before, flip.held, flip.value, flip.after, flip.holds, flip.value_after


def test_another_value_of_the_same_condition(movers):
    [flip] = movers(age("greater_than", 30), age("greater_than", 20))["b"]
    assert told(flip) == ("age is greater than 30", False, "30", "age is greater than 20", True, "30")


def test_of_two_ways_in_the_one_that_changed(movers):
    """An email that starts with z would have let b in, too: that rule is the same on both sides."""
    either = "{any: [{field: email, operator: starts_with, value: z}, %s]}"
    [flip] = movers(either % age("greater_than", 30), either % age("greater_than", 20))["b"]
    assert flip.before == "age is greater than 30"


def test_of_two_conditions_that_changed_the_one_that_turned(movers):
    """Both values of the rule change, and only one of them for b."""
    either = "{any: [{field: email, operator: starts_with, value: %s}, %s]}"
    [flip] = movers(either % ("y", age("greater_than", 30)), either % ("z", age("greater_than", 20)))["b"]
    assert told(flip) == ("age is greater than 30", False, "30", "age is greater than 20", True, "30")


def test_a_condition_that_goes_and_one_that_comes(movers):
    alone = age("less_than", 99)
    both = f"{{all: [{alone}, {age('greater_than', 30)}]}}"
    [gone] = movers(both, alone)["a"]
    assert told(gone) == ("age is greater than 30", False, "20", None, None, None)
    [come] = movers(alone, both)["a"]
    assert told(come) == (None, None, None, "age is greater than 30", False, "20")


def test_the_same_conditions_put_together_otherwise(movers):
    parts = f"[{age('greater_than', 25)}, {age('less_than', 35)}]"
    [flip] = movers(f"{{all: {parts}}}", f"{{any: {parts}}}")["a"]
    assert told(flip) == ("age is greater than 25", False, "20", "age is greater than 25", False, "20")


def test_another_window_of_the_same_events(published, movers):
    published.events(("a", "opened", NOW - dt.timedelta(days=20)))
    opened = "{event: opened, within: last %s days}"
    email = "{field: email, operator: is_not_empty}"
    [flip] = movers(f"{{all: [{opened % 9}]}}", f"{{all: [{email}, {opened % 30}]}}")["a"]
    assert (flip.held, flip.holds, flip.value, flip.value_after) == (False, True, "0", "1")
    assert "last 9 days" in flip.before
    assert "last 30 days" in flip.after


def test_a_pin_decides_on_either_side(movers):
    rule = age("greater_than", 30)
    pinned = "pins: [{key: %s, put: %s, reason: asked to}]"
    [out] = movers(rule, rule, after=pinned % ("c", "out"))["c"]
    assert (out.cause, out.before) == ("pinned out: asked to", None)
    [put_in] = movers(rule, rule, after=pinned % ("a", "in"))["a"]
    assert put_in.cause == "pinned in: asked to"


def test_a_personal_value_is_masked(published, movers):
    catalog = published.workspace.catalog_file
    said = catalog.read_text(encoding="utf-8").replace(
        "email: {type: text,", "email: {type: text, pii: true,"
    )
    catalog.write_text(said, encoding="utf-8")
    flips = movers(
        "{field: email, operator: starts_with, value: z}", "{field: email, operator: starts_with, value: a}"
    )
    assert [flip.value for flip in flips["a"]] == [MASK]


def test_an_embedded_segment_is_followed_through_several(published, tmp_path_factory):
    published.segment("rest", "where: {segment: others}")
    proposed = published.copy(tmp_path_factory.mktemp("proposed"))
    proposed.segment("adults", f"where: {age('greater_than', 30)}")
    both = [read_definitions(each.workspace) for each in (published, proposed)]
    sides = set_against(*both, pin(published.store, [one.catalog for one in both], published.now))
    for deeply, segment in ((True, "adults"), (False, "rest")):
        [mover] = sample_movers(sides, sides.moves("rest"), 10, deeply=deeply)
        assert (mover.key, [flip.segment for flip in mover.flips]) == ("b", [segment])


def test_a_segment_that_comes_and_one_that_goes(published, tmp_path_factory):
    proposed = published.copy(tmp_path_factory.mktemp("proposed"))
    proposed.drop("others")
    both = [read_definitions(each.workspace) for each in (published, proposed)]
    standing = pin(published.store, [one.catalog for one in both], published.now)
    for pair, entered in ((both, False), (both[::-1], True)):
        sides = set_against(*pair, standing)
        [mover] = sample_movers(sides, sides.moves("others"), 10)
        assert (mover.key, mover.entered) == ("a", entered)
        assert [flip.cause for flip in mover.flips] == ["there is no such segment"]
