"""What a change of definitions does to members: sizes, who enters and exits, and why."""

from __future__ import annotations

import pytest

from segmentation_pipeline.segments.basis import read_definitions
from segmentation_pipeline.segments.diff import compare
from segmentation_pipeline.segments.dry_run import pin


@pytest.fixture
def changed(published, tmp_path_factory):
    """Compare `adults` and `others` with what a test makes of them in a copy."""

    def run(change, **options):
        proposed = published.copy(tmp_path_factory.mktemp("proposed"))
        change(proposed)
        before, after = (read_definitions(each.workspace) for each in (published, proposed))
        standing = pin(published.store, [before.catalog, after.catalog], published.now)
        return compare(before, after, standing, **options)

    return run


def rows(found):
    return [(one.segment, one.kind, one.before, one.after, one.entered, one.exited) for one in found.segments]


def adults(age):
    rule = f"where: {{field: age, operator: greater_than_or_equal, value: {age}}}"
    return lambda project: project.segment("adults", rule)


def test_nothing_changed(changed):
    found = changed(lambda project: project.segment("adults", "name: Grown-ups\n" + ADULTS))
    assert (found.segments, found.unchanged) == ((), 2)


ADULTS = "where: {field: age, operator: greater_than_or_equal, value: 30}"


def test_a_changed_rule_and_what_embeds_it(changed):
    found = changed(adults(40))
    assert rows(found) == [("others", "through", 1, 2, 1, 0), ("adults", "changed", 2, 1, 0, 1)]
    assert found.segments[0].through == ("adults",)
    assert [one.churn for one in found.segments] == [1.0, 0.5]


def test_who_moves_is_named_with_the_condition_that_keeps_them_out(changed):
    through, own = changed(adults(40)).segments
    assert [(one.key, one.entered) for one in own.moved] == [("b", False)]
    assert own.moved[0].why.startswith("does not hold: ")
    assert "40" in own.moved[0].why
    assert [(one.key, one.entered) for one in through.moved] == [("b", True)]
    assert through.moved[0].why.startswith("holds, and must not: ")
    assert "adults" in through.moved[0].why


def test_a_pin_is_the_reason_where_it_decides(changed):
    pinned = "pins: [{key: b, put: out, reason: asked to}]"
    own = changed(lambda project: project.segment("adults", f"{ADULTS}\n{pinned}")).segments[1]
    assert own.moved[0].why == "pinned out: asked to"


def test_added_and_removed(changed):
    def change(project):
        project.drop("others")
        project.segment("young", "where: {field: age, operator: less_than, value: 30}")

    assert rows(changed(change)) == [("others", "removed", 1, None, 0, 1), ("young", "added", None, 1, 1, 0)]


def test_one_that_is_no_longer_active_empties(changed):
    found = changed(
        lambda project: project.segment("others", "active: false\nwhere: {not: {segment: adults}}")
    )
    assert rows(found) == [("others", "changed", 1, 0, 0, 1)]


def test_one_that_breaks_has_no_size_and_says_why(changed):
    found = changed(lambda project: project.segment("adults", "where: {field: agee, operator: is_empty}"))
    assert [(one.segment, one.kind, one.before, one.after) for one in found.segments] == [
        ("adults", "broken", 2, None),
        ("others", "broken", 1, None),
    ]
    assert "agee" in found.broken[0].broken


def test_one_that_was_broken_is_mended(published, changed):
    published.segment("young", "where: {field: agee, operator: is_empty}")
    found = changed(lambda project: project.segment("young", "where: {field: age, operator: is_empty}"))
    assert rows(found) == [("young", "mended", None, 0, 0, 0)]


def test_one_that_neither_side_can_evaluate_is_named(published, changed):
    published.segment("young", "where: {field: agee, operator: is_empty}")
    assert list(changed(lambda _project: None).not_compared) == ["young"]


def test_the_limit_counts_churn_against_the_size_before(changed):
    found = changed(adults(40))
    assert [one.segment for one in found.over(0.5)] == ["others"]
    assert found.over(1.0) == []


def test_a_new_segment_is_never_over_the_limit(changed):
    found = changed(lambda project: project.segment("young", "where: {everyone: true}"))
    assert found.over(0.0) == []


def test_a_change_of_the_catalog_that_moves_nobody_is_no_change(changed):
    def change(project):
        catalog = project.workspace.catalog_file.read_text(encoding="utf-8")
        project.write("catalog.yaml", catalog.replace("plan: text", "plan: {type: text, description: x}"))

    assert changed(change).segments == ()


def test_as_many_samples_as_asked_for(changed):
    everyone = changed(adults(100), samples=1).segments
    assert [len(one.moved) for one in everyone] == [1, 1]
    assert changed(adults(100), samples=0).segments[0].moved == ()


def test_nothing_is_written(published, changed):
    before = published.versions()
    changed(adults(40))
    assert published.versions() == before


def test_a_history_is_the_reason_where_it_decides(published, changed):
    published.segment("fresh", "where: {not: {segment: adults, entered: last 7 days}}")
    rule = "where: {segment: adults, entered: last 7 days}"
    found = changed(lambda project: project.segment("fresh", rule)).segments[0]
    assert (found.segment, found.before, found.after) == ("fresh", 1, 2)
    assert all("adults" in one.why for one in found.moved)
    assert next(one.why for one in found.moved if not one.entered).startswith("does not hold: ")
