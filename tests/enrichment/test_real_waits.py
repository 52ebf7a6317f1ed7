"""With a real clock: waits are waited, rates are kept, a slow provider is given its time."""

from __future__ import annotations

import datetime as dt
import itertools
import random
import time

import pytest

from segmentation_pipeline.enrichment.providers import load_providers
from segmentation_pipeline.enrichment.work import Worker
from segmentation_pipeline.partners.waiting import Clock

pytestmark = pytest.mark.integration


def test_retry_after_and_pace(desk, web):
    desk.provider(
        "kind: http\nurl: {url}/{{contact_id}}\nrate: 5 per second\nfirst_wait: 0.3 seconds\n"
        "fields: {{job_title: t}}\n"
    )
    desk.queue("a", "b", "c")
    came: list[float] = []
    replies = [
        web.Reply(503, headers={"Retry-After": "2"}),
        web.Reply(200, b'{"t": "x"}', delay=0.5),
        web.Reply(500),
        web.Reply(200, b'{"t": "x"}'),
        web.Reply(200, b'{"t": "x"}'),
    ]

    def reply(_):
        came.append(time.monotonic())
        return replies.pop(0)

    web.answer = reply
    clock = Clock(lambda: dt.datetime.now(dt.UTC), time.sleep, random.random)
    named = load_providers(desk.folder / "definitions", desk.catalog)["finder"]
    done = Worker(desk.store, desk.catalog, time_zone="UTC", env={}, clock=clock).work(named)
    assert (done.enriched, done.requests) == (3, 5)
    gaps = [later - sooner for sooner, later in itertools.pairwise(came)]
    assert gaps[0] >= 2.0
    assert gaps[2] >= 0.15
    assert min(gaps) >= 0.15
