"""Contracts follow from the catalog: types, nulls, lists, ranges, forms, uniqueness; bad rows are named."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import polars as pl
import pytest
from pandera.errors import SchemaErrors

from segmentation_pipeline.catalog import types
from segmentation_pipeline.catalog.contracts import contract, failures, polars_type, split, table_schema
from segmentation_pipeline.errors import ContractError, UsageError
from segmentation_pipeline.lake.tables import catalog_table

CATALOG = """
objects:
  contact:
    table: contacts
    key: contact_id
    description: a person
    fields:
      email: {type: text, form: email, unique: true, normalise: lower, description: where they are written to}
      name: {type: text, required: true}
      industry: {type: enum, values: [technology, retail]}
      age: {type: integer, minimum: 0, maximum: 150}
      score: {type: number, minimum: 0, maximum: 1}
      spent: {type: decimal(2), minimum: 0}
      born: {type: date}
      languages: {type: list, of: text}
      tags: {type: list, of: text, from: {table: tag_assignments, value: tag}}
      custom:
        type: struct
        from: {table: custom_values}
        fields: {plan: {type: enum, values: [free, pro]}, seats: {type: integer, minimum: 1}}
    events: [activities]
events:
  activities:
    table: activities
    key: contact_id
    type: activity_type
    time: occurred_at
    id: activity_id
    orphans: activities_orphaned
    types:
      purchase: {fields: {revenue: {type: decimal(4), required: true}}}
      visit: {fields: {path: text}}
"""


@pytest.fixture
def catalog(read):
    return read(CATALOG)


@pytest.fixture
def contacts(catalog):
    """A frame of contacts from dicts; a name is filled in."""
    schema = {
        name: dtype for name, dtype in table_schema(catalog, "contacts").items() if name != "object_index"
    }

    def of(*rows):
        named = [{"contact_id": f"c{at}", "name": "N"} | row for at, row in enumerate(rows)]
        return pl.DataFrame(named, schema=schema)

    return of


@pytest.mark.parametrize(
    ("kind", "dtype"),
    [
        (types.Text(), pl.String()),
        (types.Enum(("a",)), pl.String()),
        (types.Integer(), pl.Int64()),
        (types.Number(), pl.Float64()),
        (types.Decimal(2), pl.Decimal(38, 2)),
        (types.Boolean(), pl.Boolean()),
        (types.Date(), pl.Date()),
        (types.Datetime(), pl.Datetime("us", "UTC")),
        (types.ListOf(types.Decimal(3)), pl.List(pl.Decimal(38, 3))),
    ],
    ids=str,
)
def test_every_type_has_one_way_to_be_stored(kind, dtype):
    assert polars_type(kind) == dtype


def test_an_object_is_stored_with_its_own_fields_and_its_index(catalog):
    own = ["contact_id", "email", "name", "industry", "age", "score", "spent", "born", "languages"]
    assert table_schema(catalog, "contacts").names() == [*own, "object_index"]


def test_events_are_stored_with_every_types_fields_in_months(catalog):
    assert table_schema(catalog, "activities") == pl.Schema(
        {
            "activity_id": pl.String,
            "contact_id": pl.String,
            "activity_type": pl.String,
            "occurred_at": pl.Datetime("us", "UTC"),
            "revenue": pl.Decimal(38, 4),
            "path": pl.String,
            "month": pl.String,
        }
    )
    assert table_schema(catalog, "activities_orphaned") == table_schema(catalog, "activities")
    assert catalog_table(catalog, "activities").partition_by == ("month",)


def test_a_table_of_the_lake_carries_what_the_catalog_says(catalog):
    table = catalog_table(catalog, "contacts")
    assert table.comment == "a person"
    assert table.column_comments["email"] == "where they are written to"
    assert "never reused" in table.column_comments["object_index"]


def test_every_shipped_table_can_be_stored_and_has_a_contract(shipped):
    for name in shipped.table_names():
        table = catalog_table(shipped, name)
        contract(shipped, name).validate(pl.DataFrame(schema=table.schema), lazy=True)
        assert failures(shipped, name, pl.DataFrame(schema=table.schema)).is_empty()


def test_an_unknown_table_is_named_with_its_like(catalog):
    with pytest.raises(UsageError, match="did you mean `contacts`"):
        table_schema(catalog, "contcts")


BAD = {
    "enum": (
        {"industry": "2x"},
        "industry",
        "2x",
        "`2x` is not in the list of `industry` (technology, retail)",
    ),
    "case counts in a list": ({"industry": "Retail"}, "industry", "Retail", "`Retail` is not in the list"),
    "minimum": ({"age": -3}, "age", "-3", "`-3` is below the minimum 0 of `age`"),
    "maximum": ({"age": 200}, "age", "200", "`200` is above the maximum 150 of `age`"),
    "number": ({"score": 1.5}, "score", "1.5", "`1.5` is above the maximum 1 of `score`"),
    "infinity": ({"score": float("inf")}, "score", "inf", "above the maximum"),
    "decimal": ({"spent": Decimal("-0.01")}, "spent", "-0.01", "`-0.01` is below the minimum 0 of `spent`"),
    "required": ({"name": None}, "name", None, "`name` is required and missing"),
    "key": ({"contact_id": None}, "contact_id", None, "`contact_id` is required and missing"),
    "e-mail without @": ({"email": "nope"}, "email", "nope", "`nope` is not an e-mail address"),
    "e-mail without domain": ({"email": "a@b"}, "email", "a@b", "not an e-mail address"),
    "e-mail with blank": ({"email": "a b@c.de"}, "email", "a b@c.de", "not an e-mail address"),
}


@pytest.mark.parametrize(("row", "column", "value", "reason"), BAD.values(), ids=BAD)
def test_a_bad_value_rejects_its_row_with_a_reason(row, column, value, reason, catalog, contacts):
    frame = contacts({"industry": "retail"}, row, {})
    good, bad = split(catalog, "contacts", frame)
    assert good.equals(frame[[0, 2]])
    assert bad.select("row", "column", "value").rows() == [(1, column, value)]
    assert reason in bad["reason"].item()


GOOD = {
    "nulls": dict.fromkeys(["email", "industry", "age", "score", "spent", "born", "languages"]),
    "bounds included": {"age": 150, "score": 0.0, "spent": Decimal(0)},
    "NaN reads as null": {"score": float("nan")},
    "addresses": {"email": "first.last+tag@sub.example.co"},
    "others": {"born": date(1900, 1, 1), "languages": ["en", None], "name": ""},
}


@pytest.mark.parametrize("row", GOOD.values(), ids=GOOD)
def test_a_good_row_passes(row, catalog, contacts):
    frame = contacts(row)
    good, bad = split(catalog, "contacts", frame)
    assert good.equals(frame)
    assert bad.schema == {"row": pl.Int64, "column": pl.String, "value": pl.String, "reason": pl.String}
    assert bad.is_empty()


def test_every_fault_of_a_row_is_told(catalog, contacts):
    _, bad = split(catalog, "contacts", contacts({"industry": "x", "age": 999, "email": "y", "name": None}))
    assert sorted(bad["column"]) == ["age", "email", "industry", "name"]


def test_both_holders_of_a_value_stay_for_ingestion_to_judge(catalog, contacts):
    """`drop_invalid_rows` would drop every copy and tell nobody."""
    frame = contacts({"contact_id": "a", "email": "x@y.zz"}, {"contact_id": "a", "email": "x@y.zz"})
    good, bad = split(catalog, "contacts", frame)
    assert good.equals(frame)
    assert bad.is_empty()


def test_absent_columns_count_as_null_and_foreign_ones_pass_through(catalog):
    frame = pl.DataFrame({"contact_id": ["a"], "name": ["N"], "line_number": [7]})
    good, bad = split(catalog, "contacts", frame)
    assert good.equals(frame)
    assert bad.is_empty()
    _, bad = split(catalog, "contacts", frame.drop("name"))
    assert bad["reason"].to_list() == ["`name` is required and missing"]


def test_a_column_of_another_type_is_an_error_not_a_reject(catalog, contacts):
    frame = contacts({}).with_columns(age=pl.lit("5"))
    with pytest.raises(ContractError, match=r"`age`.*String"):
        split(catalog, "contacts", frame)


def test_elements_of_a_list_are_held_to_its_type(read):
    catalog = read(
        "objects: {a: {table: as, key: id, fields: {kinds: {type: list, of: enum, values: [x, y]}}}}"
    )
    frame = pl.DataFrame({"id": ["a", "b", "c", "d"], "kinds": [["x", "y"], ["x", "z"], [None], None]})
    _, bad = split(catalog, "as", frame)
    assert bad.select("row", "value").rows() == [(1, "x, z")]


def test_rows_of_a_struct_are_held_to_the_field_they_fill(catalog):
    frame = pl.DataFrame(
        {
            "contact_id": ["a"] * 5,
            "field_name": ["plan", "plan", "seats", "seats", "unheard_of"],
            "value_text": ["pro", "gold", None, None, "gold"],
            "value_number": pl.Series([None, None, "0", "1", None]).cast(pl.Decimal(38, 6)),
        }
    )
    _, bad = split(catalog, "custom_values", frame)
    assert bad.select("row", "column").rows() == [(1, "value_text"), (2, "value_number")]
    assert bad["reason"][0] == "`gold` is not in the list of `custom.plan` (free, pro)"


def events(*rows):
    at = datetime(2026, 3, 1, tzinfo=UTC)
    base = {"contact_id": "c", "activity_type": "visit", "occurred_at": at, "revenue": None, "path": None}
    schema = {"activity_id": pl.String, **dict.fromkeys(("contact_id", "activity_type"), pl.String)}
    schema |= {"occurred_at": pl.Datetime("us", "UTC"), "revenue": pl.Decimal(38, 4), "path": pl.String}
    return pl.DataFrame([{"activity_id": f"e{n}"} | base | row for n, row in enumerate(rows)], schema=schema)


def test_an_event_without_a_contact_is_an_orphan_not_a_reject(catalog):
    good, bad = split(catalog, "activities", events({"contact_id": None}))
    assert good.height == 1
    assert bad.is_empty()


def test_an_event_needs_id_type_and_time(catalog):
    frame = events({}, {"activity_id": None}, {"activity_type": None}, {"occurred_at": None})
    good, bad = split(catalog, "activities", frame)
    assert good.height == 1
    assert bad.select("row", "column").rows() == [
        (1, "activity_id"),
        (2, "activity_type"),
        (3, "occurred_at"),
    ]


def test_a_field_that_one_type_requires_is_free_for_others(catalog):
    _, bad = split(catalog, "activities", events({}, {"activity_type": "purchase"}, {"activity_type": None}))
    assert ("`revenue` is required of purchase and missing") in bad["reason"].to_list()
    assert bad.filter(pl.col("column") == "revenue")["row"].to_list() == [1]


def test_the_stored_tables_contract_adds_uniqueness(catalog, contacts):
    frame = contacts(
        {"contact_id": "a", "email": "x@y.zz"},
        {"contact_id": "b", "email": "X@Y.zz"},
        {"contact_id": "b"},
        {"contact_id": "d"},
    ).with_columns(object_index=pl.Series([0, 1, 2, 2], dtype=pl.Int64))
    found = failures(catalog, "contacts", frame)
    assert {column: part["row"].to_list() for (column,), part in found.group_by("column")} == {
        "email": [0, 1],
        "contact_id": [1, 2],
        "object_index": [2, 3],
    }
    assert contract(catalog, "contacts", with_unique=False).validate(frame, lazy=True).equals(frame)
    with pytest.raises(SchemaErrors):
        contract(catalog, "contacts").validate(frame, lazy=True)


def test_several_rows_without_a_unique_value_are_fine(catalog, contacts):
    """Pandera's own `unique` counts two nulls as equal."""
    frame = contacts({}, {}, {}).with_columns(object_index=pl.int_range(pl.len(), dtype=pl.Int64))
    assert failures(catalog, "contacts", frame).is_empty()


def test_a_key_of_several_columns_is_unique_as_a_whole(catalog):
    frame = pl.DataFrame({"contact_id": ["a", "a", "a"], "tag": ["x", "y", "x"]})
    assert failures(catalog, "tag_assignments", frame)["row"].to_list() == [0, 2]


def test_a_stored_object_needs_its_index_and_a_stored_event_its_contact(catalog, contacts):
    frame = contacts({}).with_columns(object_index=pl.lit(None, dtype=pl.Int64))
    assert failures(catalog, "contacts", frame)["reason"].to_list() == [
        "`object_index` is required and missing"
    ]
    frame = events({"contact_id": None}).with_columns(month=pl.lit("2026-03"))
    assert failures(catalog, "activities", frame)["column"].to_list() == ["contact_id"]
    assert failures(catalog, "activities_orphaned", frame).is_empty()


def test_a_lazy_frame_is_looked_into(catalog, contacts):
    """By itself pandera checks only names and types of a LazyFrame, and passes bad values."""
    frame = contacts({"age": -1}).with_columns(object_index=pl.lit(0, dtype=pl.Int64))
    contract(catalog, "contacts").validate(frame.lazy()).collect()
    assert failures(catalog, "contacts", frame.lazy())["column"].to_list() == ["age"]


def test_the_environment_cannot_turn_validation_off(catalog, contacts, monkeypatch):
    from pandera.config import CONFIG

    monkeypatch.setattr(CONFIG, "validation_enabled", False)
    assert split(catalog, "contacts", contacts({"age": -1}))[1].height == 1
