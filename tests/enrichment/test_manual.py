"""A provider that is a file."""

from __future__ import annotations

import pytest

from segmentation_pipeline.enrichment.providers import load_providers
from segmentation_pipeline.errors import DefinitionError

MANUAL = (
    "kind: csv\nfile: enrichment/people.csv\nmatch: {{email: Mail}}\nfields: {{job_title: Title, age: Age}}\n"
)


@pytest.fixture
def manual(desk):
    def write(rows, text=MANUAL):
        desk.provider(text, name="manual")
        (desk.folder / "definitions" / "enrichment" / "people.csv").write_text(rows)
        desk.queue("a", "b", "c", "d", name="manual")
        return desk.work(name="manual")

    return write


def test_rows_are_looked_up(desk, manual):
    done = manual("Mail,Title,Age\n A@X.org ,CTO,41\nb@x.org,Boss,40\nzz@x.org,x,1\n")
    assert (done.enriched, done.not_found, done.failed) == (2, 1, 1)
    assert (desk.contact("a")["job_title"], desk.contact("a")["age"]) == ("CTO", 41)
    assert desk.contact("b")["job_title"] == "Clerk"
    assert desk.entry("c", "manual")["outcome"] == "not_found"
    assert desk.entry("d", "manual")["error_message"] == "the contact has no `email` to look up"


def test_two_rows_for_one_contact_are_refused(desk, manual):
    manual("Mail,Title,Age\na@x.org,CTO,41\nA@x.org,CEO,42\n")
    assert desk.entry("a", "manual")["error_message"] == "the file has 2 rows for its `email`"


def test_a_value_that_does_not_fit_fails_its_contact_alone(desk, manual):
    done = manual("Mail,Title,Age\na@x.org,CTO,old\nc@x.org,CEO,42\n")
    assert done.enriched == 1
    assert desk.entry("a", "manual")["error_message"].startswith("Age: the value is not a whole number")


def test_a_file_without_a_column_says_which(desk, manual):
    manual("Mail,Title\na@x.org,CTO\n")
    assert desk.entry("a", "manual")["error_message"] == "`people.csv` has no column `Age`"


def test_a_link_may_not_lead_out_of_the_definitions(desk):
    outside = desk.folder / "secret.csv"
    outside.write_text("Mail,Title,Age\n")
    desk.provider(MANUAL, name="manual")
    (desk.folder / "definitions" / "enrichment" / "people.csv").symlink_to(outside)
    with pytest.raises(DefinitionError, match="may lead out"):
        load_providers(desk.folder / "definitions", desk.catalog)
