"""`segmentation import` without a FILE: by source, all of them, and the inbox."""

from __future__ import annotations

import sqlite3

import pytest

from segmentation_pipeline.cli import source_imports

SOURCES = """
sources:
  crm: {table: contacts, sql: {url: env:CRM, query: select contact_id from people, watermark: contact_id}}
  lost: {table: contacts, sql: {url: env:LOST, query: select 1}}
  files: {table: contacts, files: people.csv}
"""


@pytest.fixture
def shop(project, monkeypatch):
    """A project with a source of each kind; one of them cannot be reached."""
    (project / "segment_definitions" / "sources.yaml").write_text(SOURCES, encoding="utf-8")
    (project / "people.csv").write_text("contact_id\nf\n", encoding="utf-8")
    with sqlite3.connect(project / "crm.db") as connection:
        connection.execute("create table people as select 'd' as contact_id")
    connection.close()
    monkeypatch.setenv("CRM", "sqlite:///crm.db")
    monkeypatch.setattr(source_imports, "_PAUSE", 0)
    return project


def drop(project, name):
    path = project / "data" / "inbox" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("contact_id\ni\n", encoding="utf-8")


def test_one_source_by_name(segmentation, shop):
    outcome = segmentation("import", "--source", "crm", "--project", shop, "--json")
    assert outcome.status == 0
    assert [(job["table"], job["landed"]) for job in outcome.json] == [("contacts", 1)]


@pytest.mark.parametrize("chosen", [["--all"], ["contacts"]])
def test_a_source_that_fails_keeps_no_other_from_being_imported(segmentation, shop, chosen):
    outcome = segmentation("import", *chosen, "--project", shop, "--json")
    assert outcome.status == 3
    assert [job["landed"] for job in outcome.json] == [1, 1]
    assert outcome.err.startswith("error: the environment variable LOST is not set\n  where: source `lost`\n")


def test_an_unknown_source_lists_the_known_ones(segmentation, shop):
    outcome = segmentation("import", "--source", "cmr", "--project", shop)
    assert outcome.status == 2
    assert "there is no source `cmr`" in outcome.err
    assert "did you mean `crm`?" in outcome.err


@pytest.mark.parametrize("arguments", [[], ["contacts", "--all"], ["--all", "--inbox"]])
def test_it_must_be_said_what_to_import_and_once(segmentation, project, arguments):
    outcome = segmentation("import", *arguments, "--project", project)
    assert (outcome.status, "name what to import" in outcome.err) == (2, True)


def test_what_is_new_in_the_inbox(segmentation, shop):
    drop(shop, "contacts/people.csv")
    first = segmentation("import", "--inbox", "--project", shop, "--json").json
    assert [job["landed"] for job in first] == [1]
    again = segmentation("import", "--inbox", "--project", shop)
    assert (again.status, again.out) == (0, "nothing is new in the inbox\n")


def test_a_bad_file_in_the_inbox_is_named_and_the_others_are_imported(segmentation, shop):
    drop(shop, "contacts/people.csv")
    drop(shop, "contatcs/people.csv")
    drop(shop, "people.csv")
    outcome = segmentation("import", "--inbox", "--project", shop, "--json")
    assert (outcome.status, len(outcome.json)) == (3, 1)
    assert "2 imports failed; the others are done" in outcome.err
    assert "inbox/contatcs/people.csv: the folder `contatcs` names no table" in outcome.err


def test_how_far_a_query_has_been_read_is_its_status(segmentation, shop):
    segmentation("import", "--source", "crm", "--project", shop)
    found = segmentation("status", "--project", shop, "--json").json
    assert found["sources"] == [{"source": "crm", "read_up_to": "text d"}]
