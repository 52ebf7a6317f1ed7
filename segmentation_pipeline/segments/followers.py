"""The tables that follow `segment_memberships`: pure functions of two of its versions and a run's record.

Each remembers, in a Delta application transaction, the version it has followed to. A run killed
between its commit and here is caught up by the next one: no transition is lost, none doubled.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from segmentation_pipeline.errors import RunFailed
from segmentation_pipeline.evaluation.profile import UNWATCHED
from segmentation_pipeline.lake.store import Commit
from segmentation_pipeline.segments.documents import read_documents
from segmentation_pipeline.segments.keyed_members import keyed_rows
from segmentation_pipeline.segments.published import SEGMENT, read_published, read_record
from segmentation_pipeline.segments.registry import registry_rows, suppressions
from segmentation_pipeline.segments.tables import MEMBERS, MEMBERSHIPS, SEGMENTS, TRANSITIONS
from segmentation_pipeline.segments.transitions import transition_rows

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from segmentation_pipeline.evaluation.profile import Watch
    from segmentation_pipeline.lake.store import DeltaStore
    from segmentation_pipeline.lake.tables import Table
    from segmentation_pipeline.segments.keyed_members import Keys
    from segmentation_pipeline.segments.published import Published
    from segmentation_pipeline.segments.record import RunRecord

_APP = MEMBERSHIPS.name


@dataclass(frozen=True, slots=True)
class Step:
    """One version of the memberships and the record of the run that made it."""

    version: int
    record: RunRecord

    @property
    def commit(self) -> Commit:
        return Commit({"run_id": self.record.run_id}, (_APP, self.version))


def catch_up(store: DeltaStore, keys: Keys, watch: Watch = UNWATCHED) -> None:
    """Bring every follower up to the memberships; one that is missing is made again.

    ``keys`` gives, by object, a frame of ``object_index`` and ``object_key``. Raises `RunFailed`
    where a follower is ahead of the memberships, or their old versions are no longer readable.
    """
    published = read_published(store)
    followed = {
        table.name: _followed(store, table, published.version) for table in (TRANSITIONS, SEGMENTS, MEMBERS)
    }
    if published.record is None:
        return
    last = Step(published.version, published.record)
    for step in _steps(store, followed[TRANSITIONS.name], last):
        with watch.step("publish", "append the transitions"):
            store.append_stream(TRANSITIONS, transition_rows(store, step.version, step.record), step.commit)
    if followed[SEGMENTS.name] < last.version:
        with watch.step("publish", "write the registry"):
            known = _known_counts(store, followed[SEGMENTS.name], last)
            rows = registry_rows(last.record, read_documents(store), published.memberships, known)
            store.replace(SEGMENTS, rows, last.commit)
    if followed[MEMBERS.name] < last.version:
        with watch.step("publish", "write the members with their keys"):
            outdated = _outdated(store, followed[MEMBERS.name], last, published)
            parts = keyed_rows(published.memberships, last.record, outdated, keys)
            store.replace_slices(MEMBERS, SEGMENT, sorted(outdated), parts, last.commit)


def _followed(store: DeltaStore, table: Table, latest: int) -> int:
    """Return the version a table has followed to, -1 for none."""
    version = store.transaction(table.name, _APP)
    if version is not None and version > latest:
        raise RunFailed(
            f"it follows version {version} of `{_APP}`, of which there is no more than version {latest}",
            where=table.name,
            hint=f"put the folder of `{_APP}` back, or begin anew: remove the folders of both",
        )
    return -1 if version is None else version


def _steps(store: DeltaStore, followed: int, last: Step) -> Iterator[Step]:
    """Yield the runs after the version followed to."""
    for version in range(followed + 1, last.version):
        if (record := read_record(store, version)) is not None:
            yield Step(version, record)
    if followed < last.version:
        yield last


def _outdated(store: DeltaStore, followed: int, last: Step, published: Published) -> set[str]:
    """Return the segments whose keyed members must be written again.

    Those whose members changed, and those that are there and should not be, or the reverse: a
    definition may turn `publish` on or off while its members stay.
    """
    states = last.record.segments
    wanted = {name for name in published.memberships.sizes() if name in states and states[name].publish}
    if followed < 0:
        return wanted
    present = set(_slices(store, MEMBERS))
    changed = {name for step in _steps(store, followed, last) for name in step.record.changed}
    return changed | (present ^ wanted)


def _slices(store: DeltaStore, table: Table) -> Collection[str]:
    """Return the segments of which a table has rows."""
    listed = store.snapshot([table.name]).files(table.name).rows_by(SEGMENT)
    if listed is not None:
        return listed
    return set(store.scan(table.name).select(pl.col(SEGMENT).unique()).collect().to_series())


def _known_counts(store: DeltaStore, followed: int, last: Step) -> dict[str, int]:
    """Return, by segment, the suppressed members as the registry has them, where they cannot have changed.

    They can where the segment or one that suppresses changed since, or other segments suppress now.
    """
    before = read_record(store, followed) if followed >= 0 else None
    if before is None:
        return {}
    changed = {name for step in _steps(store, followed, last) for name in step.record.changed}
    suppressing = suppressions(last.record)
    if suppressing != suppressions(before) or changed & {
        name for names in suppressing.values() for name in names
    }:
        return {}
    rows = store.scan(SEGMENTS.name).select(SEGMENT, "suppressed").collect()
    return {name: count for name, count in rows.iter_rows() if name not in changed}
