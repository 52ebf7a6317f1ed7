"""Enrichment and webhooks in Dagster: assets where there are files for them, schedules that are off."""

from __future__ import annotations

import datetime as dt
import json

import dagster as dg
import polars as pl
import pytest

from segmentation_pipeline.enrichment import queue

# Sound but slow: a part of the slower suite.
pytestmark = pytest.mark.integration

HOOK = "url: {url}\nsecret: env:CRM_SECRET\nsegments: [germans]\n"
FINDER = (
    "kind: http\nurl: {url}/{{contact_id}}\nrate: 1000 per second\nfields: {{age: age}}\noverwrite: always\n"
)


@pytest.fixture
def partners(team, web, monkeypatch):
    """The team's project with a provider and a receiver, both the same server."""
    team.write("segment_definitions/webhooks/crm.yaml", HOOK.format(url=web.url))
    team.write("segment_definitions/enrichment/finder.yaml", FINDER.format(url=web.url))
    monkeypatch.setenv("CRM_SECRET", "s3cret")
    return team


def test_their_assets_jobs_and_schedules(partners):
    defs = partners.definitions()
    graph = defs.resolve_asset_graph()
    outbox, queue = dg.AssetKey("webhook_deliveries"), dg.AssetKey("contact_enrichment_queue")
    assert graph.get(outbox).parent_keys == {dg.AssetKey("segment_transitions")}
    assert graph.get(queue).parent_keys == {dg.AssetKey("contacts")}
    assert (graph.get(outbox).group_name, graph.get(queue).group_name) == ("segments", "enrichment")
    for name in ("deliver_webhooks_schedule", "enrich_contacts_schedule"):
        assert defs.resolve_schedule_def(name).default_status == dg.DefaultScheduleStatus.STOPPED
    for job in ("nightly", "recalculate_segments"):
        keys = defs.resolve_job_def(job).asset_layer.executable_asset_keys
        assert outbox in keys
        assert queue not in keys


def test_without_files_there_are_none(team):
    keys = {key.to_user_string() for key in team.definitions().resolve_asset_graph().get_all_asset_keys()}
    assert keys.isdisjoint({"webhook_deliveries", "contact_enrichment_queue"})


def test_a_broken_file_is_a_finding_and_the_rest_loads(partners):
    partners.write("segment_definitions/webhooks/crm.yaml", "url: nowhere\n")
    outcome = partners.run(dg.AssetSelection.assets("segment_definitions"))
    (check,) = outcome.checks.values()
    assert not check.passed
    assert "webhook-shape" in str(check.metadata)


def test_the_night_delivers_and_asks_nobody(partners, web):
    outcome = partners.run(job="nightly")
    assert outcome.success
    told = [json.loads(one.body) for one in web.received]
    assert [one["event"] for one in told] == ["segment_entered", "run_finished"]
    assert len(told[0]["keys"]) == 20
    assert outcome.said("webhook_deliveries", "waiting") == 0


def test_a_dead_receiver_fails_nothing(partners, web):
    web.answer = lambda _: web.Reply(500)
    outcome = partners.run(job="nightly")
    assert outcome.success
    assert outcome.said("webhook_deliveries", "waiting") == 2


def test_the_queue_is_worked(partners, web):
    partners.run(job="nightly")
    queue.enqueue(
        partners.store,
        "finder",
        pl.Series(["c1", "c2"]),
        priority=0,
        now=dt.datetime(2026, 7, 1, tzinfo=dt.UTC),
        again=True,
    )
    web.answer = lambda _: web.Reply(200, b'{"age": 99}')
    outcome = partners.run(job="enrich_contacts")
    assert outcome.success
    assert outcome.rows("contact_enrichment_queue") == 2
    assert partners.store.scan("contacts").filter(pl.col("age") == 99).collect().height == 2
