from __future__ import annotations

import json

import pytest

KEYS = ["webhook", "posted", "delivered", "given_up", "waiting", "trouble"]


@pytest.fixture
def hooked(imported, web, monkeypatch):
    """The new project with a webhook that a real receiver answers."""
    folder = imported / "segment_definitions" / "webhooks"
    folder.mkdir()
    (folder / "crm.yaml").write_text(f"url: {web.url}\nsecret: env:CRM_SECRET\nsegments: [german]\n")
    monkeypatch.setenv("CRM_SECRET", "s3cret")
    return imported


def test_a_run_tells_receivers(segmentation, hooked, web):
    outcome = segmentation("run", "--select", "german", "--project", hooked)
    assert (outcome.status, outcome.err) == (0, "")
    told = [json.loads(request.body) for request in web.received]
    assert [one["event"] for one in told] == ["segment_entered", "run_finished"]
    assert told[0]["keys"] == ["a", "b"]


def test_a_dead_receiver_does_not_fail_a_run(segmentation, hooked, web):
    web.answer = lambda _: web.Reply(503)
    outcome = segmentation("run", "--select", "german", "--project", hooked, "--json")
    assert outcome.status == 0
    assert [row["segment"] for row in outcome.json] == ["german"]
    assert outcome.err == "webhook crm: 2 deliveries wait: answered 503; segmentation notify\n"
    (row,) = segmentation("status", "--project", hooked, "--json").json["webhooks"]
    assert (row["status"], row["deliveries"], row["last_error"]) == (
        "pending",
        2,
        "the receiver answered 503",
    )
    web.answer = lambda _: web.Reply(200)
    assert segmentation("notify", "--project", hooked, "--json").json[0]["delivered"] == 0
    (told,) = segmentation("notify", "--retry", "--project", hooked, "--json").json
    assert list(told) == KEYS
    assert (told["delivered"], told["waiting"]) == (2, 0)


def test_the_table_and_its_status(segmentation, hooked, web, golden):
    web.answer = lambda _: web.Reply(401)
    segmentation("run", "--select", "german", "--project", hooked)
    outcome = segmentation("notify", "--retry", "--project", hooked)
    assert outcome.status == 1
    golden("notify", outcome.out)


def test_a_broken_file_does_not_fail_a_run(segmentation, hooked):
    (hooked / "segment_definitions" / "webhooks" / "bad.yaml").write_text("url: nowhere\n")
    outcome = segmentation("run", "--select", "german", "--project", hooked)
    assert outcome.status == 0
    assert "webhooks were not told" in outcome.err
    assert segmentation("notify", "--project", hooked).status == 1


def test_without_webhooks(segmentation, imported):
    outcome = segmentation("notify", "--project", imported)
    assert outcome.status == 0
    assert "there is no webhook" in outcome.out
