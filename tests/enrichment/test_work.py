"""The queue worked against a real server: what lands, what is asked again, what goes back."""

from __future__ import annotations

import datetime as dt

import pytest

from segmentation_pipeline.enrichment import queue
from segmentation_pipeline.enrichment.work import LOCK
from segmentation_pipeline.errors import LockedError, UsageError
from segmentation_pipeline.lake.lock import lake_lock

# Sound but slow: a part of the slower suite.
pytestmark = pytest.mark.integration

ANN = {
    "person": {"name": {"first": "Anna", "last": "Lee"}, "title": "CTO", "age": 41},
    "company": {"employees": 20},
}


def test_an_answer_lands(desk, says):
    says(ANN)
    done = desk.enrich("a", "b")
    assert (done.enriched, done.failed, done.not_found, done.pending, done.requests) == (2, 0, 0, 0, 2)
    ann, bob = desk.contact("a"), desk.contact("b")
    assert (ann["first_name"], ann["last_name"], ann["full_name"]) == ("Ann", "Lee", "Ann Lee")
    assert (ann["age"], ann["company_size"], bob["job_title"]) == (41, "11-50", "Clerk")
    entry = desk.entry("a")
    assert (entry["status"], entry["outcome"], entry["attempts"], entry["answer"]) == (
        "completed",
        "enriched",
        1,
        None,
    )
    assert ann["last_enriched_at"] == entry["answered_at"] == entry["processed_at"]


def test_an_activity_and_the_history_tell_of_it(desk, says):
    says(ANN)
    desk.enrich("a")
    told = desk.rows("activities", "contact_id", "activity_type", "provider")
    assert told == [("a", "contact_enriched", "finder")]
    history = desk.rows("contact_history", "field_name", "old_value", "new_value", "job")
    assert ("last_name", None, "Lee", "enrichment finder") in history
    assert [row for row in history if row[0] == "last_enriched_at"] == []


def test_the_request_is_what_the_file_says(desk, says, web):
    says(ANN)
    desk.enrich("a")
    (request,) = web.received
    assert (request.method, request.path) == ("GET", "/find?email=a%40x.org")
    assert request.headers["authorization"] == "Bearer s3cret"


def test_a_post_with_a_body(desk, web):
    desk.provider(
        "kind: http\nurl: {url}/people/{{contact_id}}\nmethod: POST\n"
        "body: {{mail: '{{email}}', key: env:FINDER_KEY}}\nfields: {{job_title: title}}\n"
    )
    web.answer = lambda _: web.Reply(200, b'{"title": "CEO"}')
    desk.enrich("c")
    (request,) = web.received
    assert (request.path, request.body) == ("/people/c", b'{"mail": "c@x.org", "key": "s3cret"}')
    assert desk.contact("c")["job_title"] == "CEO"


def test_nothing_known_completes_and_changes_nothing(desk, says, web):
    before = desk.contact("a")
    says(lambda email: web.Reply(404) if email == "a@x.org" else {"person": None})
    done = desk.enrich("a", "b")
    assert (done.not_found, done.enriched) == (2, 0)
    assert desk.contact("a") == before
    assert desk.entry("b")["outcome"] == "not_found"


def test_what_a_request_needs_and_the_contact_lacks(desk, says, web):
    says(ANN)
    desk.enrich("d")
    assert desk.entry("d")["error_message"] == "the contact has no `email` to ask with"
    assert web.received == []


def test_priority_then_who_waits_longest(desk, says, web):
    says(ANN)
    desk.queue("a")
    desk.now += dt.timedelta(seconds=1)
    desk.queue("b")
    desk.queue("c", priority=5)
    assert desk.work(limit=2).pending == 1
    assert [request.path for request in web.received] == ["/find?email=c%40x.org", "/find?email=a%40x.org"]


def test_requests_keep_the_pace(desk, says):
    says(ANN)
    desk.enrich("a", "b", "c")
    assert [round(seconds, 3) for seconds in desk.slept] == [0.1, 0.1]


def test_trouble_that_passes_is_asked_again_with_back_off(desk, web, says):
    replies = [web.Reply(500), web.Reply(reset=True), ANN]
    says(lambda _: replies.pop(0))
    done = desk.enrich("a")
    assert (done.enriched, done.requests) == (1, 3)
    assert desk.slept == [1.0, 2.0]
    assert desk.entry("a")["attempts"] == 3


@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_is_honoured(desk, web, says, status):
    replies = [web.Reply(status, headers={"Retry-After": "42"}), ANN]
    says(lambda _: replies.pop(0))
    desk.enrich("a")
    assert desk.slept == [42.0]


def test_who_asks_to_wait_too_long_is_left_and_nothing_is_lost(desk, web, says):
    says(lambda _: web.Reply(429, headers={"Retry-After": "3600"}))
    done = desk.enrich("a", "b")
    assert (done.pending, done.failed, done.stopped) == (2, 0, "it asks to wait 3,600 s")
    assert len(web.received) == 1
    says(ANN)
    assert desk.work().enriched == 2


def test_trouble_that_stays_fails_the_contact_with_its_reason(desk, web):
    desk.provider(more="timeout: 0.2 seconds\n")
    web.answer = lambda _: web.Reply(delay=5)
    assert desk.enrich("a").failed == 1
    entry = desk.entry("a")
    assert (entry["status"], entry["attempts"]) == ("failed", 4)
    assert entry["error_message"] == "gave no whole answer within 0.2 s"


def test_a_provider_that_is_down_does_not_fail_everybody(desk, web):
    desk.load("contacts", "contact_id,email\n" + "".join(f"n{n},n{n}@x.org\n" for n in range(9)))
    web.answer = lambda _: web.Reply(500)
    done = desk.enrich(*(f"n{n}" for n in range(9)))
    assert (done.failed, done.pending) == (5, 4)
    assert done.stopped == "5 contacts in a row met the same trouble: it answered 500"


def test_a_key_that_is_not_accepted_stops_at_once(desk, web):
    web.answer = lambda _: web.Reply(401, b"your key s3cret is wrong")
    done = desk.enrich("a", "b")
    assert (done.refused, done.pending, len(web.received)) == (True, 2, 1)
    assert done.stopped == "it answered 401: it does not accept our key"


def test_a_key_that_is_not_set_is_named(desk, says):
    desk.env = {}
    desk.queue("a")
    with pytest.raises(UsageError, match="`FINDER_KEY` is not set"):
        desk.work()
    assert desk.entry("a")["status"] == "pending"


def test_what_was_enriched_is_queued_again_by_name_only(desk, says, web):
    says(ANN)
    desk.enrich("a")
    assert desk.queue("a", again=False) == 0
    desk.now += dt.timedelta(days=1)
    assert desk.queue("a") == 1
    assert desk.queue("a") == 0
    assert desk.work().enriched == 1
    assert len(web.received) == len(desk.rows("activities", "activity_id")) == 2


def test_what_failed_is_retried(desk, says, web):
    web.answer = lambda _: web.Reply(400)
    desk.enrich("a")
    assert desk.entry("a")["error_message"] == "answered 400"
    assert queue.retry_failed(desk.store, "finder", desk.now) == 1
    says(ANN)
    assert desk.work().enriched == 1


def test_one_worker_at_a_time(desk):
    with lake_lock(desk.folder / "lake", "enrichment", 0, LOCK), pytest.raises(LockedError):
        desk.enrich("a", wait_seconds=0)


def test_the_lake_is_free_while_a_provider_thinks(desk, web, says):
    def reply(_):
        with lake_lock(desk.folder / "lake", "somebody else"):
            return ANN

    says(reply)
    assert desk.enrich("a").enriched == 1


def test_who_was_erased_meanwhile_stays_erased(desk, says):
    import polars as pl

    from segmentation_pipeline.enrichment.tables import QUEUE
    from segmentation_pipeline.lake.tables import catalog_table

    def erase(_):
        gone = pl.DataFrame({"contact_id": ["a"]})
        desk.store.delete(catalog_table(desk.catalog, "contacts"), gone, ("contact_id",))
        desk.store.delete(QUEUE, gone, ("contact_id",))
        return ANN

    says(erase)
    assert desk.enrich("a").enriched == 0
    assert desk.rows("contacts", "contact_id") == [("b",), ("c",), ("d",)]
    assert desk.rows("contact_enrichment_queue", "contact_id") == []


def test_a_contact_that_is_gone_fails(desk, says):
    says(ANN)
    desk.enrich("zz")
    assert desk.entry("zz")["error_message"] == "the contact is no longer there"
