"""One erasure: whom and what it reaches is settled first, then table by table, then every old file.

Until it is finished a file beside the tables says whom it is about; killed at any instant, the next
one ends where it would have ended. Nobody writes the lake meanwhile.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from segmentation_pipeline.assignment.runs import follow_runs
from segmentation_pipeline.conflicts.tables import FINDINGS, RELATIONS
from segmentation_pipeline.erasure.coverage import NUMBERED, stored_table, ways
from segmentation_pipeline.erasure.memberships import held, leave_segments
from segmentation_pipeline.erasure.naming import Naming, naming_places
from segmentation_pipeline.erasure.numbered import count_numbered, delete_numbered
from segmentation_pipeline.erasure.pending import Pending, drop_pending, keep_pending, read_pending
from segmentation_pipeline.erasure.reach import Match, Reach, counted, find_reach
from segmentation_pipeline.erasure.records import Cleaned, clean_jobs, clean_records, clean_texts, places
from segmentation_pipeline.erasure.register import Entry, next_id, record_erasure
from segmentation_pipeline.erasure.subject import Subject, find_subject
from segmentation_pipeline.erasure.texts import Mentions
from segmentation_pipeline.index.scratch import PREFIX as SCRATCH
from segmentation_pipeline.index.stored import input_tables, refresh_index
from segmentation_pipeline.ingest.origins.spool import sweep_spool
from segmentation_pipeline.ingest.records import IMPORT_JOBS
from segmentation_pipeline.lake.commit import Commit
from segmentation_pipeline.lake.erasing import (
    DROPPED,
    blank_columns,
    cut_history,
    delete_rows,
    drop_table,
    sweep,
)
from segmentation_pipeline.lake.lock import lake_lock
from segmentation_pipeline.notifications.tables import DELIVERIES
from segmentation_pipeline.segments.tables import MEMBERSHIPS

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterator, Mapping
    from contextlib import AbstractContextManager

    from segmentation_pipeline.catalog.model import Catalog, ObjectType
    from segmentation_pipeline.erasure.coverage import Way
    from segmentation_pipeline.lake.store import DeltaStore
    from segmentation_pipeline.workspace import Workspace

_WORD = Commit({"maintenance": "forget"})
_BLANKED = {
    RELATIONS.name: ("witness", "witness_source"),
    FINDINGS.name: ("witness",),
    DELIVERIES.name: ("summary", "last_error"),
}


@dataclass(frozen=True, slots=True)
class Plan:
    """What an erasure would do: rows by table and action; ``named`` are places of definitions.

    ``unknown`` are tables of which nobody can tell whether they hold anything of it.
    """

    subject: Subject
    reaches: tuple[Reach, ...]
    rows: dict[tuple[str, str], int]
    named: tuple[Naming, ...] = ()
    unknown: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Eraser:
    """The lake of one workspace, and the kind of object to forget in it."""

    workspace: Workspace
    store: DeltaStore
    catalog: Catalog
    kind: ObjectType

    def ways(self) -> dict[str, Way]:
        """Return how every table of the lake is cleaned."""
        return ways(self.store, self.catalog, self.kind)

    def plan(self, asked: str) -> Plan:
        """Return what forgetting a key or an e-mail would do; nothing is written."""
        subject = find_subject(self.store, self.catalog, self.kind, asked)
        return self._plan(subject)

    def forget(
        self, plan: Plan, requested_by: str, now: Callable[[], dt.datetime], wait_seconds: float = 0
    ) -> Entry:
        """Erase, and return the record of it. Raises `LockedError` where another process holds the lake."""
        with self._locked(wait_seconds):
            # Asked again under the lock: since the plan was shown, others may have written.
            plan = self._plan(plan.subject)
            pending = Pending(next_id(self.store), now().isoformat(), requested_by, plan.subject, plan.rows)
            keep_pending(self.store, pending)
            for _ in self.steps(pending):
                pass
            found = record_erasure(self.store, pending, now())
            drop_pending(self.store)
            self._index_again()
        return found

    def finish(self, now: Callable[[], dt.datetime], wait_seconds: float = 0) -> tuple[Entry, Subject] | None:
        """Finish an erasure that was killed; None where there is none."""
        if read_pending(self.store) is None:
            return None
        with self._locked(wait_seconds):
            pending = read_pending(self.store)
            if pending is None:
                return None
            for _ in self.steps(pending):
                pass
            found = record_erasure(self.store, pending, now())
            drop_pending(self.store)
            self._index_again()
        return found, pending.subject

    def steps(self, pending: Pending) -> Iterator[str]:
        """Do what is to be done, and yield what was done, table by table. Needs the lake's lock."""
        record_erasure(self.store, pending, None)
        yield "recorded"
        subject, mentions = pending.subject, Mentions.of(pending.subject)
        present = ways(self.store, self.catalog, self.kind)
        # While the index still has the keys of the members that stay.
        leave_segments(self.store, self.catalog, subject, mentions, pending.erasure_id)
        yield MEMBERSHIPS.name
        reaches, _ = find_reach(self.store, self.catalog, subject)
        for reach in (*reversed(reaches), *self._by_column(present, subject)):
            self._reach(reach)
            yield reach.table
        # The history that is cut says of what the days were decided; the table of it stays.
        follow_runs(self.store)
        for name, way in present.items():
            if way == "numbered":
                delete_numbered(self.store, NUMBERED[name], subject, _WORD)
                yield name
            elif way in ("records", "texts"):
                self._clean(name, mentions)
                yield name
        for name, way in present.items():
            if way == "derived":
                drop_table(self.store, name)
            elif way != "nobody":
                # The memberships must go on saying what the last run did.
                cut_history(self.store, name, None if name == MEMBERSHIPS.name else _WORD)
            yield f"history of {name}"
        sweep(self.store, (DROPPED, SCRATCH))
        sweep_spool(self.store)

    def _plan(self, subject: Subject) -> Plan:
        reaches, subject = find_reach(self.store, self.catalog, subject)
        mentions = Mentions.of(subject)
        present = ways(self.store, self.catalog, self.kind)
        rows: dict[tuple[str, str], int] = {}
        for reach in (*reaches, *self._by_column(present, subject)):
            place = (reach.table, reach.action)
            rows[place] = rows.get(place, 0) + counted(self.store, reach)
        rows[MEMBERSHIPS.name, "leave"] = sum(held(self.store, subject).values())
        for name, way in present.items():
            if way == "records":
                rows[name, "clean"] = self._cleaned(name, mentions).count
            elif way == "texts":
                rows[name, "clean"] = self._count_texts(name, mentions)
            elif way == "numbered":
                rows[name, "clean"] = count_numbered(self.store, NUMBERED[name], subject)
        return Plan(
            subject,
            tuple(reaches),
            {place: count for place, count in rows.items() if count},
            tuple(naming_places(self.workspace, mentions, self.kind.key)),
            tuple(name for name, way in present.items() if way == "unknown"),
        )

    def _locked(self, wait_seconds: float) -> AbstractContextManager[None]:
        return lake_lock(self.store.root.folder, "forget", wait_seconds)

    def _by_column(self, present: Mapping[str, Way], subject: Subject) -> list[Reach]:
        """Return what tables that the catalog does not know hold under the key's own name."""
        mine = (Match(self.kind.key, subject.keys),)
        return [Reach(name, "delete", mine) for name, way in present.items() if way == "column"]

    def _reach(self, reach: Reach) -> None:
        table = stored_table(self.store, reach.table)
        if not counted(self.store, reach):
            return
        if reach.action == "delete":
            delete_rows(self.store, table, reach.sql(), _WORD)
        else:
            blank_columns(self.store, table, reach.sql(), reach.blanked, _WORD)

    def _cleaned(self, name: str, mentions: Mentions) -> Cleaned:
        if name != IMPORT_JOBS.name:
            return clean_records(self.store, self.catalog, stored_table(self.store, name), mentions)
        gone: set[tuple[str, str]] = set()
        for other, way in ways(self.store, self.catalog, self.kind).items():
            if way == "records" and other != IMPORT_JOBS.name:
                kept = self._cleaned(other, mentions)
                gone |= places(self.store, kept.table, kept.rows)
        return clean_jobs(self.store, mentions, gone)

    def _clean(self, name: str, mentions: Mentions) -> None:
        if name in _BLANKED:
            table = stored_table(self.store, name)
            clean_texts(self.store, table, mentions, _BLANKED[name]).write(self.store)
        else:
            self._cleaned(name, mentions).write(self.store)

    def _count_texts(self, name: str, mentions: Mentions) -> int:
        table = stored_table(self.store, name)
        return clean_texts(self.store, table, mentions, _BLANKED[name]).count

    def _index_again(self) -> None:
        """Build again what was dropped: it is what the last run saw, less the subject."""
        inputs = self.store.snapshot(input_tables(self.catalog))
        if inputs.versions:
            refresh_index(self.store, self.catalog, inputs)
