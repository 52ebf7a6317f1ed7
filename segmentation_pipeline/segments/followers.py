"""The tables that follow `segment_memberships`: pure functions of two of its versions and a run's record.

Each remembers, in a Delta application transaction, the version it has followed to. A run killed
between its commit and here is caught up by the next one: no transition is lost, none doubled.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from segmentation_pipeline.errors import RunFailed
from segmentation_pipeline.lake.store import Commit
from segmentation_pipeline.segments.documents import read_documents
from segmentation_pipeline.segments.published import read_published, read_record
from segmentation_pipeline.segments.registry import registry_rows
from segmentation_pipeline.segments.tables import MEMBERS, MEMBERSHIPS, SEGMENTS, TRANSITIONS

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping

    from segmentation_pipeline.lake.store import DeltaStore
    from segmentation_pipeline.lake.tables import Table
    from segmentation_pipeline.segments.published import Published
    from segmentation_pipeline.segments.record import RunRecord

    Keys = Callable[[str], pl.LazyFrame]

_APP = MEMBERSHIPS.name
_PAIR = ["segment_id", "object_index"]


@dataclass(frozen=True, slots=True)
class Step:
    """One version of the memberships and the record of the run that made it."""

    version: int
    record: RunRecord

    @property
    def commit(self) -> Commit:
        return Commit({"run_id": self.record.run_id}, (_APP, self.version))


def catch_up(store: DeltaStore, keys: Keys) -> None:
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
        store.append(TRANSITIONS, _transitions(store, step), step.commit)
    if followed[SEGMENTS.name] < last.version:
        memberships = published.frame.select(_PAIR)
        rows = registry_rows(last.record, read_documents(store), memberships)
        store.replace(SEGMENTS, rows, last.commit)
    if followed[MEMBERS.name] < last.version:
        outdated = _outdated(store, followed[MEMBERS.name], last, published)
        rows = _members(published, last.record, outdated, keys)
        store.replace_where(MEMBERS, rows, "segment_id", sorted(outdated), last.commit)


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


def _transitions(store: DeltaStore, step: Step) -> pl.DataFrame:
    """Return who entered and who exited between a version and the one before."""
    changed = step.record.changed
    before = _memberships(store, step.version - 1, changed)
    after = _memberships(store, step.version, changed)
    entered = after.join(before, on=_PAIR, how="anti").with_columns(change=pl.lit("entered"))
    exited = before.join(after, on=_PAIR, how="anti").with_columns(change=pl.lit("exited"))
    by_pin = ((pl.col("change") == "entered") & (pl.col("added_via") == "pin")) | pl.col(
        "kept_out"
    ).is_not_null()
    rows = (
        pl.concat([entered, exited])
        .join(_reasons(step.record.reasons), on="segment_id", how="left")
        .join(_pinned_out(step.record), on=_PAIR, how="left")
        .with_columns(
            at=pl.lit(step.record.as_of, dtype=TRANSITIONS.schema["at"]),
            run_id=pl.lit(step.record.run_id),
            reason=pl.when(by_pin).then(pl.lit("pin")).otherwise(pl.col("reason")),
        )
        .select(TRANSITIONS.schema.names())
        .sort("segment_id", "change", "object_index")
    )
    try:
        return rows.collect()
    except (pl.exceptions.PolarsError, OSError) as error:
        raise RunFailed(
            f"versions {step.version - 1} and {step.version} of `{_APP}` are no longer readable: {error}",
            where=TRANSITIONS.name,
            hint=f"put the folders of `{_APP}` and `{TRANSITIONS.name}` back as they were",
        ) from error


def _memberships(store: DeltaStore, version: int, segments: Collection[str]) -> pl.LazyFrame:
    if version < 0:
        return pl.LazyFrame(schema=MEMBERSHIPS.schema)
    return store.scan(MEMBERSHIPS.name, version).filter(pl.col("segment_id").is_in(sorted(segments)))


def _reasons(reasons: Mapping[str, str]) -> pl.LazyFrame:
    schema = {"segment_id": pl.String, "reason": pl.String}
    return pl.LazyFrame({"segment_id": list(reasons), "reason": list(reasons.values())}, schema=schema)


def _pinned_out(record: RunRecord) -> pl.LazyFrame:
    pairs = [(name, index, True) for name, kept_out in record.pinned_out.items() for index in kept_out]
    schema = {"segment_id": pl.String, "object_index": pl.Int64, "kept_out": pl.Boolean}
    return pl.LazyFrame(pairs, schema=schema, orient="row")


def _outdated(store: DeltaStore, followed: int, last: Step, published: Published) -> set[str]:
    """Return the segments whose keyed members must be written again.

    Those whose members changed, and those that are there and should not be, or the reverse: a
    definition may turn `publish` on or off while its members stay.
    """
    states = last.record.segments
    wanted = {name for name in published.sizes() if name in states and states[name].publish}
    if followed < 0:
        return wanted
    present = set(store.scan(MEMBERS.name).select(pl.col("segment_id").unique()).collect().to_series())
    changed = {name for step in _steps(store, followed, last) for name in step.record.changed}
    return changed | (present ^ wanted)


def _members(published: Published, record: RunRecord, segments: Collection[str], keys: Keys) -> pl.DataFrame:
    """Return the keyed members of those segments that are to be published so."""
    by_object: dict[str, list[str]] = {}
    sizes = published.sizes()
    for name in sorted(name for name in segments if name in sizes):
        state = record.segments.get(name)
        if state is not None and state.publish:
            by_object.setdefault(state.object, []).append(name)
    frames = [
        published.frame.filter(pl.col("segment_id").is_in(names)).join(
            keys(kind), on="object_index", how="inner"
        )
        for kind, names in sorted(by_object.items())
    ]
    if not frames:
        return pl.DataFrame(schema=MEMBERS.schema)
    return pl.concat(frames).select(MEMBERS.schema.names()).sort("segment_id", "object_index").collect()
