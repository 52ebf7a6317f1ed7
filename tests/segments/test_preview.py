"""What a definition would hold: size, funnel, sample; nothing is written."""

from __future__ import annotations

import datetime as dt

import polars as pl
import pytest

from segmentation_pipeline.documents import read_documents
from segmentation_pipeline.errors import DefinitionError, RunFailed
from segmentation_pipeline.segments.basis import read_definitions
from segmentation_pipeline.segments.draft import read_draft
from segmentation_pipeline.segments.dry_run import pin
from segmentation_pipeline.segments.preview import preview
from segmentation_pipeline.segments.sampling import Count

OLD = "{field: age, operator: greater_than_or_equal, value: 30}"
OLDEST = "{field: age, operator: greater_than_or_equal, value: 40}"
MAIL = "{field: email, operator: is_not_empty}"


@pytest.fixture
def look(project):
    """Preview a rule, written as the body of a definition, in a project."""

    def run(rule, *, own=project, **options):
        definitions = read_definitions(own.workspace)
        node = read_documents(rule, "draft.yaml")[0]
        name, definitions = read_draft(node, definitions, own.workspace)
        return preview(definitions, name, pin(own.store, [definitions.catalog], own.now), **options)

    return run


def steps(found):
    return [(step.role, step.alone.value, step.remaining.value, step.only.value) for step in found.funnel]


def test_conditions_of_all_keep_alone_after_those_before_and_by_themselves(look):
    found = look(f"where: {{all: [{OLD}, {MAIL}, {OLDEST}]}}")
    assert found.size == Count.exact(1)
    assert steps(found) == [("where", 2, 2, 0), ("where", 3, 2, 0), ("where", 1, 1, 1)]
    assert "40" in found.funnel[2].rule


def test_parts_of_any_add(look):
    found = look(f"where: {{any: [{OLD}, {OLDEST}, {{field: age, operator: equals, value: 20}}]}}")
    assert steps(found) == [("any", 2, 2, 1), ("any", 1, 2, 0), ("any", 1, 3, 1)]


def test_parts_of_at_least_count_up_to_it(look):
    found = look(f"where: {{at_least: 2, of: [{OLD}, {MAIL}, {OLDEST}]}}")
    assert steps(found) == [("at least", 2, 0, 1), ("at least", 3, 2, 1), ("at least", 1, 2, 0)]


def test_exclude_and_pins_come_last(look):
    pins = "pins: [{key: a, put: in, reason: r}, {key: c, put: out, reason: r}]"
    found = look(f"where: {MAIL}\nexclude: {{any: [{OLDEST}, {OLD}]}}\n{pins}")
    assert steps(found) == [
        ("where", 3, 3, 0),
        ("exclude", 1, 2, 0),
        ("exclude", 2, 1, 1),
        ("pinned in", 1, 1, 0),
        ("pinned out", 1, 1, 0),
    ]
    assert found.size.value == 1


def test_a_static_list_names_its_pending_keys(look):
    found = look("type: static\nmembers: [a, nobody]")
    assert steps(found) == [("members", 1, 1, 2)]
    assert found.pending == ("nobody",)


def test_the_funnel_ends_at_the_size(look):
    rule = f"where: {{all: [{MAIL}, {{any: [{OLDEST}, {OLD}]}}]}}\nexclude: {OLDEST}"
    found = look(rule)
    assert found.funnel[-1].remaining == found.size


def test_members_show_what_the_rule_compares_and_mask_personal_data(look, project):
    catalog = project.workspace.catalog_file.read_text(encoding="utf-8")
    project.write("catalog.yaml", catalog.replace("email: {type: text,", "email: {type: text, pii: true,"))
    rule = f"where: {{all: [{MAIL}, {OLDEST}]}}"
    assert look(rule).members == ({"contact_id": "c", "email": "•••", "age": 40},)
    assert look(rule, show_pii=True).members[0]["email"] == "c@x.org"


def test_what_it_embeds_is_evaluated_as_it_is_written_now(look, published):
    published.segment("adults", f"where: {OLDEST}")
    assert look("where: {segment: adults}", own=published).size.value == 1
    assert look("{segment: adults}", own=published).size.value == 1


def test_nothing_is_written_and_no_lock_is_taken(look, published):
    before = published.versions()
    published.contacts(a=20, b=30, c=40, d=50)
    moved = {**before, "contacts": before["contacts"] + 1}
    assert look(f"where: {OLD}", own=published).size.value == 3
    assert published.versions() == moved


def test_an_inactive_segment_can_be_previewed(look):
    assert look(f"active: false\nwhere: {OLD}").size.value == 2


def test_a_rule_that_cannot_be_read_is_refused_with_every_finding(look):
    with pytest.raises(DefinitionError) as refused:
        look("where: {all: [{field: agee, operator: is_empty}, {segment: adlts}]}")
    assert "agee" in str(refused.value)


def test_a_column_that_is_missing_is_said(look, project):
    with pytest.raises(RunFailed, match="tag_rows"):
        look("where: {field: tags, operator: has_any, value: [vip]}")


@pytest.fixture
def crowd(project):
    """A thousand contacts, ages 0 … 99, and an event of each tenth."""
    project.contacts(**{f"k{number}": number % 100 for number in range(1000)})
    at = project.now - dt.timedelta(days=1)
    project.events(*((f"k{number}", "opened", at) for number in range(0, 1000, 10)))
    return project


def test_a_sample_gives_an_estimate_whose_interval_holds_the_truth(look, crowd):
    found = look("where: {event: opened}", own=crowd, sample=300)
    assert (found.population, found.sampled, found.whole_because) == (1000, 300, None)
    assert not found.size.is_exact
    assert found.size.low <= 100 <= found.size.high
    assert found.pending is None


def test_a_sample_is_the_same_every_time(look, crowd):
    one, other = (look(f"where: {OLD}", own=crowd, sample=50) for _ in range(2))
    assert one.size == other.size
    assert one.members == other.members


def test_exact_on_request_and_where_the_sample_is_all(look, crowd):
    assert look(f"where: {OLD}", own=crowd, sample=None).size == Count.exact(700)
    assert look(f"where: {OLD}", own=crowd, sample=1000).size == Count.exact(700)


def test_a_rank_is_counted_over_everyone(look, crowd):
    rule = "where: {rank: {field: age}, as: percentile, order: descending, operator: less_than, value: 10}"
    found = look(rule, own=crowd, sample=50)
    assert found.sampled == 1000
    assert "rank" in found.whole_because


def test_a_way_back_to_other_rows_of_the_object_is_counted_over_everyone(look, crowd):
    catalog = crowd.workspace.catalog_file.read_text(encoding="utf-8")
    crowd.write(
        "catalog.yaml",
        catalog.replace(
            "{company: {object: company, key: company_id}}",
            "{company: {object: company, key: company_id}, boss: {object: contact, key: plan}}",
        ),
    )
    found = look("where: {field: boss.age, operator: is_empty}", own=crowd, sample=50)
    assert found.sampled == 1000
    assert "contact" in found.whole_because


def test_the_interval_of_nobody_in_the_sample_is_not_nothing(look, crowd):
    found = look("where: {field: age, operator: equals, value: 1000}", own=crowd, sample=100)
    assert found.size.value == 0
    assert found.size.high > 0


def test_the_hash_picks_do_not_depend_on_row_order(look, crowd):
    before = look(f"where: {OLD}", own=crowd, members=5).members
    rows = crowd.store.scan("contacts").collect()
    crowd.table("contacts", rows.sort(pl.col("contact_id"), descending=True).drop("object_index").to_dicts())
    assert look(f"where: {OLD}", own=crowd, members=5).members == before


def test_what_was_published_before_is_read(look, published):
    rule = "{segment: adults, entered: last 7 days}"
    assert look(rule, own=published).size.value == 2
    assert look(rule, own=published, sample=2).sampled == 2


def test_a_condition_on_a_parent(look, project):
    project.table("companies", [{"company_id": "x", "size": 5}])
    project.table(
        "contacts", [{"contact_id": "a", "company_id": "x"}, {"contact_id": "b"}, {"contact_id": "c"}]
    )
    rule = "{on: company, where: {field: size, operator: greater_than, value: 1}}"
    assert look(rule).size.value == 1
    assert look(rule, sample=2).whole_because is None
