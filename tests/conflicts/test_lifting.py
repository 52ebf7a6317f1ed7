"""What z3 adds: verdicts that hold on any day, and comparisons of two fields."""

from __future__ import annotations

import pytest

from segmentation_pipeline.conflicts.proofs import relations


def f(field, operator, value=None, **options):
    return {"field": field, "operator": operator, **({} if value is None else {"value": value}), **options}


def both(*conditions):
    return {"all": list(conditions)}


@pytest.mark.parametrize(
    ("a", "b", "without", "lifted"),
    [
        (
            both(f("seen", "within", "last 30 days"), f("seen", "after", "2026-03-01")),
            f("seen", "within", "last 31 days"),
            ("a_implies_b", "as_of_only"),
            ("a_implies_b", "any_day"),
        ),
        (
            both(f("seen", "within", "last 30 days"), f("seen", "after", "2026-01-01")),
            f("seen", "on_or_before", "30 days ago"),
            ("disjoint", "as_of_only"),
            ("disjoint", "any_day"),
        ),
        (
            f("seen", "within", "last 30 days"),
            f("seen", "before", "2026-01-01"),
            ("disjoint", "as_of_only"),
            ("disjoint", "as_of_only"),
        ),
        (
            both(f("born", "within", "last 7 days"), f("born", "after", "2026-03-01")),
            f("born", "within", "last 8 days"),
            ("a_implies_b", "as_of_only"),
            ("a_implies_b", "any_day"),
        ),
        (
            f("seen", "after", {"field": "signed"}),
            f("signed", "after", {"field": "seen"}),
            ("disjoint", "any_day"),
            ("disjoint", "any_day"),
        ),
        (
            both(f("seen", "after", {"field": "signed"}), f("signed", "after", "2026-03-01")),
            f("seen", "before", "2026-02-01"),
            ("possible_unverified", "any_day"),
            ("disjoint", "any_day"),
        ),
        (
            both(f("age", "greater_than", {"field": "spent"}), f("spent", "greater_than", 10)),
            f("age", "less_than", 10),
            ("possible_unverified", "any_day"),
            ("disjoint", "any_day"),
        ),
        (
            both(f("age", "greater_than", {"field": "spent"}), f("spent", "greater_than", 10)),
            f("age", "greater_than", 10),
            ("overlap", "any_day"),
            ("a_implies_b", "any_day"),
        ),
        (
            both(f("seen", "after", {"field": "signed"}), f("signed", "within", "last 7 days")),
            f("seen", "before", "2026-03-01"),
            ("possible_unverified", "any_day"),
            ("disjoint", "as_of_only"),
        ),
    ],
)
def test_lifted(kit, monkeypatch, a, b, without, lifted):
    found = kit.relation(a, b)
    assert (found.relation, found.time_scope) == lifted
    monkeypatch.setattr(relations, "is_available", lambda: False)
    found = kit.relation(a, b)
    assert (found.relation, found.time_scope) == without
