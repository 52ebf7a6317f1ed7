"""A size that is not expected is held back: the last good members stay, and who embeds it sees them."""

from __future__ import annotations

ADULTS = "where: {field: age, operator: greater_than_or_equal, value: %d}\n"


def guarded(project, age: int = 30, expect: str = "expect: {size: {change_at_most: 40%}}"):
    project.segment("adults", ADULTS % age + expect)


def statuses(run) -> dict[str, str]:
    return {result.segment: result.status for result in run.segments}


def test_a_jump_is_held_and_the_others_go_on(published):
    guarded(published)
    published.segment("old", ADULTS % 40)
    published.run()
    published.contacts(a=20, b=20, c=40)
    run = published.run()
    assert statuses(run) == {"adults": "held", "others": "fresh", "old": "fresh"}
    assert published.members("adults") == ["b", "c"]
    assert published.members("others") == ["a"]  # it embeds `adults`, as that is published
    state = published.state("adults")
    assert state["status"] == "held"
    assert "its size would go from 2 to 1, by more than 40%" in state["cause"]
    assert state["size"] == 2


def test_it_stays_held_until_the_size_is_as_expected(published):
    guarded(published)
    published.run()
    published.contacts(a=20, b=20, c=40)
    published.run()
    assert statuses(published.run())["adults"] == "held"
    published.contacts(a=20, b=30, c=40)
    assert statuses(published.run())["adults"] == "fresh"


def test_an_edited_rule_is_meant_to_change_it(published):
    guarded(published)
    published.run()
    guarded(published, age=35)
    run = published.run()
    assert statuses(run)["adults"] == "fresh"
    assert published.members("adults") == ["c"]


def test_wider_bounds_let_it_through(published):
    guarded(published)
    published.run()
    published.contacts(a=20, b=20, c=40)
    published.run()
    guarded(published, expect="expect: {size: {change_at_most: 60%}}")
    assert statuses(published.run())["adults"] == "fresh"
    assert published.members("adults") == ["c"]


def test_least_and_most_are_bounds_too(published):
    guarded(published, expect="expect: {size: {at_least: 2, at_most: 2}}")
    assert statuses(published.run())["adults"] == "fresh"
    published.contacts(a=20, b=20, c=40)
    assert "fewer than 2" in next(r.cause for r in published.run().segments if r.segment == "adults")
    published.contacts(a=30, b=30, c=40)
    assert "more than 2" in next(r.cause for r in published.run().segments if r.segment == "adults")
    assert published.members("adults") == ["b", "c"]


def test_who_embeds_a_held_one_is_judged_by_what_that_keeps(published):
    guarded(published)
    published.segment("others", "where: {not: {segment: adults}}\nexpect: {size: {at_most: 1}}")
    published.run()
    published.contacts(a=20, b=20, c=40)
    # `others` would be two, were it not that `adults` keeps its members.
    assert statuses(published.run()) == {"adults": "held", "others": "fresh"}
    published.contacts(a=20, b=30, c=40, d=10)
    assert statuses(published.run()) == {"adults": "fresh", "others": "held"}
    assert published.members("others") == ["a"]


def test_a_first_publication_is_not_compared(project):
    guarded(project, expect="expect: {size: {at_least: 100}}")
    assert statuses(project.run())["adults"] == "fresh"


def test_what_is_held_has_no_transitions(published):
    guarded(published)
    published.run()
    before = published.changes()
    published.contacts(a=20, b=20, c=40)
    published.run()
    assert published.changes() == before
