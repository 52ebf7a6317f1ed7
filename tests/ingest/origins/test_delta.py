from __future__ import annotations

import polars as pl
import pytest
from deltalake import DeltaTable, write_deltalake

from segmentation_pipeline.errors import Forbidden, ImportFailed

SOURCE = "  crm: {table: contacts, delta: {path: other/people%s}}\n"
NEWEST = SOURCE % ""


@pytest.fixture
def people(feed):
    def write(rows, mode="append", **options):
        frame = pl.DataFrame(rows, schema=["contact_id", "country"], orient="row")
        (feed.folder / "other").mkdir(exist_ok=True)
        write_deltalake(str(feed.folder / "other" / "people"), frame.to_arrow(), mode=mode, **options)

    write([("a", "FR"), ("b", "DE")])
    return write


def table(feed):
    return DeltaTable(str(feed.folder / "other" / "people"))


def test_the_first_import_reads_all_and_the_next_only_new_files(feed, people):
    assert (feed.load(NEWEST).read, feed.load(NEWEST).read) == (2, 0)
    people([("c", "IT")])
    people([("d", "ES")])
    job = feed.load(NEWEST)
    assert (job.read, job.landed, job.notes) == (2, 2, ())
    assert [key for (key,) in feed.rows("contacts", "contact_id")] == ["a", "b", "c", "d"]
    assert [mark.split(" of ")[0] for (mark,) in feed.jobs("watermark")] == [
        "version 0",
        "version 0",
        "version 2",
    ]


def test_a_version_is_read_and_no_other(feed, people):
    people([("c", "IT")])
    assert feed.load(SOURCE % ", version: 0").landed == 2
    assert feed.load(SOURCE % ", version: 0").read == 0


def test_changed_rows_come_and_deleted_ones_are_told_of(feed, people):
    feed.load(NEWEST)
    table(feed).update(updates={"country": "'BE'"}, predicate="contact_id = 'a'")
    table(feed).delete("contact_id = 'b'")
    job = feed.load(NEWEST)
    assert job.landed == 1
    assert "rows that were deleted there stay here" in job.notes[0]
    assert feed.rows("contacts", "contact_id", "country") == [("a", "BE"), ("b", "DE")]


def test_joining_small_files_brings_nothing_new(feed, people):
    people([("c", "IT")])
    feed.load(NEWEST)
    table(feed).optimize.compact()
    job = feed.load(NEWEST)
    assert (job.read, job.notes) == (0, ())


def test_a_table_made_anew_is_read_whole(feed, people):
    import shutil

    feed.load(NEWEST)
    shutil.rmtree(feed.folder / "other")
    people([("e", "PT")])
    people([("f", "PT")])
    assert feed.load(NEWEST).landed == 2


def test_where_the_log_has_forgotten_all_is_read(feed, people):
    feed.load(NEWEST)
    people([("c", "IT")])
    people([("d", "ES")])
    table(feed).create_checkpoint()
    for version in (0, 1):
        (feed.folder / "other" / "people" / "_delta_log" / f"{version:020}.json").unlink()
    job = feed.load(NEWEST)
    assert (job.read, job.landed) == (4, 2)


def test_slices_are_columns_too(feed):
    frame = pl.DataFrame({"contact_id": ["a", "b"], "country": ["FR", "DE"]}).to_arrow()
    write_deltalake(str(feed.folder / "sliced"), frame, partition_by=["country"])
    feed.load("  crm: {table: contacts, delta: {path: sliced}}\n")
    assert feed.rows("contacts", "contact_id", "country") == [("a", "FR"), ("b", "DE")]


def test_no_table_is_an_error_with_its_source(feed):
    with pytest.raises(ImportFailed, match="the Delta table cannot be read") as caught:
        feed.load(NEWEST)
    assert "source `crm`, other/people" in str(caught.value)


def test_a_link_out_of_the_project_is_forbidden(feed, tmp_path_factory):
    (feed.folder / "other").symlink_to(tmp_path_factory.mktemp("outside"))
    with pytest.raises(Forbidden, match="outside the project"):
        feed.load(NEWEST)


def test_secrets_of_a_store_come_from_the_environment(feed):
    text = (
        "  crm: {table: contacts, delta: {url: 's3://b/people', storage_options: {aws_secret: 'env:KEY'}}}\n"
    )
    with pytest.raises(ImportFailed, match="environment variable KEY is not set"):
        feed.load(text)
