"""Sending what is due: in order within a segment, never waiting for a receiver that does not answer."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from segmentation_pipeline.notifications.outbox import DELIVERED, FAILED
from segmentation_pipeline.notifications.signature import DELIVERY, EVENT, SIGNATURE, TIMESTAMP, sign
from segmentation_pipeline.partners.exchange import Answer, Exchange, Failure, Limits, Request
from segmentation_pipeline.partners.waiting import Backoff, retry_after

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from segmentation_pipeline.notifications.bodies import Bodies
    from segmentation_pipeline.partners.waiting import Clock
    from segmentation_pipeline.partners.webhooks import Webhook

_SAVED = 20
_BODY = 65_536
_LONGEST_ASKED = dt.timedelta(days=1)

Row = dict[str, Any]


@dataclass(slots=True)
class Sent:
    """What became of one webhook's pending deliveries; ``trouble`` is the last thing that went wrong."""

    delivered: int = 0
    given_up: int = 0
    trouble: str | None = None


@dataclass(frozen=True, slots=True)
class Courier:
    """One webhook's way: its secret, its clock, and until when a pass may last (None: to its end)."""

    webhook: Webhook
    secret: str
    clock: Clock
    until: dt.datetime | None = None

    def send(self, pending: Sequence[Row], bodies: Bodies, save: Callable[[Sequence[Row]], None]) -> Sent:
        """Send what is due of ``pending``, rows of the outbox in their order; ``save`` what changed.

        After a failure the others of its segment wait for it; if the receiver as a whole seems to be in
        trouble, everything else waits as long.
        """
        sent = Sent()
        changed: list[Row] = []
        blocked: set[str | None] = set()
        webhook = self.webhook
        limits = Limits(webhook.connect_timeout.total_seconds(), webhook.timeout.total_seconds(), _BODY)
        with Exchange(webhook.url, limits) as web:
            for place, row in enumerate(pending):
                now = self.clock.now()
                if self.until is not None and now >= self.until:
                    break
                lane = row["segment_id"]
                if lane in blocked:
                    continue
                if self._is_too_late(row, now):
                    changed.append(_given_up(row))
                    sent.given_up += 1
                    continue
                if row["next_attempt_at"] > now:
                    blocked.add(lane)
                    continue
                answer = web.send(self._request(row, bodies, now), with_body=False)
                if isinstance(answer, Answer) and 200 <= answer.status < 300:
                    sent.delivered += 1
                    changed.append(_delivered(row, self.clock.now()))
                else:
                    blocked.add(lane)
                    sent.trouble = _why(answer)
                    changed.append(self._failed(row, answer))
                    sent.given_up += changed[-1]["status"] == FAILED
                    if _is_everybodys(answer):
                        changed += _held_back(pending[place + 1 :], changed[-1]["next_attempt_at"])
                        break
                if len(changed) >= _SAVED:
                    save(changed)
                    changed = []
        save(changed)
        return sent

    def _request(self, row: Row, bodies: Bodies, now: dt.datetime) -> Request:
        body, timestamp = bodies.body(row), str(int(now.timestamp()))
        headers = {
            "Content-Type": "application/json",
            DELIVERY: row["delivery_id"],
            EVENT: row["kind"],
            TIMESTAMP: timestamp,
            SIGNATURE: sign(self.secret, timestamp, body),
        }
        return Request("POST", self.webhook.url, headers, body)

    def _is_too_late(self, row: Row, now: dt.datetime) -> bool:
        """Return whether it has had its time; what was never due has not, however long nobody looked."""
        queued: dt.datetime = row["queued_at"]
        tried = row["attempts"] > 0 or row["next_attempt_at"] > queued
        return tried and now - queued > self.webhook.max_age

    def _failed(self, row: Row, answer: Answer | Failure) -> Row:
        now, attempts = self.clock.now(), row["attempts"] + 1
        backoff = Backoff(self.webhook.first_wait, self.webhook.longest_wait)
        asked = retry_after(answer.headers.get("retry-after"), now) if isinstance(answer, Answer) else None
        wait = backoff.after(
            attempts, self.clock.chance(), None if asked is None else min(asked, _LONGEST_ASKED)
        )
        over = attempts >= self.webhook.max_attempts
        return row | {
            "status": FAILED if over else row["status"],
            "attempts": attempts,
            "last_error": f"the receiver {_why(answer)}",
            "next_attempt_at": None if over else now + wait,
        }


def _delivered(row: Row, now: dt.datetime) -> Row:
    return row | {
        "status": DELIVERED,
        "attempts": row["attempts"] + 1,
        "delivered_at": now,
        "next_attempt_at": None,
        "last_error": None,
    }


def _held_back(rows: Sequence[Row], until: dt.datetime | None) -> list[Row]:
    """Return those that were due sooner than ``until``, due then: a receiver in trouble is left alone."""
    if until is None:
        return []
    return [row | {"next_attempt_at": until} for row in rows if row["next_attempt_at"] < until]


def _given_up(row: Row) -> Row:
    return row | {"status": FAILED, "next_attempt_at": None}


def _why(answer: Answer | Failure) -> str:
    return answer.reason if isinstance(answer, Failure) else f"answered {answer.status}"


def _is_everybodys(answer: Answer | Failure) -> bool:
    """Return whether the next delivery would meet the same: a receiver that is down, or closed to us."""
    return isinstance(answer, Failure) or answer.status in (401, 403, 404, 429) or answer.status >= 500
