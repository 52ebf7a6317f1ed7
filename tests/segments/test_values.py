"""What a field holds: counts, ends, popular and sample values."""

from __future__ import annotations

import datetime as dt
import decimal

import pytest

from segmentation_pipeline.errors import RunFailed, UsageError
from segmentation_pipeline.segments.basis import read_definitions
from segmentation_pipeline.segments.dry_run import pin
from segmentation_pipeline.segments.values import field_values


@pytest.fixture
def values(project):
    def run(path, *, of="contact", **options):
        catalog = read_definitions(project.workspace).catalog
        return field_values(
            catalog, pin(project.store, [catalog], project.now).index(catalog), of, path, **options
        )

    return run


def popular(found):
    return [(one.value, one.count, one.share) for one in found.popular]


def test_a_field_of_the_object(values, project):
    project.contacts(a=20, b=30, c=20, d=None)
    found = values("age")
    assert (found.rows, found.nulls, found.null_share, found.distinct) == (4, 1, 0.25, 2)
    assert (found.least, found.greatest) == (20, 30)
    assert popular(found) == [(20, 2, 0.5), (30, 1, 0.25)]
    assert found.samples == (20, 30)


def test_equals_are_listed_in_order_and_no_more_than_asked(values, project):
    project.contacts(a=3, b=2, c=1)
    assert popular(values("age", limit=2)) == [(1, 1, 1 / 3), (2, 1, 1 / 3)]
    assert len(values("age", limit=2).samples) == 2


def test_the_elements_of_a_list_are_counted_and_an_empty_list_is_null(values, project):
    project.table(
        "tag_rows",
        [{"contact_id": key, "tag": tag} for key, tag in (("a", "vip"), ("b", "vip"), ("b", "new"))],
    )
    found = values("tags")
    assert popular(found) == [("vip", 2, 2 / 3), ("new", 1, 1 / 3)]
    assert (found.rows, found.nulls) == (3, 1)


def test_a_field_of_a_parent_counts_the_parents(values, project):
    project.table("companies", [{"company_id": "x", "size": 5}])
    found = values("company.size")
    assert (found.of, found.rows, found.greatest) == ("company", 1, 5)


def test_a_field_of_events_is_written_with_their_type_or_source(values, project):
    at = project.now - dt.timedelta(days=1)
    project.table(
        "activities",
        [
            {
                "activity_id": "1",
                "contact_id": "a",
                "activity_type": "purchase",
                "occurred_at": at,
                "revenue": 5,
            },
            {"activity_id": "2", "contact_id": "a", "activity_type": "opened", "occurred_at": at},
        ],
    )
    found = values("purchase.revenue")
    assert (found.rows, found.nulls, found.least) == (1, 0, decimal.Decimal("5.00"))
    assert popular(values("activities.activity_type")) == [("opened", 1, 0.5), ("purchase", 1, 0.5)]


def test_personal_data_are_masked_unless_asked_for(values, project):
    catalog = project.workspace.catalog_file.read_text(encoding="utf-8")
    project.write("catalog.yaml", catalog.replace("email: {type: text,", "email: {type: text, pii: true,"))
    found = values("email")
    assert (found.masked, found.distinct, found.least, found.samples) == (True, 3, None, ())
    assert {one.value for one in found.popular} == {"•••"}
    assert values("email", show_pii=True).least == "a@x.org"


def test_an_enum_says_what_it_may_be(values, project):
    catalog = project.workspace.catalog_file.read_text(encoding="utf-8")
    project.write("catalog.yaml", catalog.replace("plan: text", "plan: {type: enum, values: [free, pro]}"))
    assert values("plan").declared == ("free", "pro")


def test_a_field_nobody_knows_is_refused_with_the_nearest(values):
    with pytest.raises(UsageError, match="did you mean `age`"):
        values("agee")
    with pytest.raises(UsageError, match="unknown field `revenu`"):
        values("purchase.revenu")


def test_a_table_that_was_not_imported_is_said(values):
    with pytest.raises(RunFailed, match="`companies` has not been imported"):
        values("company.size")
