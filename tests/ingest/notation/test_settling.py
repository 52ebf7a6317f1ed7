"""What a mapping leaves open is settled by the whole of the file, or refused before anything is written."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from segmentation_pipeline.errors import ImportFailed
from segmentation_pipeline.ingest.mapping import FileFormat
from segmentation_pipeline.ingest.notation import settling
from segmentation_pipeline.ingest.notation.settling import settle_notation
from segmentation_pipeline.ingest.reading import source_file
from segmentation_pipeline.ingest.reading.source_file import open_source
from segmentation_pipeline.ingest.targets import target_of

MAPPING = """
table: activities
columns: {contact_id: who, activity_type: {constant: purchase}, occurred_at: when, revenue: amount}
"""


@pytest.fixture
def settled(lake):
    def of(*texts, mapping=MAPPING):
        paths = [lake.file(f"f{at}.csv", text) for at, text in enumerate(texts)]
        files = [open_source(path, path.name, FileFormat()) for path in paths]
        target = target_of(lake.catalog, "activities")
        return settle_notation(files, lake.mapping(mapping), target, lake.catalog)

    return of


def stored(lake):
    return lake.rows("activities_orphaned", "occurred_at", "revenue")


def test_days_and_numbers_are_settled_by_the_file_and_shown(lake, settled):
    text = 'who,when,amount\na,01/02/2026,"1.234,50"\nb,31/01/2026,"2.000"\n'
    (file,), mapping = settled(text)
    assert file.dialect[-2:] == (
        ("days of `when`", "day first", "row 2: `31/01/2026`"),
        ("numbers of `amount`", "decimal comma, point between thousands", "row 1: `1.234,50`"),
    )
    assert mapping.columns["occurred_at"].date_order == "day_first"
    job = lake.load("activities", text, mapping=MAPPING)
    ((name, shown),) = job.dialects
    assert name == "file0.csv"
    assert [line.property for line in shown if not line.is_plain()] == [
        "days of `when`",
        "numbers of `amount`",
    ]
    assert stored(lake) == [
        (datetime(2026, 1, 31, tzinfo=UTC), Decimal(2000)),
        (datetime(2026, 2, 1, tzinfo=UTC), Decimal("1234.5")),
    ]


def test_the_whole_file_is_asked_not_the_sample(settled, monkeypatch):
    monkeypatch.setattr(source_file, "SAMPLE_ROWS", 1)
    monkeypatch.setattr(settling, "_ROWS", 2)
    (file,), _ = settled("who,when,amount\n" + "a,01/02/2026,1\n" * 5 + "a,13/02/2026,1\n")
    assert file.dialect[-1] == ("days of `when`", "day first", "row 6: `13/02/2026`")


def test_an_open_order_is_refused_and_nothing_written(lake):
    with pytest.raises(ImportFailed, match="column `when` can be read with the day first") as caught:
        lake.load("activities", "who,when,amount\na,01/02/2026,1\n", mapping=MAPPING)
    assert caught.value.where == "file0.csv"
    assert caught.value.allowed == ("day_first", "month_first")
    assert "occurred_at: {column: when, date_order: day_first}" in caught.value.hint
    assert lake.count("import_jobs") == 0


def test_an_open_number_is_refused_and_nothing_written(lake):
    with pytest.raises(ImportFailed, match="column `amount` can be read with a decimal point and") as caught:
        lake.load("activities", 'who,when,amount\na,2026-02-01,"1,234"\n', mapping=MAPPING)
    assert 'revenue: {column: amount, decimal: ",", thousands: "."}' in caught.value.hint


def test_what_the_mapping_says_is_not_asked(settled):
    said = MAPPING.replace("when,", "{column: when, date_order: month_first},").replace(
        "amount}", '{column: amount, decimal: "."}}'
    )
    (file,), mapping = settled('who,when,amount\na,01/02/2026,"1,234"\n', mapping=said)
    assert not any("`when`" in line.property for line in file.dialect)
    assert mapping.columns["occurred_at"].date_order == "month_first"


def test_every_file_proves_it_for_itself(settled):
    with pytest.raises(ImportFailed, match="column `when` can be read") as caught:
        settled("who,when,amount\na,13/02/2026,1\n", "who,when,amount\na,01/02/2026,1\n")
    assert caught.value.where == "f1.csv"


def test_files_of_one_import_may_not_differ(settled):
    with pytest.raises(ImportFailed, match="column `when` is written otherwise than before: month first"):
        settled("who,when,amount\na,13/02/2026,1\n", "who,when,amount\na,02/13/2026,1\n")


def test_values_are_judged_as_they_are_cleaned(settled):
    cleaned = MAPPING.replace("amount}", '{column: amount, remove: ["$", ","]}}')
    (file,), _ = settled('who,when,amount\na,2026-02-01,"$90,000"\n', mapping=cleaned)
    assert not any("`amount`" in line.property for line in file.dialect)


def test_factors_are_judged_each(settled):
    product = MAPPING.replace("revenue: amount", "revenue: {multiply: [count, amount]}")
    _, mapping = settled('who,when,count,amount\na,2026-02-01,2,"1,5"\n', mapping=product)
    assert mapping.columns["revenue"].decimal == ","


def test_numbers_of_json_are_what_they_are(lake):
    path = lake.file("a.jsonl", json.dumps({"who": "a", "when": "2026-02-01", "amount": 1.234}) + "\n")
    lake.load("activities", path, mapping=MAPPING)
    assert stored(lake) == [(datetime(2026, 2, 1, tzinfo=UTC), Decimal("1.234"))]


def test_created_rows_are_settled_too(settled):
    creates = MAPPING + "creates: {contacts: {created_at: since}}\n"
    _, mapping = settled("who,when,amount,since\na,2026-02-01,1,13/02/2026\n", mapping=creates)
    assert mapping.creates["contacts"]["created_at"].date_order == "day_first"


def test_only_rows_that_a_condition_lets_through_are_asked(settled):
    tested = MAPPING.replace("when,", "{column: when, when: {column: who, equals: a}},")
    _, mapping = settled("who,when,amount\na,13/02/2026,1\nb,02/13/2026,1\n", mapping=tested)
    assert mapping.columns["occurred_at"].date_order == "day_first"


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("1.234", "`1.234` can be read in two ways: say `decimal` in the mapping"),
        ("1,5", "`1,5` is not a number; for a comma in it, say `decimal` in the mapping"),
        ("much", "`much` is not a number"),
    ],
)
def test_what_comes_after_the_sample_is_rejected_by_the_row(lake, monkeypatch, value, reason):
    monkeypatch.setattr(source_file, "SAMPLE_ROWS", 1)
    text = f'who,when,amount\na,2026-02-01,1\nb,2026-02-01,"{value}"\n'
    job = lake.load("activities", text, mapping=MAPPING)
    assert [(reject.row, reject.reason) for reject in job.rejects] == [(2, reason)]
