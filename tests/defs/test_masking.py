"""Nothing personal reaches Dagster: not its metadata, not its checks, not its logs, not its errors."""

from __future__ import annotations

import dagster as dg
import polars as pl
import pytest

from segmentation_pipeline.catalog.masked_frames import mask
from segmentation_pipeline.catalog.masking import MASK, masked_text, personal_columns, told
from segmentation_pipeline.catalog.reading import load_catalog
from segmentation_pipeline.components.lake import told_plainly
from segmentation_pipeline.errors import ImportFailed

# Sound but slow: a part of the slower suite.
pytestmark = pytest.mark.integration

MARK = "Xq7Zmark"
NUMBER = 7654321
CATALOG = """
objects:
  contact:
    table: contacts
    key: contact_id
    events: [activities]
    fields:
      contact_id: {type: text, required: true, unique: true}
      email: {type: text, pii: true, unique: true, normalise: lower, form: email}
      first_name: {type: text, pii: true}
      salary: {type: integer, pii: true, maximum: 8000000}
      country: text
      nicknames: {type: list, of: text, pii: true, from: {table: contact_nicknames, value: nickname}}
      custom: {type: struct, from: {table: contact_values}, fields: {allergy: {type: text, pii: true}}}
events:
  activities:
    table: activities
    key: contact_id
    type: activity_type
    time: occurred_at
    id: activity_id
    orphans: activities_orphaned
    fields:
      activity_id: {type: text, required: true, unique: true}
      contact_id: text
      activity_type: {type: text, required: true}
      occurred_at: {type: datetime, required: true}
    types:
      call: {fields: {remark: text}}
      visit: {fields: {remark: {type: text, pii: true}}}
"""
PEOPLE = f"""contact_id,email,first_name,salary,country,nicknames,custom.allergy,unmapped
a,{MARK}.a@example.com,{MARK},{NUMBER},de,{MARK},{MARK} nuts,{MARK}
b,not {MARK} an address,{MARK},1,de,x,y,{MARK}
c,{MARK}.c@example.com,{MARK},of {MARK},de,x,y,{MARK}
d,{MARK}.a@example.com,{MARK},2,de,x,y,{MARK}
"""
SHOP = f"""activity_id,contact_id,activity_type,occurred_at,remark
1,a,visit,2026-06-01T00:00:00Z,{MARK}
2,nobody,visit,2026-06-01T00:00:00Z,{MARK}
3,a,visit,{MARK},{MARK}
"""


@pytest.fixture
def marked(team):
    team.write("segment_definitions/catalog.yaml", CATALOG)
    team.write(
        "segment_definitions/sources.yaml",
        "sources:\n  people: {table: contacts, files: data/people.csv}\n"
        "  shop: {table: activities, files: data/shop.csv}\n",
    )
    (team.project / "segment_definitions" / "mappings" / "people.yaml").unlink()
    team.write("data/people.csv", PEOPLE)
    team.write("data/shop.csv", SHOP)
    team.segment("buyers", "where: {event: visit}")
    return team


def kept(team) -> str:
    """Everything that Dagster keeps of all runs: events, metadata, checks, logs, errors."""
    runs = team.instance.get_runs()
    assert runs
    return "\n".join(
        dg.serialize_value(entry) for run in runs for entry in team.instance.all_logs(run.run_id)
    )


def stored(team) -> str:
    return str([team.store.scan(name).collect().to_dicts() for name in ("contacts", "import_records")])


def test_what_is_kept_of_a_night_names_nobody(marked):
    outcome = marked.run()
    assert outcome.success, outcome.failures
    assert MARK.lower() in stored(marked).lower()
    said = kept(marked)
    assert "preview" in said
    assert MASK in said or "\\u2022" in said
    assert MARK.lower() not in said.lower()
    assert str(NUMBER) not in said


def test_a_breach_of_a_contract_shows_no_value(marked):
    assert marked.run().success
    rows = marked.store.scan("contacts").collect()
    bad = rows.with_columns(
        pl.lit(9_999_999).cast(pl.Int64).alias("salary"), pl.lit(f"{MARK} is no address").alias("email")
    )
    from segmentation_pipeline.lake.tables import catalog_table

    catalog = load_catalog(marked.project / "segment_definitions" / "catalog.yaml")
    marked.store.replace(catalog_table(catalog, "contacts"), bad)
    outcome = marked.run(dg.AssetSelection.checks_for_assets("contacts"))
    (check,) = outcome.checks.values()
    assert not check.passed
    assert check.metadata["breaches"].value == 2
    said = kept(marked)
    assert MARK.lower() not in said.lower()
    assert "9999999" not in said


def test_an_import_that_fails_quotes_no_row(marked):
    header, *_ = PEOPLE.splitlines()
    marked.write("data/people.csv", f"{header}\nb,not {MARK} an address,{MARK},1,de,x,y,{MARK}\n")
    outcome = marked.run(dg.AssetSelection.assets("contacts"))
    assert "every row was rejected" in outcome.failures["contacts"]
    assert MARK.lower() not in kept(marked).lower()


def test_a_run_that_fails_quotes_no_row(marked, monkeypatch):
    """As the dataframe library quotes what it could not convert."""
    assert marked.run().success

    def burst(*_args, **_more):
        pl.Series([MARK, MARK]).cast(pl.Int64)

    monkeypatch.setattr("segmentation_pipeline.components.segment_assets.publish", burst)
    outcome = marked.run(dg.AssetSelection.groups("segments"))
    assert "InvalidOperationError" in str(outcome.failures)
    assert MARK not in str(outcome.failures)
    assert MARK.lower() not in kept(marked).lower()


def test_an_error_of_ours_names_what_and_not_whom():
    def fail():
        try:
            pl.Series([MARK]).cast(pl.Int64)
        except pl.exceptions.PolarsError as error:
            raise ImportFailed(f"import-000001 stopped: {error}", hint="import again") from error

    with pytest.raises(dg.Failure) as raised, told_plainly():
        fail()
    assert "import-000001 stopped: InvalidOperationError" in str(raised.value.description)
    assert MARK not in str(raised.value.description)
    assert raised.value.__cause__ is None
    assert raised.value.__suppress_context__


def test_other_libraries_messages_are_left_out_by_name():
    error = ImportFailed("stopped: some words")
    error.__cause__ = ValueError("some words")
    assert told(error) == f"stopped: ValueError ({MASK})"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("no row of <ann.lee+x@mail.example.com>.", f"no row of <{MASK}>."),
        ('failed for 1 out of 3 values: ["Ann", "Bob"]', f"failed for 1 out of 3 values: [{MASK}]"),
        ("source `shop` has no file", "source `shop` has no file"),
        ("team@", "team@"),
    ],
)  # fmt: skip
def test_addresses_and_quoted_values_are_masked_in_texts(text, expected):
    assert masked_text(text) == expected


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        ("contacts", {"email", "first_name", "salary"}),
        ("activities", {"remark"}),
        ("activities_orphaned", {"remark"}),
        ("contact_nicknames", {"nickname"}),
        ("contact_values", {"value_text", "value_number", "value_date", "value_datetime", "value_boolean"}),
    ],
)
def test_the_catalog_says_what_is_personal(marked, table, expected):
    catalog = load_catalog(marked.project / "segment_definitions" / "catalog.yaml")
    assert personal_columns(catalog, table) == expected


def test_a_masked_frame_keeps_its_nulls_and_its_other_columns():
    frame = pl.DataFrame({"a": [1, None], "b": [["x"], None], "c": ["y", "z"]})
    assert mask(frame, {"a", "b", "not there"}).rows() == [(MASK, MASK, "y"), (None, None, "z")]
