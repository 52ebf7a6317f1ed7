from __future__ import annotations

import re

import pytest

# Sound but slow: a part of the slower suite.
pytestmark = pytest.mark.integration

KEYS = ["provider", "queued", "enriched", "not_found", "failed", "requests", "pending", "stopped", "reasons"]


def test_the_table_and_the_queue(segmentation, copied, golden):
    outcome = segmentation("enrich", "c-0001", "c-0002", "c-0003", "c-0005", "--project", copied)
    assert outcome.status == 0
    queue = segmentation("enrich", "--status", "--project", copied).out
    golden("enrich", outcome.out + "\n" + re.sub(r"2\d{3}-\S+Z", "…", queue))
    rows = segmentation("status", "--project", copied, "--json").json["enrichment"]
    assert {(row["status"], row["contacts"]) for row in rows} == {
        ("completed", 2),
        ("completed", 1),
        ("failed", 1),
    }


def test_as_json(segmentation, copied):
    (row,) = segmentation("enrich", "c-0001", "--project", copied, "--json").json
    assert list(row) == KEYS
    assert (row["queued"], row["enriched"]) == (1, 1)
    found = segmentation("enrich", "--status", "--project", copied, "--json").json
    assert [(one["status"], one["contacts"]) for one in found["queue"]] == [("completed", 1)]
    assert found["failures"] == []


def test_members_of_a_segment_are_queued_once(segmentation, copied):
    (row,) = segmentation("enrich", "--segment", "vip", "--limit", 3, "--project", copied, "--json").json
    assert (row["requests"], row["pending"]) == (3, row["queued"] - 3)
    (again,) = segmentation("enrich", "--segment", "vip", "--project", copied, "--json").json
    assert (again["queued"], again["pending"]) == (0, 0)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("c-1",), "there is no contact `c-1`"),
        (("--provider", "manul"), "did you mean `manual`"),
        (("--segment", "vipp"), "did you mean `vip`"),
    ],
)
def test_wrong_use(segmentation, copied, arguments, message):
    outcome = segmentation("enrich", *arguments, "--project", copied)
    assert outcome.status == 2
    assert message in outcome.err


def test_a_key_that_is_refused_is_told(segmentation, imported, web, monkeypatch):
    folder = imported / "segment_definitions" / "enrichment"
    folder.mkdir()
    text = "kind: http\nurl: %s/{contact_id}\nheaders: {X-Key: env:FINDER}\nfields: {country: country}\n"
    (folder / "finder.yaml").write_text(text % web.url)
    web.answer = lambda _: web.Reply(403)
    monkeypatch.setenv("FINDER", "s3cret")
    outcome = segmentation("enrich", "a", "--project", imported)
    assert outcome.status == 3
    assert "stopped finder: it answered 403: it does not accept our key" in outcome.out
    assert "s3cret" not in outcome.out + outcome.err


def test_without_providers(segmentation, imported):
    outcome = segmentation("enrich", "a", "--project", imported)
    assert outcome.status == 2
    assert "there is no provider" in outcome.err
