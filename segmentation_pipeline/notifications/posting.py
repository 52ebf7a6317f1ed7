"""What a run published becomes deliveries: a pure function of its record and its transitions.

Each webhook remembers, in a Delta application transaction of the outbox, the version of the memberships
up to which it has deliveries. A run killed between its commit and here is made up for by the next look:
no delivery is lost, none is made twice. A webhook that is new begins with the latest run.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

import polars as pl

from segmentation_pipeline.catalog.contracts import OBJECT_INDEX
from segmentation_pipeline.errors import LakeError
from segmentation_pipeline.lake.store import Commit
from segmentation_pipeline.notifications.outbox import PENDING
from segmentation_pipeline.notifications.tables import DELIVERIES
from segmentation_pipeline.partners.webhooks import has_personal_key
from segmentation_pipeline.segments.published import SEGMENT, memberships_at, read_published, read_record
from segmentation_pipeline.segments.tables import CHANGE, MEMBERSHIPS, TRANSITIONS

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator, Mapping

    from segmentation_pipeline.catalog.model import Catalog
    from segmentation_pipeline.lake.store import DeltaStore
    from segmentation_pipeline.partners.webhooks import Kind, Webhook
    from segmentation_pipeline.segments.record import RunRecord

CHANGES: dict[Kind, str] = {"segment_left": "exited", "segment_entered": "entered"}


def post(
    store: DeltaStore, catalog: Catalog, webhooks: Mapping[str, Webhook], now: dt.datetime
) -> dict[str, int]:
    """Put what was published since the last look into the outbox; return how many deliveries, by webhook.

    Needs the lake's lock.
    """
    posted = dict.fromkeys(webhooks, 0)
    last = _told(store)
    if last < 0:
        return posted
    known: dict[int, _Version] = {}
    for name, webhook in webhooks.items():
        after = store.transaction(DELIVERIES.name, _app(name))
        for version in _versions(store, last - 1 if after is None else after, last):
            if version not in known:
                known[version] = _Version(store, version)
            frame = _deliveries(known[version], name, webhook, catalog, now)
            store.append(DELIVERIES, frame, Commit({"webhook": name}, (_app(name), version)))
            posted[name] += frame.height
    return posted


class _Version:
    """One run: its record, and who moved, read once for all webhooks."""

    def __init__(self, store: DeltaStore, version: int) -> None:
        record = read_record(store, version)
        if record is None:
            raise LakeError(f"version {version} was made by no run", where=MEMBERSHIPS.name)
        self.number = version
        self.record: RunRecord = record
        self.identity = store.snapshot([MEMBERSHIPS.name]).identity(MEMBERSHIPS.name)
        self.sizes = memberships_at(store, version).sizes()
        names = pl.Enum(sorted(record.changed))
        moved = store.scan(TRANSITIONS.name).filter(pl.col("run_id") == record.run_id)
        self.moved = (
            moved.filter(pl.col(SEGMENT).is_in(list(record.changed)))
            .select(pl.col(SEGMENT).cast(names), pl.col("change").cast(CHANGE), OBJECT_INDEX)
            .sort(SEGMENT, "change", OBJECT_INDEX)
            .collect()
        )

    def counts(self) -> dict[tuple[str, str], int]:
        """Return how many moved, by segment and change."""
        found = self.moved.group_by(SEGMENT, "change").agg(pl.len().cast(pl.Int64))
        return {(segment, change): count for segment, change, count in found.iter_rows()}


def _told(store: DeltaStore) -> int:
    """Return the latest version of the memberships whose transitions are written, -1 for none."""
    published = read_published(store)
    if published.record is None:
        return -1
    followed = store.transaction(TRANSITIONS.name, MEMBERSHIPS.name)
    return -1 if followed is None else min(followed, published.version)


def _versions(store: DeltaStore, after: int, last: int) -> list[int]:
    """Return the versions that runs made, those after ``after``, ascending.

    A log forgets what is some weeks old: who comes back after that begins with what it remembers.
    """
    found: list[int] = []
    for version in range(last, after, -1):
        try:
            if read_record(store, version) is not None:
                found.append(version)
        except LakeError:
            break
    return found[::-1]


def _deliveries(
    version: _Version, name: str, webhook: Webhook, catalog: Catalog, now: dt.datetime
) -> pl.DataFrame:
    rows = []
    for position, told in enumerate(_parts(version, webhook, catalog)):
        said = (
            version.identity,
            name,
            version.number,
            *(told[key] for key in sorted(told) if key != "summary"),
        )
        rows.append(
            {
                "delivery_id": hashlib.sha256(repr(said).encode()).hexdigest()[:32],
                "webhook": name,
                "run_id": version.record.run_id,
                "as_of": version.record.as_of,
                **told,
                "version": version.number,
                "position": position,
                "status": PENDING,
                "attempts": 0,
                "queued_at": now,
                "next_attempt_at": now,
            }
        )
    complete = [{column: row.get(column) for column in DELIVERIES.schema} for row in rows]
    return pl.DataFrame(complete, schema=DELIVERIES.schema)


def _parts(version: _Version, webhook: Webhook, catalog: Catalog) -> Iterator[dict[str, Any]]:
    """Yield who left and who entered, segment by segment in batches, then the end of the run."""
    record = version.record
    for segment in sorted(record.changed):
        kind = record.segments[segment].object if segment in record.segments else "contact"
        if has_personal_key(catalog, kind):
            continue
        for event, change in CHANGES.items():
            if not webhook.wants(event, segment):
                continue
            mine = version.moved.filter((pl.col(SEGMENT) == segment) & (pl.col("change") == change))
            for batch in mine.get_column(OBJECT_INDEX).to_frame().iter_slices(webhook.batch_size):
                ids = batch.get_column(OBJECT_INDEX)
                yield {
                    "kind": event,
                    "segment_id": segment,
                    "object": kind,
                    "first_object": int(ids[0]),
                    "last_object": int(ids[-1]),
                    "changes": len(ids),
                }
    if webhook.wants("run_finished"):
        yield {"kind": "run_finished", "changes": 0, "summary": json.dumps(_summary(version, webhook))}


def _summary(version: _Version, webhook: Webhook) -> list[dict[str, Any]]:
    counts = version.counts()
    return [
        {
            "segment": name,
            "status": state.status,
            "size": version.sizes.get(name, 0),
            "entered": counts.get((name, "entered"), 0),
            "left": counts.get((name, "exited"), 0),
        }
        for name, state in sorted(version.record.segments.items())
        if webhook.wants("run_finished", name)
    ]


def _app(name: str) -> str:
    return f"webhook {name}"
