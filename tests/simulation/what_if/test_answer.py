"""What a proposal does to today's members: numbers written by hand, and against each side on its own."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from segmentation_pipeline.errors import UsageError
from segmentation_pipeline.evaluation.evaluate import evaluate
from segmentation_pipeline.segments.dry_run import pin
from segmentation_pipeline.segments.sides import set_against
from segmentation_pipeline.simulation.what_if.answer import what_if
from segmentation_pipeline.simulation.what_if.attributes import OTHERS

YOUNG = "where: {field: age, operator: between, value: [18, 40]}"


def younger(project):
    """`adults` become a, b, c, d: a enters, f exits."""
    project.segment("adults", YOUNG)


def rows(found, table, *columns):
    return sorted(found.frames[table].select(columns).rows(), key=str)


def test_sizes_and_moves_dependents_included(sides):
    found = what_if(sides(younger))
    columns = ("segment_id", "kind", "size_before", "size_after", "entered", "exited", "retained")
    assert rows(found, "what_if_segments", *columns, "churn_percent") == [
        ("adults", "changed", 4, 4, 1, 1, 3, 50.0),
        ("others", "through", 2, 2, 1, 1, 1, 100.0),
    ]
    assert found.frames["what_if_segments"]["through"].to_list() == [[], ["adults"]]
    assert found.unchanged == 0


def test_by_attribute(sides):
    found = what_if(sides(younger), breakdowns=["country"])
    assert rows(found, "what_if_changes", *found.frames["what_if_changes"].columns) == sorted(
        [
            ("adults", "entered", None, None, 1),
            ("adults", "exited", None, None, 1),
            ("adults", "retained", None, None, 3),
            ("adults", "entered", "country", "fr", 1),
            ("adults", "exited", "country", "de", 1),
            ("adults", "retained", "country", None, 1),
            ("adults", "retained", "country", "de", 1),
            ("adults", "retained", "country", "fr", 1),
            ("others", "entered", None, None, 1),
            ("others", "exited", None, None, 1),
            ("others", "retained", None, None, 1),
            ("others", "entered", "country", "de", 1),
            ("others", "exited", "country", "fr", 1),
            ("others", "retained", "country", "de", 1),
        ],
        key=str,
    )


def test_of_many_values_the_rest_is_counted_together(project, sides):
    project.people(
        {f"p{n:03}": (20 if n % 2 else 50, f"c{n % 60:02}") for n in range(300)} | {"q": (50, "c00")}
    )
    found = what_if(
        sides(lambda other: other.segment("adults", "where: {everyone: true}")), breakdowns=["country"]
    )
    entered = found.frames["what_if_changes"].filter(
        segment_id="adults", change="entered", attribute="country"
    )
    values = dict(entered.select("value", "contacts").iter_rows())
    assert entered["contacts"].sum() == 150
    assert values[OTHERS] == sum(5 for n in range(60) if n % 2 and f"c{n:02}" not in values)


@pytest.mark.parametrize(
    ("name", "said"),
    [("email", "personal"), ("tags", "a list"), ("cuntry", "did you mean `country`")],
)
def test_what_nobody_is_counted_by(sides, name, said):
    with pytest.raises(UsageError, match=said):
        what_if(sides(younger), breakdowns=[name])


def test_who_moves_and_the_condition_that_flipped(sides):
    found = what_if(sides(younger), samples=5).frames["what_if_samples"]
    of_adults = found.filter(segment_id="adults")
    assert of_adults.select("change", "object", "object_index", "contact_id").rows() == [
        ("entered", "contact", 0, "a"),
        ("exited", "contact", 5, "f"),
    ]
    entered, exited = (one for (one,) in of_adults.select("flipped").rows())
    assert [(flip["held"], flip["holds"], flip["value"], flip["cause"]) for flip in entered + exited] == [
        (False, True, "20", None),
        (True, False, "65", None),
    ]
    assert "30" in entered[0]["before"]
    assert "between 18 and 40" in entered[0]["after"]


def test_what_is_embedded_is_followed_to_the_condition_that_flipped(sides):
    found = what_if(sides(younger), samples=5).frames["what_if_samples"].filter(segment_id="others")
    assert found.select("change", "contact_id").rows() == [("entered", "f"), ("exited", "a")]
    assert [[flip["segment_id"] for flip in one] for one in found["flipped"]] == [["adults"], ["adults"]]


def test_as_many_samples_as_asked_for_of_each_change(project, sides):
    project.people({f"p{n}": (n, "fr") for n in range(100)})
    found = what_if(sides(younger), samples=3).frames["what_if_samples"]
    counted = found.group_by("segment_id", "change").len().sort("segment_id", "change").rows()
    assert counted == [
        ("adults", "entered", 3),
        ("adults", "exited", 3),
        ("others", "entered", 3),
        ("others", "exited", 3),
    ]
    assert what_if(sides(younger), samples=0).frames["what_if_samples"].is_empty()


def test_a_broken_segment_has_no_moves_and_says_why(sides):
    found = what_if(sides(lambda other: other.segment("adults", "where: {field: agee, operator: is_empty}")))
    assert rows(found, "what_if_segments", "segment_id", "kind", "size_before", "size_after", "entered") == [
        ("adults", "broken", 4, None, 0),
        ("others", "broken", 2, None, 0),
    ]
    assert "unknown field `agee`" in found.frames["what_if_segments"]["cause"][0]
    assert found.frames["what_if_changes"].is_empty()


def test_one_that_neither_side_can_evaluate_is_named(project, sides):
    project.segment("bad", "where: {field: agee, operator: is_empty}")
    found = what_if(sides(lambda _other: None))
    assert rows(found, "what_if_segments", "segment_id", "kind") == [("bad", "not_compared")]
    assert found.unchanged == 2


def test_a_change_of_words_is_no_change(sides):
    found = what_if(
        sides(lambda other: other.segment("adults", "name: Grown-ups\n" + YOUNG.replace("18, 40", "30, 999")))
    )
    assert found.frames["what_if_segments"]["entered"].sum() == 0
    same = what_if(
        sides(
            lambda other: other.segment(
                "adults", "name: Grown-ups\nwhere: {field: age, operator: greater_than_or_equal, value: 30}"
            )
        )
    )
    assert same.frames["what_if_segments"].is_empty()
    assert same.unchanged == 2


RULES = st.one_of(
    st.builds(lambda age: f"{{field: age, operator: greater_than, value: {age}}}", st.integers(0, 100)),
    st.builds(
        lambda country: f"{{field: country, operator: equals, value: {country}}}", st.sampled_from("xyz")
    ),
    st.just("{field: country, operator: is_empty}"),
)
PEOPLE = st.dictionaries(
    st.sampled_from([f"k{n}" for n in range(40)]),
    st.tuples(st.none() | st.integers(0, 100), st.none() | st.sampled_from("xyz")),
    min_size=1,
)


@pytest.mark.integration
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(people=PEOPLE, rules=st.lists(RULES, min_size=2, max_size=2))
def test_moves_are_what_both_sides_evaluated_on_their_own_differ_by(project, tmp_path, people, rules):
    project.people(people)
    project.segment("adults", f"where: {rules[0]}")
    other = project.elsewhere(tmp_path / "other")
    other.segment("adults", f"where: {rules[1]}")
    both = (project.definitions, other.definitions)
    frames = {"contacts": project.store.scan("contacts")}
    alone = [evaluate(one, frames, project.now) for one in both]
    standing = pin(project.store, [one.catalog for one in both], project.now)
    found = what_if(set_against(*both, standing), breakdowns=["country"], samples=100)
    changes, samples = found.frames["what_if_changes"], found.frames["what_if_samples"]
    for name in found.frames["what_if_segments"]["segment_id"]:
        old, new = ({*one.keys(name)} for one in alone)
        moved = {"entered": new - old, "exited": old - new, "retained": old & new}
        assert (old | moved["entered"]) - moved["exited"] == new
        for change, keys in moved.items():
            mine = changes.filter(pl.col("segment_id") == name, pl.col("change") == change)
            assert mine.filter(pl.col("attribute").is_null())["contacts"].to_list() == [len(keys)]
            by_value = mine.filter(pl.col("attribute") == "country").select("value", "contacts").rows()
            assert dict(by_value) == {
                value: sum(people[key][1] == value for key in keys)
                for value in {people[key][1] for key in keys}
            }
            named = samples.filter(pl.col("segment_id") == name, pl.col("change") == change)
            assert set(named["contact_id"]) == (keys if change != "retained" else set())
            assert all(named["flipped"].list.len())
