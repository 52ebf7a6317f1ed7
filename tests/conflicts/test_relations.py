"""How pairs of rules relate, case by case: each line is a fact about the language that proofs must know."""

from __future__ import annotations

import datetime as dt

import pytest

from segmentation_pipeline.conflicts.proofs.relations import relate

DISJOINT, OVERLAP, IMPLIES, IMPLIED, SAME = "disjoint", "overlap", "a_implies_b", "b_implies_a", "equivalent"


def f(field, operator, value=None, **options):
    return {"field": field, "operator": operator, **({} if value is None else {"value": value}), **options}


def n(event, operator="greater_than_or_equal", value=1, **options):
    return {"event": event, "operator": operator, "value": value, **options}


def both(*conditions):
    return {"all": list(conditions)}


def known(field):
    """True of every text, of none only where there is none."""
    return {"any": [f(field, "equals", "x"), f(field, "not_equals", "x", nulls="exclude")]}


CASES = [
    # text
    (f("name", "equals", "a"), f("name", "equals", "b"), DISJOINT),
    (f("name", "equals", "Vip"), f("name", "contains", "vip"), IMPLIES),
    (f("name", "equals", "Vip"), f("name", "contains", "vip", case="sensitive"), DISJOINT),
    (f("name", "equals", "vip", case="insensitive"), f("name", "equals", "VIP"), IMPLIED),
    (f("name", "equals", "12", case="insensitive"), f("name", "equals", "12"), SAME),
    (f("name", "starts_with", "ab"), f("name", "starts_with", "a"), IMPLIES),
    (f("name", "starts_with", "ab"), f("name", "starts_with", "ac"), DISJOINT),
    (f("name", "ends_with", "ab"), f("name", "contains", "b"), IMPLIES),
    (f("name", "starts_with", "ab"), f("name", "ends_with", "bc"), OVERLAP),
    (f("name", "in", ["a", "b"]), f("name", "not_in", ["a", "b", "c"]), DISJOINT),
    (f("name", "in", ["a", "b"]), f("name", "not_equals", "c"), IMPLIES),
    (f("name", "equals", "e\u0301"), f("name", "equals", "\u00e9"), SAME),
    (f("name", "is_empty"), f("name", "equals", ""), IMPLIED),
    (f("name", "is_empty"), f("name", "equals", " "), IMPLIED),
    (f("name", "is_empty"), f("name", "contains", "x"), DISJOINT),
    (f("name", "is_empty"), f("name", "contains", " "), OVERLAP),
    (f("name", "not_contains", "x"), f("name", "is_empty"), IMPLIED),
    (f("name", "not_contains", "x", nulls="exclude"), f("name", "is_empty"), OVERLAP),
    (f("name", "matches", "^a"), f("name", "equals", "b"), DISJOINT),
    (f("name", "matches", "^a"), f("name", "equals", "ab"), IMPLIED),
    (f("email", "equals", "no address"), f("ok", "is_true"), DISJOINT),
    # null and booleans
    (f("ok", "is_true"), f("ok", "is_not_false"), IMPLIES),
    (f("ok", "is_not_true"), f("ok", "is_empty"), IMPLIED),
    (f("ok", "is_true"), f("ok", "is_empty"), DISJOINT),
    (f("age", "less_than", 5), f("age", "is_empty"), DISJOINT),
    (f("status", "is_empty"), f("ok", "is_true"), DISJOINT),
    # closed domains
    (f("tier", "in", ["free", "pro"]), f("tier", "equals", "enterprise"), DISJOINT),
    (f("tier", "not_in", ["free", "pro"]), f("tier", "equals", "enterprise"), IMPLIED),
    (f("tier", "not_in", ["free", "pro"], nulls="exclude"), f("tier", "equals", "enterprise"), SAME),
    (f("status", "not_in", ["active", "bounced"]), f("status", "equals", "gone"), SAME),
    # numbers
    (f("age", "less_than", 18), f("age", "less_than_or_equal", 17), SAME),
    (f("score", "less_than", 18), f("score", "less_than_or_equal", 17), IMPLIED),
    (
        both(f("score", "greater_than", 1), f("score", "less_than", 1.0000000000000002)),
        f("ok", "is_true"),
        DISJOINT,
    ),
    (f("spent", "greater_than", "9.99"), f("spent", "greater_than_or_equal", 10), SAME),
    (f("age", "less_than", 0), f("ok", "is_true"), DISJOINT),
    (f("age", "between", [10, 20]), f("age", "not_between", [5, 30], nulls="exclude"), DISJOINT),
    (f("age", "in", list(range(0, 40, 2))), f("age", "equals", 7), DISJOINT),
    (f("age", "in", list(range(0, 40, 2))), f("age", "between", [0, 38]), IMPLIES),
    (f("age", "between", [3, 3]), f("age", "in", [*range(9, 40, 2), 3]), IMPLIES),
    # dates and instants; the clock of Paris skips an hour on 29 March 2026
    (f("seen", "on", "2026-03-29"), f("seen", "before", "2026-03-30"), IMPLIES),
    (f("seen", "after", "2026-03-29"), f("seen", "on", "2026-03-29"), DISJOINT),
    (f("seen", "within", "last 30 days"), f("seen", "on_or_before", "30 days ago"), DISJOINT),
    (f("seen", "within", "last 30 days"), f("seen", "after", "30 days ago"), IMPLIES),
    (f("seen", "within", "last 7 days"), f("seen", "within", "last 8 days"), IMPLIES),
    (f("seen", "within", "next 7 days"), f("seen", "within", "last 7 days"), OVERLAP),
    (f("born", "within", "last 7 days"), f("born", "after", "7 days ago"), IMPLIES),
    (f("born", "on", "today"), f("born", "anniversary", "today"), IMPLIES),
    (f("born", "on", "yesterday"), f("born", "anniversary", "today"), DISJOINT),
    # lists
    (f("tags", "has_any", ["a"]), f("tags", "has_none", ["a"]), DISJOINT),
    (f("tags", "has_all", ["a", "b"]), f("tags", "has_any", ["a"]), IMPLIES),
    (f("tags", "equals", ["a"]), f("tags", "has_any", ["b"]), DISJOINT),
    (f("tags", "equals", ["a"]), f("tags", "contains", "A"), IMPLIES),
    (f("tags", "is_empty"), f("tags", "has_none", ["a"]), IMPLIES),
    (f("langs", "is_not_empty"), f("langs", "has_any", ["de", "fr", "en"]), SAME),
    (f("langs", "has_none", ["de", "fr"]), f("langs", "has_any", ["en"]), OVERLAP),
    # counts
    (n("open", value=3), n("open", "less_than", 3), DISJOINT),
    (n("open", value=3, within="last 7 days"), n("open", "less_than", 2, within="last 30 days"), DISJOINT),
    (n("open", value=3, within="last 7 days"), n(["open", "click"], value=2), IMPLIES),
    (
        n("open", where=f("channel", "equals", "web")),
        n("open", where=f("channel", "starts_with", "we")),
        IMPLIES,
    ),
    (
        n("open", where=f("channel", "equals", "web")),
        n("open", "equals", 0, where=f("channel", "is_not_empty")),
        DISJOINT,
    ),
    (both(n("open", value=2), n("click", value=2)), n(["open", "click"], value=4), IMPLIES),
    (n(["open", "click"], value=3), {"any": [n("open", value=2), n("click", value=2)]}, IMPLIES),
    (
        both(n("open", value=3, within="today"), n("open", value=3, within="yesterday")),
        n("open", "less_than", 6, within="last 3 days"),
        DISJOINT,
    ),
    (n("open", "less_than", 0), f("ok", "is_true"), DISJOINT),
    (n("open", within="between 2027-01-01 and 2027-02-01"), f("ok", "is_true"), DISJOINT),
    (
        {"related": "deals", "any": f("stage", "equals", "won")},
        {"related": "deals", "none": f("stage", "in", ["won", "lost"])},
        DISJOINT,
    ),
    # parents
    ({"on": "company", "where": f("size", "equals", "a")}, f("company.size", "equals", "a"), SAME),
    ({"on": "company", "where": f("size", "not_equals", "a")}, f("company.size", "not_equals", "a"), IMPLIES),
    ({"on": "company", "where": {"everyone": True}}, known("company_id"), IMPLIES),
    ({"on": "company", "where": {"everyone": True}}, f("company_id", "is_empty"), OVERLAP),  # a key of blanks
    ({"on": "company", "where": f("company_id", "equals", "x")}, f("company_id", "equals", "x"), IMPLIES),
    (f("company.parent.size", "equals", "a"), {"on": "company", "where": known("parent_id")}, IMPLIES),
    # groups
    (
        {"at_least": 2, "of": [f("ok", "is_true"), f("age", "less_than", 5), f("tier", "equals", "pro")]},
        {"not": {"any": [f("ok", "is_true"), f("age", "less_than", 5)]}},
        DISJOINT,
    ),
    ({"everyone": True}, f("ok", "is_true"), IMPLIED),
]


@pytest.mark.parametrize(("a", "b", "wanted"), CASES)
def test_pairs(kit, a, b, wanted):
    found = kit.relation(a, b)
    assert (found.relation, found.time_scope) in ((wanted, "any_day"), (wanted, "as_of_only"))


def test_what_is_not_looked_into_proves_nothing_impossible(kit):
    a = {"event": "purchase", "measure": "sum", "of": "revenue", "operator": "greater_than", "value": 100}
    b = {"event": "purchase", "measure": "sum", "of": "revenue", "operator": "less_than", "value": 50}
    assert kit.relation(a, b).relation == DISJOINT
    assert kit.relation(a, f("ok", "is_true")).relation == "possible_unverified"


def test_overlap_that_the_engine_shows_is_one_though_something_is_not_looked_into(kit):
    assert kit.relation({"not": f("name", "matches", "^q")}, f("ok", "is_true")).relation == OVERLAP


def test_embedded_segments_are_their_formulas(kit):
    proof = kit.prove(
        {
            "young": f("age", "less_than", 18),
            "young_and_keen": both({"segment": "young"}, n("open", value=3)),
            "old": {"where": f("age", "is_not_empty"), "exclude": {"segment": "young"}},
        }
    )
    found = {(r.segment_a, r.segment_b): r.relation for r in relate(proof)}
    assert found == {
        ("old", "young"): DISJOINT,
        ("old", "young_and_keen"): DISJOINT,
        ("young", "young_and_keen"): IMPLIED,
    }


def test_pins_are_not_part_of_the_rule(kit):
    pinned = {"where": f("ok", "is_true"), "pins": [{"key": "k", "put": "in", "reason": "a test"}]}
    (found,) = relate(kit.prove({"a": pinned, "b": f("ok", "is_false")}))
    assert found.relation == DISJOINT


def test_listed_members_may_be_anybody(kit):
    (found,) = relate(kit.prove({"a": {"type": "static", "members": ["k"]}, "b": f("ok", "is_false")}))
    assert found.relation == "possible_unverified"


def test_invariants_are_premises(kit):
    a, b = f("ok", "is_true"), f("tier", "equals", "free")
    more = """
invariants:
  - name: free is never ok
    when: {field: ok, operator: is_true}
    then: {field: tier, operator: not_equals, value: free}
"""
    assert kit.relation(a, b).relation == OVERLAP
    assert kit.relation(a, b, more=more).relation == DISJOINT


@pytest.mark.parametrize(
    ("a", "b", "scope"),
    [
        (f("seen", "within", "last 7 days"), f("seen", "within", "last 30 days"), "any_day"),
        (f("seen", "within", "last 7 days"), f("seen", "after", "2026-03-01"), "as_of_only"),
        (f("seen", "within", "last 30 days"), f("seen", "within", "this month"), "as_of_only"),
        (f("seen", "within", "last 30 days"), f("seen", "within", "last 1 months"), "as_of_only"),
        (f("seen", "within", "last 7 days"), f("signed", "after", "2026-03-01"), "any_day"),
        (n("open", within="last 7 days"), n("click", within="this month"), "as_of_only"),
        (n("open", within="last 7 days"), n("open", within="last 30 days"), "any_day"),
    ],
)
def test_time_scope(kit, a, b, scope):
    assert kit.relation(a, b).time_scope == scope


def test_a_verdict_of_one_day_changes_with_the_day(kit):
    a, b = f("seen", "within", "last 30 days"), f("seen", "within", "between 2026-04-01 and 2026-05-15")
    assert kit.relation(a, b, as_of=dt.datetime(2026, 6, 30, tzinfo=dt.UTC)).relation == DISJOINT
    assert kit.relation(a, b, as_of=dt.datetime(2026, 4, 30, tzinfo=dt.UTC)).relation == OVERLAP


def test_zones_of_both_sides_decide(kit):
    a = {"where": f("seen", "on", "2026-03-29"), "time_zone": "Europe/Paris"}
    b = {"where": f("seen", "on", "2026-03-29"), "time_zone": "UTC"}
    c = {"where": f("seen", "on", "2026-03-28"), "time_zone": "UTC"}
    found = {(r.segment_a, r.segment_b): r.relation for r in relate(kit.prove({"a": a, "b": b, "c": c}))}
    assert found == {("a", "b"): OVERLAP, ("a", "c"): OVERLAP, ("b", "c"): DISJOINT}


def test_the_day_of_a_date_is_the_same_in_every_zone(kit):
    a = {"where": f("born", "anniversary", "next 7 days")}
    b = {"where": f("born", "anniversary", "today + 2 days"), "time_zone": "Asia/Kathmandu"}
    (found,) = relate(kit.prove({"a": a, "b": b}))
    assert found.relation == IMPLIED


def test_a_budget_of_no_conflicts_gives_up_instead_of_guessing(kit):
    sits = [[f("tags", "has_any", [f"{pigeon}-{hole}"]) for hole in range(7)] for pigeon in range(8)]
    pigeons = {"all": [{"any": holes} for holes in sits]}
    shared = [
        {"not": both(sits[one][hole], sits[other][hole])}
        for hole in range(7)
        for one in range(8)
        for other in range(one)
    ]
    definitions = {"a": pigeons, "b": both(*shared)}
    (given_up,) = relate(kit.prove(definitions, budget=2))
    (answered,) = relate(kit.prove(definitions))
    assert (given_up.relation, answered.relation) == ("unknown", DISJOINT)


def test_thousands_of_values_share_a_few_atoms(kit):
    many = [f"v{number}" for number in range(20_000)]
    proof = kit.prove(
        {"a": f("name", "in", many), "b": f("name", "in", many[:10_000]), "c": f("name", "equals", "w")}
    )
    found = {(r.segment_a, r.segment_b): r.relation for r in relate(proof)}
    assert found == {("a", "b"): IMPLIED, ("a", "c"): DISJOINT, ("b", "c"): DISJOINT}
    assert proof.objects["contact"].encoding.clauses.variables < 100


def test_disjoint_pairs_that_compete_say_which_conditions_contradict(kit):
    delivery = {"channel": "email", "exclusivity_group": "g"}
    a = {
        "where": both(f("ok", "is_true"), {"any": [f("age", "less_than", 18), f("age", "equals", 20)]}),
        "delivery": delivery,
    }
    b = {"where": both(f("tier", "equals", "pro"), f("age", "greater_than", 30)), "delivery": delivery}
    (found,) = relate(kit.prove({"a": a, "b": b}))
    assert (found.relation, found.same_group, found.same_channel) == (DISJOINT, True, True)
    assert [(one.segment, one.path) for one in found.explanation] == [
        ("a", "where.all[1].any[0]"),
        ("a", "where.all[1].any[1]"),
        ("b", "where.all[1]"),
    ]


def test_an_overlap_that_competes_has_a_witness_of_nothing_but_what_matters(kit):
    delivery = {"channel": "email"}
    a = {"where": n("open", value=2, within="last 7 days"), "delivery": delivery}
    b = {"where": f("company.size", "equals", "a"), "delivery": delivery}
    (found,) = relate(kit.prove({"a": a, "b": b, "c": {"where": f("ok", "is_true")}}))[:1]
    rows = {table: len(rows) for table, rows in found.witness.rows.items()}
    assert rows == {"contacts": 1, "companies": 1, "activities": 2}
    assert set(found.witness.rows["contacts"][0]) == {"contact_id", "company_id"}
