"""Every finding on definitions made for it, and on a neighbour that is right."""

from __future__ import annotations

import datetime as dt

import pytest

from segmentation_pipeline.conflicts.findings.search import find
from segmentation_pipeline.conflicts.model import Witness
from segmentation_pipeline.conflicts.witnesses.frames import frames_of
from segmentation_pipeline.index.build import build_index


def f(field, operator, value=None, **options):
    return {"field": field, "operator": operator, **({} if value is None else {"value": value}), **options}


def n(event, operator="greater_than_or_equal", value=1, **options):
    return {"event": event, "operator": operator, "value": value, **options}


def both(*conditions):
    return {"all": list(conditions)}


def delivering(where, priority=0, group="g", **more):
    return {
        "where": where,
        "delivery": {"channel": "email", "exclusivity_group": group, "priority": priority, **more},
    }


@pytest.fixture
def findings(kit):
    """The findings on definitions, by name; without those that a test does not ask for."""

    def ask(segments, *names, index=None):
        found = find(kit.prove(segments), index)
        return [one for one in found if one.finding in names]

    return ask


def paths(finding):
    return [[(reason.segment, reason.path) for reason in one] for one in finding.conditions]


def test_never_matches_names_every_minimal_set(findings):
    rule = both(
        f("tier", "equals", "pro"),
        f("age", "less_than", 5),
        f("tier", "equals", "free"),
        f("age", "is_empty"),
    )
    (found,) = findings({"a": rule}, "never_matches", "dead_branch", "redundant_condition")
    assert (found.severity, found.path) == ("error", "where")
    assert sorted(paths(found)) == [
        [("a", "where.all[0]"), ("a", "where.all[2]")],
        [("a", "where.all[1]"), ("a", "where.all[3]")],
    ]
    assert "tier equals" in found.message


def test_never_matches_by_exclude_and_by_a_segment_it_embeds(findings):
    empty = {"where": f("ok", "is_true"), "exclude": f("ok", "is_not_empty")}
    first, second = findings(
        {"a": empty, "b": {"where": both({"segment": "a"}, f("age", "less_than", 5))}}, "never_matches"
    )
    assert paths(first) == [[("a", "where"), ("a", "exclude")]]
    assert paths(second) == [[("b", "where.all[0]")]]


def test_a_static_segment_without_members_is_an_ordinary_day(findings):
    assert findings({"a": {"type": "static", "members": []}}, "never_matches") == []


def test_always_matches(findings):
    (found,) = findings(
        {"a": {"any": [f("ok", "is_true"), f("ok", "is_not_true")]}, "b": {"everyone": True}},
        "always_matches",
    )
    assert (found.segment, found.severity, found.path) == ("a", "warning", "where")


def test_dead_branch_is_never_true_or_covered(findings):
    rule = both(
        f("age", "less_than", 18),
        {
            "any": [
                f("ok", "is_true"),
                f("age", "greater_than", 30),
                both(f("ok", "is_true"), f("tier", "equals", "pro")),
            ]
        },
    )
    found = findings({"a": rule}, "dead_branch")
    assert [one.path for one in found] == ["where.all[1].any[1]", "where.all[1].any[2]"]
    assert {one.severity for one in found} == {"warning"}


def test_redundant_condition(findings):
    rule = both(
        n("open", value=3, within="last 7 days"), n("open", within="last 30 days"), f("ok", "is_true")
    )
    (found,) = findings({"a": rule}, "redundant_condition", "dead_branch")
    assert (found.path, found.severity) == ("where.all[1]", "info")


def test_of_two_conditions_that_say_the_same_one_is_redundant(findings):
    rule = both(f("age", "less_than", 18), f("age", "less_than_or_equal", 17))
    assert [one.path for one in findings({"a": rule}, "redundant_condition")] == ["where.all[0]"]


def test_exclude_that_takes_nobody_out(findings):
    (found,) = findings(
        {"a": {"where": f("ok", "is_true"), "exclude": f("ok", "is_false")}}, "redundant_condition"
    )
    assert found.path == "exclude"


def test_shadowed_names_all_who_take_its_customers(findings):
    segments = {
        "low": delivering(f("age", "between", [10, 20]), 1),
        "first": delivering(f("age", "less_than", 15), 5),
        "second": delivering(f("age", "greater_than_or_equal", 15), 4),
        "other": delivering(f("ok", "is_true"), 9),
    }
    (found,) = findings(segments, "shadowed")
    assert (found.segment, found.culprits, found.severity) == ("low", ("first", "second"), "error")
    assert (found.path, found.group) == ("delivery.priority", "g")


def test_who_is_not_active_all_the_time_shadows_nobody(findings):
    segments = {
        "low": delivering(f("age", "less_than", 10), 1),
        "high": delivering(f("age", "less_than", 15), 5, ends="2026-06-30"),
    }
    assert findings(segments, "shadowed") == []


def test_equal_priority_overlap_has_a_customer_who_shows_it(findings):
    segments = {
        "a": delivering(f("age", "less_than", 20), 3),
        "b": delivering(f("age", "greater_than", 10), 3),
    }
    (found,) = findings(segments, "equal_priority_overlap")
    assert (found.segment, found.culprits, found.severity) == ("a", ("b",), "error")
    (contact,) = found.witness.rows["contacts"]
    assert 10 < contact["age"] < 20


def test_equal_priority_of_disjoint_segments_is_fine(findings):
    segments = {
        "a": delivering(f("age", "less_than", 10), 3),
        "b": delivering(f("age", "greater_than", 10), 3),
    }
    assert findings(segments, "equal_priority_overlap") == []


def test_equal_priority_is_a_warning_where_the_overlap_is_only_possible(findings):
    segments = {"a": delivering(f("name", "matches", "q"), 3), "b": delivering(f("ok", "is_true"), 3)}
    assert [one.severity for one in findings(segments, "equal_priority_overlap")] == ["warning"]


def test_coverage_gap_shows_who_is_in_none(findings):
    segments = {
        "a": delivering(f("age", "less_than", 10), 1),
        "b": delivering(f("age", "greater_than", 10), 2),
    }
    (found,) = findings(segments, "coverage_gap")
    assert (found.segment, found.group, found.culprits) == (None, "g", ("a", "b"))
    assert found.witness.rows["contacts"][0]["age"] in (None, 10)
    segments["c"] = delivering({"everyone": True}, 0)
    assert findings(segments, "coverage_gap") == []


def test_null_surprise(findings):
    segments = {
        "a": f("country", "not_equals", "FR"),
        "said": f("country", "not_equals", "FR", nulls="include"),
        "left_out": f("country", "not_equals", "FR", nulls="exclude"),
        "known": both(f("country", "not_equals", "FR"), f("country", "is_not_empty")),
        "required": f("status", "not_equals", "gone"),
        "excluded": {"where": f("ok", "is_true"), "exclude": f("country", "not_equals", "FR")},
        "lists": f("tags", "has_none", ["x"]),
    }
    (found,) = findings(segments, "null_surprise")
    assert (found.segment, found.path, found.severity) == ("a", "where", "info")
    assert found.witness.rows["contacts"][0].get("country") is None


def test_mixed_time_names_the_conditions(findings):
    segments = {
        "a": both(f("seen", "within", "last 30 days"), f("ok", "is_true"), f("seen", "after", "2026-01-01")),
        "b": both(f("seen", "within", "last 30 days"), f("signed", "after", "2026-01-01")),
    }
    (found,) = findings(segments, "mixed_time")
    assert paths(found) == [[("a", "where.all[0]"), ("a", "where.all[2]")]]


def test_unused(findings):
    segments = {
        "a": {"where": f("ok", "is_true"), "publish": False},
        "b": {"where": f("ok", "is_true"), "publish": False},
        "c": both({"segment": "b"}, f("age", "less_than", 5)),
    }
    assert [one.segment for one in findings(segments, "unused")] == ["a"]


def test_positions_lead_into_the_file(findings):
    first, second = "{field: age, operator: less_than, value: 5}", "{field: age, operator: is_empty}"
    text = f"where:\n  all:\n    - {first}\n    - {second}\n"
    (found,) = findings({"a": text}, "never_matches")
    assert (found.at.file, found.at.line) == ("segments/a.yaml", 1)


@pytest.fixture
def index(kit):
    at = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
    contact = {"contact_id": "k", "country": "France", "tags": ["vip"]}
    event = {"contact_id": "k", "kind": "open", "at": at, "activity_id": "e", "channel": "web"}
    frames = frames_of(
        kit.catalog, [Witness("contact", "k", {"contacts": (contact,), "activities": (event,)})]
    )
    return build_index(kit.catalog, {name: frame.lazy() for name, frame in frames.items()})


def test_value_not_in_data(findings, index):
    segments = {
        "a": f("country", "in", ["France", "Frannce"]),
        "b": f("tags", "has_any", ["VIP"], case="insensitive"),
        "c": f("tags", "has_any", ["gold"]),
        "d": n("open", where=f("channel", "equals", "wep")),
        "e": f("country", "contains", "zzz"),
    }
    found = findings(segments, "value_not_in_data", index=index)
    assert [(one.segment, one.severity) for one in found] == [
        ("d", "warning"),
        ("a", "warning"),
        ("c", "warning"),
    ]
    assert "Frannce" in found[1].message
    assert "France" in found[1].hint


def test_window_longer_than_data(findings, index):
    segments = {
        "a": n("open", within="last 90 days"),
        "b": n("open", within="last 7 days"),
        "c": n("open", within="since 2020-01-01"),
        "d": n("click", within="last 90 days"),
        "e": {"sequence": [{"event": "open"}, {"event": "open"}], "within": "last 60 days"},
    }
    found = findings(segments, "window_longer_than_data", index=index)
    assert sorted(one.segment for one in found) == ["a", "e"]
    assert "2026-03-01" in found[0].message


def test_without_data_nothing_is_said_of_it(findings):
    assert findings({"a": f("country", "equals", "x")}, "value_not_in_data", "window_longer_than_data") == []
