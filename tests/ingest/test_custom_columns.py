"""`unknown: custom` makes columns without a field custom fields, those that are declared."""

from __future__ import annotations

import pytest

from segmentation_pipeline.errors import ImportFailed

CUSTOM = "table: contacts\nunknown: custom\ncolumns: {contact_id: id}\nignore: [Remarks]"


def values(lake):
    names = ("contact_id", "field_name", "value_text", "value_number")
    return lake.rows("contact_custom_field_values", *names, by="field_name")


def test_headings_name_declared_custom_fields(lake):
    job = lake.load("contacts", "id,Plan Tier,Seats,Remarks\na,pro,3,x\nb,,4,\n", mapping=CUSTOM)
    assert (job.landed, job.unmapped) == (2, ())
    assert values(lake) == [
        ("a", "plan_tier", "pro", None),
        ("a", "seats", None, 3.0),
        ("b", "seats", None, 4.0),
    ]


def test_their_values_are_checked(lake):
    job = lake.load("contacts", "id,plan_tier\na,gold\n", mapping=CUSTOM)
    assert job.rejects[0].reason == "`gold` is not in the list of `custom.plan_tier` (free, pro)"


def test_undeclared_ones_are_refused_with_the_way_to_declare_them(lake):
    with pytest.raises(ImportFailed) as caught:
        lake.load("contacts", "id,Shoe size,seats,hat\na,3,1,2\n", mapping=CUSTOM)
    assert caught.value.what == "no custom field is declared for `Shoe size`, `hat`"
    assert "{custom: {fields: {shoe_size: text}}}" in caught.value.hint
    assert caught.value.allowed == ("custom.plan_tier", "custom.seats")
    assert not lake.store.exists("import_jobs")


@pytest.mark.parametrize(
    ("headings", "columns"),
    [("id,seats,Seats", "contact_id: id"), ("id,n,seats", "contact_id: id, custom.seats: n")],
)
def test_one_field_has_one_column(lake, headings, columns):
    mapping = f"table: contacts\nunknown: custom\ncolumns: {{{columns}}}"
    with pytest.raises(ImportFailed, match="one column too many for the field `custom"):
        lake.load("contacts", f"{headings}\na,1,2\n", mapping=mapping)


def test_a_table_without_custom_fields_has_none_to_fill(lake, events):
    mapping = events.replace("columns:", "unknown: custom\ncolumns:")
    with pytest.raises(ImportFailed, match="needs a table with custom fields"):
        lake.load("activities", "who,what,when,amount,x\na,purchase,2026-01-01,1,2\n", mapping=mapping)


def test_otherwise_they_are_left_out_and_listed(lake):
    mapping = "table: contacts\ncolumns: {contact_id: id}"
    assert lake.load("contacts", "id,Plan Tier,x\na,pro,1\n", mapping=mapping).unmapped == ("Plan Tier", "x")
