"""Each payload of nine e-mail providers: the activity it becomes, or why it becomes none."""

from __future__ import annotations

import datetime as dt
import json
import os
from pathlib import Path

import pytest

from segmentation_pipeline.catalog.reading import load_catalog
from segmentation_pipeline.ingest.job import import_files
from segmentation_pipeline.ingest.mapping_file import load_mapping
from segmentation_pipeline.lake.store import DeltaStore

DATA = os.environ.get("SEGMENTATION_REAL_DATA")
pytestmark = [
    pytest.mark.integration,
    pytest.mark.real,
    pytest.mark.skipif(DATA is None, reason="SEGMENTATION_REAL_DATA is not set"),
]
DEFINITIONS = Path(__file__).parents[2] / "segment_definitions"
NOW = dt.datetime(2026, 7, 1, tzinfo=dt.UTC)
NO_TIME = "`occurred_at` is required and missing"

# provider and test of the payload: activity, time in UTC, kind of bounce; or `same as` another; or the reason
EXPECTED = {
    "amazon_ses": {"test_incorrect_received_event": "the message came in"},
    "brevo": {
        "test_sent_event": ("email_sent", "2018-03-06T19:10:23", None),
        "test_delivered_event": ("email_delivered", "2018-03-06T19:10:23", None),
        "test_hard_bounce": ("email_bounced", "2018-03-06T19:10:23", "hard_bounce"),
        "test_soft_bounce_event": ("email_bounced", "2018-03-06T19:10:23", "soft_bounce"),
        "test_blocked": ("email_dropped", "2018-03-06T19:10:23", None),
        "test_spam": ("email_complained", "2018-03-06T19:10:23", None),
        "test_complaint": ("email_complained", "2020-11-09T14:54:14", None),  # ts_event
        "test_invalid_email": ("email_bounced", "2018-03-06T19:10:23", "hard_bounce"),
        "test_error_email": ("email_dropped", "2020-11-09T14:53:43", None),  # ts_epoch in seconds
        "test_deferred_event": ("email_deferred", "2018-03-06T19:10:23", None),
        "test_opened_event": ("email_opened", "2018-03-06T19:10:23", None),
        "test_unique_opened_event": "same as test_opened_event",
        "test_proxy_open_event": ("email_opened", "2020-10-08T22:00:00", None),  # date, in Paris
        "test_unique_proxy_open_event": "same as test_proxy_open_event",
        "test_clicked_event": ("email_clicked", "2018-03-06T19:10:23", None),
        "test_unsubscribe": ("email_unsubscribed", "2018-03-06T19:10:23", None),
    },
    "mailersend": {"test_sent_event": ("email_sent", "2023-02-27T21:09:49.506", None)},
    "mailjet": {
        "test_sent_event": ("email_delivered", "2017-06-22T01:05:27", None),
        "test_open_event": ("email_opened", "2017-06-22T01:05:27", None),
        "test_click_event": ("email_opened", "2017-06-22T01:05:27", None),  # it says `open`
        "test_bounce_event": ("email_bounced", "2017-06-22T01:05:27", "hard_bounce"),
        "test_blocked_event": ("email_dropped", "2017-06-22T01:05:27", None),
        "test_spam_event": ("email_complained", "2017-06-22T01:05:27", None),
        "test_unsub_event": ("email_unsubscribed", "2017-06-22T01:05:27", None),
        "test_bounced_greylist_event": ("email_bounced", "2017-06-22T01:05:27", "soft_bounce"),
        "test_non_grouped_event": "same as test_sent_event",
    },
    "mandrill": {
        "test_send_event": ("email_sent", "2016-04-19T19:47:26", None),
        "test_hard_bounce_event": ("email_bounced", "2016-04-19T19:47:26", "hard_bounce"),
        "test_click_event": ("email_clicked", "2016-04-19T19:47:26", None),
        "test_old_tracking_url": "same as test_send_event",
    },
    "postal": {
        "test_bounce_event": ("email_bounced", "2020-11-30T16:18:21.961181", "hard_bounce"),
        "test_deferred_event": "same as test_bounce_event",  # they have one uuid
        "test_queued_event": "the message is held and was not sent",
        "test_failed_event": ("email_bounced", "2020-11-30T16:18:21.084981", "hard_bounce"),
        "test_delivered_event": ("email_delivered", "2020-11-30T16:18:21.354368", None),
        "test_ignore_incoming_events": "the message came in",
    },
    "postmark": {
        "test_bounce_event": ("email_bounced", "2016-04-27T20:28:50.396393", "hard_bounce"),
        "test_delivered_event": ("email_delivered", "2014-08-01T17:28:10.273539", None),
        "test_open_event": ("email_opened", "2016-04-27T20:21:41.249368", None),
        "test_click_event": ("email_clicked", "2017-10-25T15:21:11.906561", None),
        "test_spam_event": ("email_complained", "2016-04-27T20:28:50.396393", None),
        "test_unsubscribe": ("email_unsubscribed", "2022-06-05T17:17:32", None),
        "test_resubscribe": "sending is allowed again",
        "test_subscription_change_bounce": "the bounce or complaint is told by itself",
        "test_bounce_unsubscribe_variant": NO_TIME,
    },
    "sendgrid": {
        "test_processed_event": ("email_sent", "2016-04-19T19:47:26", None),
        "test_delivered_event": ("email_delivered", "2016-04-19T19:47:30", None),
        "test_dropped_invalid_event": ("email_dropped", "2016-04-19T19:47:30", None),
        "test_dropped_bounced": ("email_dropped", "2017-12-15T00:59:29", None),
        "test_dropped_unsubscribed_event": ("email_dropped", "2016-04-19T19:47:30", None),
        "test_bounce_event": ("email_bounced", "2016-04-19T19:47:30", "hard_bounce"),
        "test_deferred_event": ("email_deferred", "2016-04-21T01:09:50", None),
        "test_open_event": ("email_opened", "2016-04-19T19:47:30", None),
        "test_click_event": ("email_clicked", "2016-04-19T19:47:30", None),
        "test_compatibility_message_id_from_smtp_id": "same as test_delivered_event",
    },
    "unisender_go": {
        "test_error_includes_project_id_single_event": ("email_sent", "2024-09-07T19:27:17", None),
        "test_sent_event": ("email_sent", "2024-09-06T23:14:19", None),
        "test_delivered_event": ("email_delivered", "2024-09-06T23:14:24", None),
        "test_hard_bounced_event": ("email_bounced", "2024-09-06T23:22:40", "hard_bounce"),
        "test_soft_bounced_event": ("email_bounced", "2024-09-06T23:22:40", "soft_bounce"),
        "test_spam_event": NO_TIME,
        "test_unsubscribed_event": NO_TIME,
        "test_opened_event": NO_TIME,
        "test_clicked_event": NO_TIME,
    },
}


def payloads():
    path = Path(str(DATA)) / "email_webhooks" / "extracted_payloads.jsonl"
    return [json.loads(line) for line in path.read_text(encoding="utf8").splitlines()]


class Lake:
    def __init__(self, folder):
        self.folder = folder
        self.store = DeltaStore(folder / "lake")
        self.catalog = load_catalog(DEFINITIONS / "catalog.yaml")

    def load(self, provider, lines):
        path = self.folder / f"{provider}.jsonl"
        path.write_text("".join(f"{json.dumps(line)}\n" for line in lines), encoding="utf8")
        mapping = load_mapping(DEFINITIONS / "mappings" / "webhooks" / f"{provider}.yaml", self.catalog)
        return import_files(
            self.store, self.catalog, "activities", [path], mapping, time_zone="UTC", now=lambda: NOW
        )

    def contact(self, email):
        path = self.folder / "contacts.csv"
        path.write_text(f"contact_id,email\n42,{email}\n")
        import_files(self.store, self.catalog, "contacts", [path], time_zone="UTC", now=lambda: NOW)

    def rows(self, table):
        return self.store.scan(table).collect().rows(named=True) if self.store.exists(table) else []

    @property
    def events(self):
        return [*self.rows("activities"), *self.rows("activities_orphaned")]


@pytest.fixture
def lake(tmp_path):
    return Lake(tmp_path)


def test_every_payload_is_expected_to_become_something():
    found = [(payload["esp"], payload["test"]) for payload in payloads()]
    assert len(found) == 65
    assert sorted(found) == sorted((provider, test) for provider, tests in EXPECTED.items() for test in tests)


@pytest.mark.parametrize("provider", EXPECTED)
def test_each_payload_becomes_its_activity_or_says_why_not(lake, provider):
    mine = {payload["test"]: payload["payload"] for payload in payloads() if payload["esp"] == provider}
    ids = {}
    for test, expected in EXPECTED[provider].items():
        before = {event["activity_id"] for event in lake.events}
        job = lake.load(provider, [mine[test]])
        new = [event for event in lake.events if event["activity_id"] not in before]
        if isinstance(expected, tuple):
            (event,) = new
            ids[test] = event["activity_id"]
            moment = event["occurred_at"].astimezone(dt.UTC).replace(tzinfo=None)
            kind, at, bounce = expected
            assert (event["activity_type"], moment, event["bounce_type"]) == (
                kind,
                dt.datetime.fromisoformat(at),
                bounce,
            ), test
            assert event["contact_id"].startswith("email-"), test
        elif expected.startswith("same as "):
            assert (new, job.unchanged) == ([], 1), test
            assert expected.removeprefix("same as ") in ids, test
        else:
            assert (new, job.rejected) == ([], 1), test
            assert [reject.reason for reject in job.rejects] == [expected], test


@pytest.mark.parametrize("provider", EXPECTED)
def test_all_at_once_twice_changes_nothing_and_every_row_is_counted(lake, provider):
    mine = [payload["payload"] for payload in payloads() if payload["esp"] == provider]
    first = lake.load(provider, mine)
    before = lake.events
    second = lake.load(provider, mine)
    assert lake.events == before
    assert second.landed == second.orphaned == 0
    for job in (first, second):
        assert job.read == len(mine) == job.landed + job.unchanged + job.rejected + job.orphaned
    kept = [one for one in EXPECTED[provider].values() if isinstance(one, tuple)]
    assert first.orphaned == len(kept)


def test_a_contact_that_arrives_later_gets_its_events_and_they_stay_the_same(lake):
    mine = [payload["payload"] for payload in payloads() if payload["esp"] == "brevo"]
    lake.load("brevo", mine)
    lake.contact("Recipient@Example.com")
    found = {event["activity_type"] for event in lake.rows("activities")}
    assert {event["contact_id"] for event in lake.rows("activities")} == {"42"}
    assert found == {"email_sent", "email_delivered", "email_dropped", "email_complained", "email_bounced",
                     "email_opened", "email_clicked", "email_unsubscribed"}  # fmt: skip
    again = lake.load("brevo", mine)
    assert (again.landed, again.orphaned, again.unchanged) == (0, 0, len(mine))
