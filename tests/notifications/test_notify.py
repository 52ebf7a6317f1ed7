"""What receivers are told of a run, and what becomes of it where they cannot be told."""

from __future__ import annotations

import datetime as dt

import pytest

from segmentation_pipeline.errors import DefinitionError, LockedError
from segmentation_pipeline.lake.lock import lake_lock
from segmentation_pipeline.notifications.outbox import LOCK
from segmentation_pipeline.notifications.signature import sign

# Sound but slow: a part of the slower suite.
pytestmark = pytest.mark.integration

RUN = {"workspace": "default", "run": "run-000001", "as_of": "2026-03-01T12:00:00Z"}
LEFT_OUT = ("delivery",)


def said(body):
    return {key: value for key, value in body.items() if key not in LEFT_OUT}


def entered(segment, keys, **run):
    return {"event": "segment_entered", **RUN, **run, "segment": segment, "object": "contact", "keys": keys}


def test_a_run_is_told_with_keys_and_no_personal_field(shop, web, bodies):
    told = shop.told()
    assert (told.posted, told.delivered, told.waiting, told.trouble) == (3, 3, 0, None)
    assert [said(body) for body in bodies()] == [
        entered("adults", ["b", "c"]),
        entered("old", ["c"]),
        {
            "event": "run_finished",
            **RUN,
            "segments": [
                {"segment": "adults", "status": "fresh", "size": 2, "entered": 2, "left": 0},
                {"segment": "old", "status": "fresh", "size": 1, "entered": 1, "left": 0},
            ],
        },
    ]
    assert not any(b"@x.org" in request.body for request in web.received)


def test_who_left_is_told_before_who_entered(shop, bodies):
    shop.notify()
    shop.later(days=1)
    shop.contacts(a=40, b=20, c=70)
    shop.run()
    shop.notify()
    new = [(body["event"], body.get("segment"), body.get("keys")) for body in bodies()[3:]]
    assert new == [
        ("segment_left", "adults", ["b"]),
        ("segment_entered", "adults", ["a"]),
        ("run_finished", None, None),
    ]


def test_a_run_is_told_once(shop, web):
    shop.notify()
    assert shop.told().posted == 0
    assert len(web.received) == 3


def test_a_new_webhook_begins_with_the_latest_run(shop, bodies):
    shop.later(days=1)
    shop.contacts(a=20, b=20, c=70)
    shop.run()
    shop.notify()
    assert {body["run"] for body in bodies()} == {"run-000002"}


def test_every_run_since_the_last_look_is_told(shop, bodies):
    shop.notify()
    for age in (40, 20):
        shop.later(days=1)
        shop.contacts(a=age, b=30, c=70)
        shop.run()
    shop.notify()
    moved = [(body["run"], body["event"]) for body in bodies()[3:] if body.get("segment") == "adults"]
    assert moved == [("run-000002", "segment_entered"), ("run-000003", "segment_left")]


def test_batches(shop, bodies):
    shop.webhook("batch_size: 1\nevents: [segment_entered]\nsegments: [adults]\n")
    shop.notify()
    assert [body["keys"] for body in bodies()] == [["b"], ["c"]]


def test_events_and_segments_are_chosen(shop, bodies):
    shop.webhook("events: [run_finished]\nsegments: [old]\n")
    shop.notify()
    (body,) = bodies()
    assert [one["segment"] for one in body["segments"]] == ["old"]


def test_the_signature_is_over_time_and_body(shop, web):
    shop.notify()
    for request in web.received:
        timestamp = request.headers["x-segmentation-timestamp"]
        assert timestamp == str(int(shop.now.timestamp()))
        assert request.headers["x-segmentation-signature"] == sign("s3cret", timestamp, request.body)
        assert request.headers["content-type"] == "application/json"


def test_a_receiver_that_accepts_the_third_attempt(shop, web, bodies):
    shop.webhook("events: [segment_entered]\nsegments: [old]\n")
    replies = [500, 503, 204]
    web.answer = lambda _: web.Reply(replies.pop(0))
    waits = []
    for _ in range(3):
        told = shop.told()
        ((due,),) = shop.deliveries("next_attempt_at")
        waits.append(due and (due - shop.now).total_seconds())
        shop.later(hours=1)
    assert waits == [30.0, 60.0, None]
    assert (told.delivered, told.waiting) == (1, 0)
    assert len({body["delivery"] for body in bodies()}) == 1
    assert shop.deliveries("status", "attempts", "last_error") == [("delivered", 3, None)]


def test_nothing_is_sent_before_it_is_due(shop, web):
    web.answer = lambda _: web.Reply(500)
    shop.notify()
    received = len(web.received)
    shop.later(seconds=20)
    assert shop.told().waiting == 3
    assert len(web.received) == received == 1


def test_a_receiver_in_trouble_is_left_alone_by_every_segment(shop, web):
    web.answer = lambda _: web.Reply(500)
    shop.notify()
    assert {row[0] for row in shop.deliveries("next_attempt_at")} == {shop.now + dt.timedelta(seconds=30)}
    shop.later(seconds=30)
    web.answer = lambda _: web.Reply(200)
    assert shop.told().delivered == 3


def test_retry_after_is_honoured(shop, web):
    web.answer = lambda _: web.Reply(429, headers={"Retry-After": "7200"})
    shop.notify()
    (due,) = (row[0] for row in shop.deliveries("next_attempt_at", "attempts") if row[1])
    assert due == shop.now + dt.timedelta(hours=2)


def test_order_within_a_segment_is_kept(shop, web, bodies):
    shop.webhook("events: [segment_entered, segment_left]\nbatch_size: 1\n")
    web.answer = lambda request: web.Reply(400 if b'"keys":["b"]' in request.body else 200)
    shop.notify()
    assert [body["keys"] for body in bodies()] == [["b"], ["c"]]  # of adults the first, then old
    web.answer = lambda _: web.Reply(200)
    shop.later(hours=1)
    shop.notify()
    assert [(body["segment"], body["keys"]) for body in bodies()[2:]] == [
        ("adults", ["b"]),
        ("adults", ["c"]),
    ]


def test_a_dead_receiver_costs_one_attempt_and_fails_nothing(shop, web):
    shop.webhook("timeout: 1 second\n")
    web.answer = lambda _: web.Reply(delay=5)
    told = shop.told()
    assert (told.delivered, told.waiting) == (0, 3)
    assert told.trouble == "gave no whole answer within 1 s"
    assert len(web.received) == 1


def test_a_dead_receiver_does_not_keep_others_waiting(shop, web):
    shop.webhook(name="dead", url="http://127.0.0.1:1")
    told = {one.webhook: one for one in shop.notify()}
    assert (told["dead"].delivered, told["crm"].delivered) == (0, 3)
    assert told["dead"].trouble == "cannot be reached"


def test_what_is_tried_often_enough_is_given_up_and_the_next_goes_on(shop, web, bodies):
    shop.webhook("max_attempts: 2\nevents: [segment_entered]\nsegments: [adults]\nbatch_size: 1\n")
    web.answer = lambda request: web.Reply(400 if b'"b"' in request.body else 200)
    for _ in range(3):
        shop.notify()
        shop.later(hours=1)
    assert shop.deliveries("status", "attempts", "last_error") == [
        ("failed", 2, "the receiver answered 400"),
        ("delivered", 1, None),
    ]


def test_what_is_too_old_is_given_up(shop, web):
    shop.webhook("max_age: 1 hour\nevents: [run_finished]\n")
    web.answer = lambda _: web.Reply(500)
    shop.notify()
    shop.later(hours=2)
    assert shop.told().given_up == 1
    assert len(web.received) == 1


def test_what_was_given_up_is_tried_again_on_request(shop, web, bodies):
    shop.webhook("max_attempts: 1\nevents: [run_finished]\n")
    web.answer = lambda _: web.Reply(500)
    assert shop.told().given_up == 1
    web.answer = lambda _: web.Reply(200)
    assert shop.told().delivered == 0
    assert shop.notify(retry=True)[0].delivered == 1
    assert len({body["delivery"] for body in bodies()}) == 1


def test_a_secret_that_is_not_set_keeps_everything_waiting(shop, web):
    shop.env = {}
    told = shop.told()
    assert (told.waiting, told.trouble) == (3, "the environment variable `HOOK_SECRET` is not set")
    assert web.received == []
    shop.env = {"HOOK_SECRET": "s3cret"}
    assert shop.told().delivered == 3


def test_what_waits_for_a_webhook_that_is_gone_is_given_up(shop, web):
    web.answer = lambda _: web.Reply(500)
    shop.notify()
    (shop.root / "segment_definitions" / "webhooks" / "crm.yaml").unlink()
    assert shop.notify() == []
    assert set(shop.deliveries("status", "last_error")) == {("failed", "its webhook is no longer declared")}


def test_an_inactive_webhook_is_told_nothing_and_nothing_later(shop, web):
    shop.webhook("active: false\n")
    shop.notify()
    shop.webhook()
    assert shop.told().posted == 0
    assert web.received == []


def test_who_was_erased_meanwhile_is_not_told(shop, bodies):
    shop.contacts(a=20, b=30)
    shop.notify()
    assert [body["keys"] for body in bodies() if "keys" in body] == [["b"], []]


def test_a_pass_ends_when_its_patience_does(shop, web):
    def slow(_):
        shop.later(seconds=20)
        return web.Reply(200)

    web.answer = slow
    (told,) = shop.notify(patience=dt.timedelta(seconds=30))
    assert (told.delivered, told.waiting) == (2, 1)


def test_the_lake_is_free_while_a_receiver_thinks(shop, web):
    def reply(_):
        with lake_lock(shop.root / "lake", "somebody else"):
            return web.Reply(200)

    web.answer = reply
    assert shop.told().delivered == 3


def test_one_at_a_time_delivers(shop):
    with lake_lock(shop.root / "lake", "notifications", 0, LOCK), pytest.raises(LockedError):
        shop.notify(wait_seconds=0)


def test_keys_that_are_personal_are_never_told(shop):
    shop.write(
        "segments/people.yaml",
        "segment: people\nobject: person\nwhere: {field: age, operator: is_not_empty}\n",
    )
    shop.webhook("segments: [people]\n")
    with pytest.raises(DefinitionError, match="personal data"):
        shop.notify()


def test_without_webhooks_nothing_is_written(shop):
    (shop.root / "segment_definitions" / "webhooks" / "crm.yaml").unlink()
    assert shop.notify() == []
    assert not shop.store.exists("webhook_deliveries")
