from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from segmentation_pipeline.documents import read_documents
from segmentation_pipeline.errors import DefinitionError, Forbidden, ImportFailed, UsageError
from segmentation_pipeline.ingest.sources import import_source, load_sources, read_sources


@pytest.fixture
def sources(lake):
    return lambda text: read_sources(read_documents(text, "sources.yaml")[0], lake.catalog)


@pytest.fixture
def run(lake):
    def of(source):
        return import_source(
            lake.store,
            lake.catalog,
            source,
            project=lake.folder,
            definitions=lake.folder,
            time_zone="UTC",
            now=lambda: datetime(2026, 7, 1, tzinfo=UTC),
        )

    return of


def test_limits_have_defaults_and_units(sources):
    found = sources(
        "sources:\n"
        "  a: {table: contacts, files: a.csv}\n"
        "  b: {table: contacts, files: [b.csv, c.csv], max_shrink: 20%, stale_after: 2 days}\n"
    )
    assert (found["a"].max_shrink, found["a"].stale_after) == (0.5, None)
    assert (found["b"].files, found["b"].max_shrink) == (("b.csv", "c.csv"), 0.2)
    assert found["b"].stale_after == timedelta(days=2)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{table: contatcs, files: a.csv}", "unknown table `contatcs`"),
        ("{table: contacts, files: ../a.csv}", "`../a.csv` may lead outside the project"),
        ("{table: contacts, files: /etc/a.csv}", "`/etc/a.csv` may lead outside the project"),
        ("{table: contacts, files: a.csv, mapping: ../m.yaml}", "may lead outside the definitions folder"),
        ("{table: contacts, files: a.csv, max_shrink: 20}", "write a share with its sign, such as 50%"),
        ("{table: contacts, files: a.csv, stale_after: soon}", "`soon` is not a span"),
        ("{table: contacts, files: a.csv, fromat: csv}", "unknown key `fromat`"),
    ],
)
def test_faults_are_found_where_they_stand(sources, line, message):
    with pytest.raises(DefinitionError) as caught:
        sources(f"sources:\n  a: {line}\n")
    (found,) = caught.value.diagnostics
    assert message in found.message
    assert found.at.line == 2


def test_without_a_file_there_are_no_sources(lake):
    assert load_sources(lake.folder / "sources.yaml", lake.catalog) == {}


def test_all_files_of_a_glob_are_one_job_in_the_order_of_their_paths(lake, sources, run):
    lake.file("in-2.csv", "contact_id,country\nb,\na,IT\n")
    lake.file("in-1.csv", "contact_id,country\na,FR\n")
    lake.file("m.yaml", "table: contacts\ncolumns: {contact_id: contact_id, country: country}")
    job = run(sources("sources:\n  all: {table: contacts, files: 'in-*.csv', mapping: m.yaml}")["all"])
    assert (job.batches, job.landed, job.duplicates) == (2, 2, 1)
    assert lake.rows("contacts", "contact_id", "country") == [("a", "IT"), ("b", None)]


def test_a_glob_without_files_is_refused(sources, run):
    with pytest.raises(ImportFailed, match=r"no file matches `in-\*\.csv`"):
        run(sources("sources:\n  all: {table: contacts, files: 'in-*.csv'}")["all"])


def test_a_link_out_of_the_project_is_forbidden(lake, sources, run, tmp_path_factory):
    outside = tmp_path_factory.mktemp("outside") / "a.csv"
    outside.write_text("contact_id\na\n")
    (lake.folder / "in.csv").symlink_to(outside)
    with pytest.raises(Forbidden, match="outside the project"):
        run(sources("sources:\n  all: {table: contacts, files: in.csv}")["all"])


def test_the_sources_format_wins_over_the_suffix(lake, sources, run):
    lake.file("in.data", '{"contact_id": "a"}\n')
    lake.file("m.yaml", "table: contacts\ncolumns: {contact_id: contact_id}")
    text = "sources:\n  all: {table: contacts, files: in.data, format: jsonl, mapping: m.yaml}"
    assert run(sources(text)["all"]).landed == 1


def test_a_mapping_for_another_table_is_refused(lake, sources, run, events):
    lake.file("m.yaml", events)
    lake.file("in.csv", "contact_id\na\n")
    with pytest.raises(UsageError, match="the mapping is for `activities`, the source for `contacts`"):
        run(sources("sources:\n  all: {table: contacts, files: in.csv, mapping: m.yaml}")["all"])
