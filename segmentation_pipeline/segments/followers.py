"""The tables that follow `segment_memberships`: pure functions of two of its versions and a run's record.

Each remembers, in a Delta application transaction, the version it has followed to. A run killed
between its commit and here is caught up by the next one: no transition is lost, none doubled.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from segmentation_pipeline.lake.store import Commit
from segmentation_pipeline.segments.record import RunRecord
from segmentation_pipeline.segments.registry import registry_rows
from segmentation_pipeline.segments.tables import DEFINITION_VERSIONS, MEMBERS, MEMBERSHIPS, SEGMENTS, TRANSITIONS

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from segmentation_pipeline.lake.store import DeltaStore
    from segmentation_pipeline.lake.tables import Table

    Keys = Callable[[str], pl.LazyFrame]

_APP = MEMBERSHIPS.name


@dataclass(frozen=True, slots=True)
class Step:
    """One version of the memberships, the record of the run that made it, and the version before."""

    version: int
    record: RunRecord


def catch_up(store: DeltaStore, keys: Keys) -> int:
    """Bring every follower up to the latest memberships; return how many versions were followed.

    ``keys`` gives, by object, a frame of ``object_index`` and ``object_key``.
    """
    if not store.exists(MEMBERSHIPS.name):
        return 0
    latest = store.version(MEMBERSHIPS.name)
    behind = {table.name: _followed(store, table) for table in (TRANSITIONS, MEMBERS, SEGMENTS)}
    first = min(behind.values()) + 1
    steps = [step for version in range(first, latest + 1) if (step := _step(store, version)) is not None]
    for step in steps:
        if step.version > behind[TRANSITIONS.name]:
            store.append(TRANSITIONS, _transitions(store, step), _commit(step))
    if not steps:
        return 0
    last = steps[-1]
    if any(step.version > behind[MEMBERS.name] for step in steps):
        changed = {name for step in steps if step.version > behind[MEMBERS.name] for name in step.record.changed}
        rows = _members(store, last, changed, keys)
        store.replace_where(MEMBERS, rows, "segment_id", sorted(changed), _commit(last))
    if last.version > behind[SEGMENTS.name]:
        store.replace(SEGMENTS, _registry(store, last), _commit(last))
    return len(steps)


def last_record(store: DeltaStore) -> RunRecord | None:
    """Return the record of the last published run."""
    if not store.exists(MEMBERSHIPS.name):
        return None
    for version in range(store.version(MEMBERSHIPS.name), -1, -1):
        if (record := RunRecord.of(store.commit_metadata(MEMBERSHIPS.name, version))) is not None:
            return record
    return None


def _followed(store: DeltaStore, table: Table) -> int:
    version = store.transaction(table.name, _APP) if store.exists(table.name) else None
    return -1 if version is None else version


def _step(store: DeltaStore, version: int) -> Step | None:
    record = RunRecord.of(store.commit_metadata(MEMBERSHIPS.name, version))
    return None if record is None else Step(version, record)


def _commit(step: Step) -> Commit:
    return Commit({"run_id": step.record.run_id}, (_APP, step.version))


def memberships_at(store: DeltaStore, version: int, segments: Collection[str]) -> pl.LazyFrame:
    """Return the memberships of some segments at a version; of none before the first."""
    if version < 0:
        return pl.LazyFrame(schema=MEMBERSHIPS.schema)
    return store.scan(MEMBERSHIPS.name, version).filter(pl.col("segment_id").is_in(sorted(segments)))


def _transitions(store: DeltaStore, step: Step) -> pl.DataFrame:
    """Return who entered and who exited between a version and the one before."""
    changed = step.record.changed
    before = memberships_at(store, step.version - 1, changed)
    after = memberships_at(store, step.version, changed)
    pair = ["segment_id", "object_index"]
    entered = after.join(before, on=pair, how="anti").with_columns(change=pl.lit("entered"))
    exited = before.join(after, on=pair, how="anti").with_columns(change=pl.lit("exited"))
    rows = pl.concat([entered, exited]).with_columns(
        at=pl.lit(step.record.as_of, dtype=TRANSITIONS.schema["at"]), run_id=pl.lit(step.record.run_id)
    )
    reasoned = rows.join(_reasons(step.record.reasons), on="segment_id", how="left")
    pinned = rows.select(pair).join(_pins(step.record), on=pair, how="semi").with_columns(kept_out=pl.lit(value=True))
    by_pin = (pl.col("change") == "entered") & (pl.col("added_via") == "pin") | pl.col("kept_out").fill_null(value=False)
    return (
        reasoned.join(pinned, on=pair, how="left")
        .with_columns(reason=pl.when(by_pin).then(pl.lit("pin")).otherwise(pl.col("reason")))
        .select(TRANSITIONS.schema.names())
        .sort("segment_id", "change", "object_index")
        .collect()
    )


def _reasons(reasons: Mapping[str, str]) -> pl.LazyFrame:
    schema = {"segment_id": pl.String, "reason": pl.String}
    return pl.LazyFrame({"segment_id": list(reasons), "reason": list(reasons.values())}, schema=schema)


def _pins(record: RunRecord) -> pl.LazyFrame:
    pairs = [(name, index) for name, kept_out in record.pinned_out.items() for index in kept_out]
    return pl.LazyFrame(pairs, schema={"segment_id": pl.String, "object_index": pl.Int64}, orient="row")


def _members(store: DeltaStore, step: Step, changed: Collection[str], keys: Keys) -> pl.DataFrame:
    """Return the keyed members of the changed segments that are published."""
    documents = _documents(store)
    states = step.record.segments
    by_object: dict[str, list[str]] = {}
    for name in sorted(changed & set(states) if isinstance(changed, set) else set(changed) & set(states)):
        row = documents.get((name, states[name].document))
        if row is not None and row["publish"]:
            by_object.setdefault(row["object"], []).append(name)
    frames = [
        memberships_at(store, step.version, names).join(keys(kind), on="object_index", how="inner")
        for kind, names in sorted(by_object.items())
    ]
    if not frames:
        return pl.DataFrame(schema=MEMBERS.schema)
    return pl.concat(frames).select(MEMBERS.schema.names()).sort("segment_id", "object_index").collect()


def _documents(store: DeltaStore) -> dict[tuple[str, str], dict[str, object]]:
    if not store.exists(DEFINITION_VERSIONS.name):
        return {}
    rows = store.scan(DEFINITION_VERSIONS.name).collect().iter_rows(named=True)
    return {(row["segment_id"], row["document_hash"]): row for row in rows}


def _registry(store: DeltaStore, step: Step) -> pl.DataFrame:
    memberships = store.scan(MEMBERSHIPS.name, step.version).select("segment_id", "object_index")
    return registry_rows(step.record, _documents(store), memberships)
