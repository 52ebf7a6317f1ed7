"""Working the queue: claim, ask without holding the lake, keep the answers, apply them.

An answer is kept in the queue before it is applied, so a process killed at any instant leaves either a
contact that will be asked about again or an answer that will be applied: the request is made at least
once, its effect happens exactly once.
"""

from __future__ import annotations

import json
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import polars as pl

from segmentation_pipeline.enrichment import queue
from segmentation_pipeline.enrichment.answers import Failed, Known, Later, NothingKnown, Refused
from segmentation_pipeline.enrichment.applying import GONE, Applying
from segmentation_pipeline.enrichment.asking import Asked, Asking, limits
from segmentation_pipeline.enrichment.declarations import HttpProvider
from segmentation_pipeline.enrichment.manual import look_up
from segmentation_pipeline.enrichment.providers import contact_target
from segmentation_pipeline.ingest.text import as_text
from segmentation_pipeline.lake.lock import lake_lock
from segmentation_pipeline.partners.exchange import Exchange

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterator, Mapping
    from contextlib import AbstractContextManager

    from segmentation_pipeline.catalog.model import Catalog
    from segmentation_pipeline.enrichment.providers import NamedProvider
    from segmentation_pipeline.ingest.targets import Target
    from segmentation_pipeline.lake.store import DeltaStore
    from segmentation_pipeline.partners.waiting import Clock

LOCK = ".enrichment.lock"
"""One process works the queue of a lake at a time; its tables stay free while it waits for answers."""
SAVED = 25
"""So many answers are kept by one commit: no more are asked for again after a kill."""
APPLIED = 500
_IN_A_ROW = 5
_ALONE_SECONDS = 5.0

Contact = dict[str, str | None]


@dataclass(frozen=True, slots=True)
class Worked:
    """What became of one provider's queue: ``stopped`` says why it was left before its end."""

    provider: str
    enriched: int = 0
    not_found: int = 0
    failed: int = 0
    requests: int = 0
    pending: int = 0
    stopped: str | None = None
    refused: bool = False
    reasons: Mapping[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class _Tally:
    counts: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    requests: int = 0
    in_a_row: int = 0
    stopped: str | None = None
    refused: bool = False


class Worker:
    """Works the queue of one provider after the other."""

    def __init__(
        self,
        store: DeltaStore,
        catalog: Catalog,
        *,
        time_zone: str,
        env: Mapping[str, str],
        clock: Clock,
        wait_seconds: float = 600.0,
        progress: Callable[[str, int, int], None] | None = None,
    ) -> None:
        self._store = store
        self._catalog = catalog
        self._target: Target = contact_target(catalog)
        self._time_zone = time_zone
        self._env = env
        self._clock = clock
        self._wait_seconds = wait_seconds
        self._progress = progress

    def work(self, named: NamedProvider, limit: int | None = None) -> Worked:
        """Ask one provider about the contacts that wait, at most ``limit``, and apply what it says.

        Raises:
            LockedError: another process works the queue, or holds the lake for longer than we wait.
            UsageError: a secret is not in the environment.
        """
        tally = _Tally()
        applying = Applying(self._store, self._catalog, self._target, named, self._time_zone)
        with ExitStack() as opened, self._alone():
            ask = self._asking(named, opened)
            with self._lake():
                queue.recover(self._store, named.name)
                self._apply(applying, tally)
            self._ask_all(named, ask, applying, tally, limit)
            with self._lake():
                self._apply(applying, tally)
        waiting = queue.rows(self._store, named.name).filter(pl.col("status") == queue.PENDING).height
        return Worked(
            named.name,
            tally.counts["enriched"],
            tally.counts["not_found"],
            tally.counts["failed"],
            tally.requests,
            waiting,
            tally.stopped,
            tally.refused,
            dict(tally.reasons.most_common()),
        )

    def _ask_all(
        self, named: NamedProvider, ask: _Ask, applying: Applying, tally: _Tally, limit: int | None
    ) -> None:
        asked, kept = 0, 0
        while tally.stopped is None and (limit is None or asked < limit):
            many = SAVED if isinstance(named.provider, HttpProvider) else APPLIED
            with self._lake():
                if kept >= APPLIED:
                    self._apply(applying, tally)
                    kept = 0
                keys = queue.claim(
                    self._store, named.name, many if limit is None else min(many, limit - asked)
                )
                contacts = self._contacts(keys, named)
            if not keys:
                return
            gone = [
                {"contact_id": key, **self._closed(queue.FAILED, error=GONE)}
                for key in keys
                if key not in contacts
            ]
            tally.counts["failed"] += len(gone)
            tally.reasons.update(GONE for _ in gone)
            changes = [*gone, *self._changes(ask(contacts), list(contacts), tally)]
            with self._lake():
                queue.save(self._store, named.name, changes)
            asked += len(keys)
            kept += sum("answer" in change for change in changes)
            if self._progress is not None:
                self._progress(f"{named.name}: {asked:,} contacts", asked, limit or 0)

    def _asking(self, named: NamedProvider, opened: ExitStack) -> _Ask:
        provider = named.provider
        if not isinstance(provider, HttpProvider):
            return lambda contacts: (
                (key, Asked(outcome, 1))
                for key, outcome in look_up(provider, named.definitions, contacts).items()
            )
        web = opened.enter_context(Exchange(provider.url, limits(provider)))
        asking = Asking(named.name, provider, web, self._env, self._clock)
        return lambda contacts: ((key, asking.ask(contact)) for key, contact in contacts.items())

    def _changes(
        self, answers: Iterator[tuple[str, Asked]], keys: list[str], tally: _Tally
    ) -> list[dict[str, Any]]:
        """Return what the queue is to say of claimed contacts; those not asked for wait again."""
        changes: dict[str, dict[str, Any]] = {key: {"status": queue.PENDING} for key in keys}
        for key, asked in answers:
            tally.requests += asked.attempts
            changes[key] = {"attempts": asked.attempts, **self._change(asked, tally)}
            if tally.stopped is not None:
                break
        return [{"contact_id": key, **change} for key, change in changes.items()]

    def _change(self, asked: Asked, tally: _Tally) -> dict[str, Any]:
        passing = isinstance(asked.outcome, Failed) and asked.outcome.passing
        tally.in_a_row = tally.in_a_row + 1 if passing else 0
        match asked.outcome:
            case Known(values=values):
                text = json.dumps(values, ensure_ascii=False)
                return {"answer": text, "answered_at": self._clock.now()}
            case NothingKnown():
                tally.counts["not_found"] += 1
                return self._closed(queue.COMPLETED, outcome="not_found")
            case Failed(reason=reason):
                tally.counts["failed"] += 1
                tally.reasons[reason] += 1
                if tally.in_a_row >= _IN_A_ROW:
                    tally.stopped = f"{tally.in_a_row} contacts in a row met the same trouble: it {reason}"
                return self._closed(queue.FAILED, error=reason)
            case Later(reason=reason):
                tally.stopped = f"it {reason}"
                return {"status": queue.PENDING}
            case Refused(reason=reason):
                tally.stopped, tally.refused = f"it {reason}", True
                return {"status": queue.PENDING}

    def _closed(self, status: str, *, outcome: str | None = None, error: str | None = None) -> dict[str, Any]:
        now: dt.datetime = self._clock.now()
        return {"status": status, "outcome": outcome, "error_message": error, "processed_at": now}

    def _apply(self, applying: Applying, tally: _Tally) -> None:
        results = applying.apply(queue.answered(self._store, applying.named.name))
        queue.save(self._store, applying.named.name, results)
        for result in results:
            tally.counts["enriched" if result["outcome"] else "failed"] += 1
            if result["error_message"]:
                tally.reasons[result["error_message"]] += 1

    def _contacts(self, keys: list[str], named: NamedProvider) -> dict[str, Contact]:
        """Return what a request is made of, by key, in the order of the keys; who is gone is left out."""
        key = self._target.key[0]
        provider = named.provider
        same = provider.same if isinstance(provider, HttpProvider) else {}
        names = tuple(dict.fromkeys((key, *provider.asks_with, *same)))
        if not self._store.exists(self._target.table):
            return {}
        scan = self._store.scan(self._target.table)
        there = [name for name in names if name in scan.collect_schema()]
        found = scan.filter(pl.col(key).is_in(keys)).select(there).collect()
        texts = found.select(as_text(found.get_column(name)).alias(name) for name in there)
        by_key = {row[key]: row for row in texts.iter_rows(named=True)}
        return {one: by_key[one] for one in keys if one in by_key}

    def _alone(self) -> AbstractContextManager[None]:
        return lake_lock(self._store.root.folder, "enrichment", min(self._wait_seconds, _ALONE_SECONDS), LOCK)

    def _lake(self) -> AbstractContextManager[None]:
        return lake_lock(self._store.root.folder, "enrichment", self._wait_seconds)


if TYPE_CHECKING:
    _Ask = Callable[[Mapping[str, Contact]], Iterator[tuple[str, Asked]]]
