"""The text messages of the sample: what the gateway for SMS logged, apart from mail and site."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from segmentation_pipeline.sample.behaviour import Activity
from segmentation_pipeline.sample.vocabulary import TEXT_CAMPAIGNS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from segmentation_pipeline.sample.behaviour import Life
    from segmentation_pipeline.sample.draws import Draws


def draw_texts(draws: Draws, lives: list[Life]) -> Iterator[Activity]:
    """Yield what was sent, campaign by campaign: to customers with a number whom one may still write to."""
    for campaign in TEXT_CAMPAIGNS:
        noon = dt.datetime.combine(campaign.sent_on, dt.time(10, 0), dt.UTC)
        for life in lives:
            contact = life.contact
            sent = noon + dt.timedelta(seconds=draws.between(0, 1800))
            reached = draws.chance(campaign.reach)
            customer = any(line.at < sent for line in life.orders)
            stopped = contact.stopped is not None and contact.stopped <= sent
            if reached and customer and not stopped and contact.phone is not None and contact.created < sent:
                message = f"{campaign.id}/{contact.id[2:]}"
                fields: dict[str, str | int] = {"campaign_id": campaign.id, "message_id": message}
                yield Activity(contact.id, "sms_sent", sent, fields)
