from __future__ import annotations

import os

import pytest

from segmentation_pipeline.errors import Forbidden, ImportFailed
from segmentation_pipeline.ingest.origins.inbox import (
    at_rest,
    dropped_files,
    import_dropped,
    imported_states,
)

ROWS = "contact_id,country\na,FR\n"


@pytest.fixture
def inbox(feed):
    return feed.folder / "inbox"


@pytest.fixture
def take(feed, inbox):
    def new():
        there = imported_states(feed.store)
        return [file for file in dropped_files(inbox) if there.get(file.name) != file.state]

    def load(file):
        return import_dropped(
            feed.store,
            feed.catalog,
            file,
            inbox=inbox,
            mappings=feed.folder / "mappings",
            time_zone="UTC",
            now=lambda: feed.now,
        )

    load.new = new
    return load


def test_a_file_is_imported_into_the_table_of_its_folder_once(feed, take):
    feed.file("inbox/contacts/people.csv", ROWS)
    (file,) = take.new()
    assert (take(file).landed, take.new()) == (1, [])
    assert feed.jobs("source") == [("inbox/contacts/people.csv",)]


def test_a_changed_file_is_new_again(feed, take):
    path = feed.file("inbox/contacts/people.csv", ROWS)
    take(take.new()[0])
    path.write_text(ROWS + "b,DE\n")
    assert take(take.new()[0]).landed == 1
    os.utime(path, ns=(1, 1))
    assert len(take.new()) == 1


def test_the_folders_below_a_table_name_the_mapping(feed, take):
    feed.file("mappings/crm/old.yaml", "table: contacts\ncolumns: {contact_id: Number}")
    feed.file("inbox/contacts/crm/old/people.csv", "Number\na\n")
    assert take(take.new()[0]).landed == 1


@pytest.mark.parametrize("name", ["a.csv.part", "a.tmp", ".a.csv", ".hidden/a.csv", "a.crdownload"])
def test_a_file_that_is_marked_as_unfinished_is_no_file_yet(feed, inbox, name):
    feed.file(f"inbox/contacts/{name}", ROWS)
    assert dropped_files(inbox) == []


def test_a_file_that_grows_is_not_at_rest(feed, inbox):
    path = feed.file("inbox/contacts/a.csv", ROWS)
    feed.file("inbox/contacts/b.csv", ROWS)
    before = dropped_files(inbox)
    path.write_text(ROWS * 2)
    assert [file.name for file in at_rest(before, dropped_files(inbox))] == ["contacts/b.csv"]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("contatcs/a.csv", "the folder `contatcs` names no table"),
        ("a.csv", "the file lies in no folder of a table"),
        ("contacts/crm/a.csv", "there is no mapping `mappings/crm.yaml`"),
    ],
)
def test_a_file_that_nothing_says_where_to_put_is_named(feed, take, name, message):
    feed.file(f"inbox/{name}", ROWS)
    with pytest.raises(ImportFailed, match=message) as caught:
        take(take.new()[0])
    assert caught.value.where == f"inbox/{name}"


def test_a_file_of_which_no_row_lands_stays_new(feed, take):
    feed.file("inbox/contacts/people.csv", "contact_id,email\na,nobody\n")
    assert take(take.new()[0]).status == "failed"
    assert len(take.new()) == 1


def test_a_link_out_of_the_inbox_is_forbidden(feed, inbox, take):
    outside = feed.file("secret.csv", ROWS)
    (inbox / "contacts").mkdir(parents=True)
    (inbox / "contacts" / "a.csv").symlink_to(outside)
    with pytest.raises(Forbidden, match="outside the inbox"):
        take(take.new()[0])
