"""Asking an HTTP provider about one contact: again where it may help, and never believing it blindly."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from segmentation_pipeline.enrichment.answers import (
    Failed,
    Known,
    Later,
    NothingKnown,
    Refused,
    at,
    is_nothing,
    read_answer,
    values_at,
)
from segmentation_pipeline.enrichment.declarations import PLACEHOLDER
from segmentation_pipeline.partners.environment import with_secrets
from segmentation_pipeline.partners.exchange import Answer, Failure, Limits, Request
from segmentation_pipeline.partners.waiting import Backoff, Pace, retry_after

if TYPE_CHECKING:
    from collections.abc import Mapping

    from segmentation_pipeline.enrichment.answers import Outcome
    from segmentation_pipeline.enrichment.declarations import HttpProvider
    from segmentation_pipeline.partners.exchange import Exchange
    from segmentation_pipeline.partners.waiting import Clock

_PASSING = frozenset({408, 425, 429})
_REFUSED = frozenset({401, 402, 403, 407})


def limits(provider: HttpProvider) -> Limits:
    return Limits(
        provider.connect_timeout.total_seconds(), provider.timeout.total_seconds(), provider.max_body
    )


@dataclass(frozen=True, slots=True)
class Asked:
    """What became of asking about one contact, and how many requests it took."""

    outcome: Outcome
    attempts: int


class Asking:
    """One provider under way: its connection, its pace, its secrets."""

    def __init__(
        self, name: str, provider: HttpProvider, web: Exchange, env: Mapping[str, str], clock: Clock
    ) -> None:
        self._provider = provider
        self._web = web
        self._clock = clock
        self._pace = Pace(provider.rate, clock)
        self._backoff = Backoff(provider.first_wait, provider.longest_wait)
        where = f"enrichment provider `{name}`"
        self._headers = {key: with_secrets(text, env, where) for key, text in provider.headers.items()}
        self._query = {key: with_secrets(text, env, where) for key, text in provider.query.items()}
        self._body = (
            None
            if provider.body is None
            else {key: with_secrets(text, env, where) for key, text in provider.body.items()}
        )

    def ask(self, contact: Mapping[str, str | None]) -> Asked:
        """Return what the provider says of a contact, given as texts by field."""
        missing = [name for name in self._provider.asks_with if not contact.get(name)]
        if missing:
            named = " and ".join(f"`{name}`" for name in missing)
            return Asked(Failed(f"the contact has no {named} to ask with"), 0)
        request = self._request(contact)
        for attempt in range(1, self._provider.attempts + 1):
            self._pace.wait()
            answer = self._web.send(request)
            if not _is_passing(answer):
                return Asked(self._judged(answer, contact), attempt)
            wait = self._backoff.after(attempt, self._clock.chance(), self._asked_for(answer))
            if wait > self._provider.longest_wait:
                seconds = wait.total_seconds()
                return Asked(Later(f"asks to wait {seconds:,.0f} s", wait), attempt)
            if attempt < self._provider.attempts:
                self._clock.sleep(wait.total_seconds())
        return Asked(Failed(_why(answer), passing=True), self._provider.attempts)

    def _request(self, contact: Mapping[str, str | None]) -> Request:
        provider = self._provider
        url = _filled(provider.url, {name: quote(value or "", safe="") for name, value in contact.items()})
        if self._query:
            more = urlencode({key: _filled(text, contact) for key, text in self._query.items()})
            url += ("&" if "?" in url else "?") + more
        headers = {"Accept": "application/json", **self._headers}
        body = None
        if self._body is not None:
            body = json.dumps({key: _filled(text, contact) for key, text in self._body.items()}).encode()
            headers.setdefault("Content-Type", "application/json")
        return Request(provider.method, url, headers, body)

    def _asked_for(self, answer: Answer | Failure) -> Any:
        if isinstance(answer, Failure):
            return None
        return retry_after(answer.headers.get("retry-after"), self._clock.now())

    def _judged(self, answer: Answer | Failure, contact: Mapping[str, str | None]) -> Outcome:
        provider = self._provider
        if isinstance(answer, Failure):
            return Failed(answer.reason)
        if answer.status in provider.not_found.status:
            return NothingKnown()
        if answer.status in _REFUSED:
            return Refused(f"answered {answer.status}: it does not accept our key")
        if answer.status == 204:
            return NothingKnown()
        if answer.status != 200:
            return Failed(f"answered {answer.status}")
        said = read_answer(answer.body, answer.headers.get("content-type", ""))
        if isinstance(said, Failed):
            return said
        if provider.not_found.path is not None and is_nothing(at(said, provider.not_found.path)):
            return NothingKnown()
        return self._believed(said, contact)

    def _believed(self, said: Any, contact: Mapping[str, str | None]) -> Outcome:
        about = values_at(said, self._provider.same.values())
        if isinstance(about, Failed):
            return about
        for name, path in self._provider.same.items():
            if _folded(about[path]) != _folded(contact.get(name)):
                return Failed(f"answered about somebody else: `{path}` is not the contact's `{name}`")
        values = values_at(said, self._provider.reads)
        if isinstance(values, Failed):
            return values
        if not any(values.values()):
            return Failed("answered with none of the fields it is read for")
        return Known(values)


def _is_passing(answer: Answer | Failure) -> bool:
    """Return whether asking again may help."""
    if isinstance(answer, Failure):
        return answer.passing
    return answer.status in _PASSING or answer.status >= 500


def _why(answer: Answer | Failure) -> str:
    return answer.reason if isinstance(answer, Failure) else f"answered {answer.status}"


def _filled(text: str, values: Mapping[str, str | None]) -> str:
    return PLACEHOLDER.sub(lambda found: values.get(found[1]) or "", text)


def _folded(value: str | None) -> str | None:
    return None if value is None else value.strip().casefold()
