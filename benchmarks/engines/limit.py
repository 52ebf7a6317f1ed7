"""No engine but a bound: read exactly the columns and events that the segments need, write the output.

What is written are the members that the project's own engine found before; nothing is computed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from benchmarks.engines.segmentation import index_beside
from benchmarks.membership_rows import read_members, read_tallies, write_memberships
from benchmarks.naive.coded_layout import CodedLayout
from benchmarks.needed import needed
from segmentation_pipeline.catalog.contracts import OBJECT_INDEX
from segmentation_pipeline.index.coding import BUCKET, BUCKET_COLUMN
from segmentation_pipeline.rules.clock import Clock, to_micros

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping
    from pathlib import Path

    from benchmarks.data.dataset import Dataset
    from benchmarks.peer import Tally
    from segmentation_pipeline.index.coding import Coded
    from segmentation_pipeline.rules.segment import Definitions

_members: dict[int, pl.Series] = {}


def prepare(data: Dataset, workspace: Path) -> None:
    """Do nothing: it reads the index that the project's own engine reads."""


def before(definitions: Definitions, workspace: Path, reference: Path) -> None:
    """Take the members to write from what the project's own engine wrote."""
    _members.update(read_members(reference))


def run(data: Dataset, definitions: Definitions, as_of: dt.datetime, workspace: Path, output: Path) -> None:
    """Read bucket by bucket and type by type, let go of it, and write."""
    index = index_beside(workspace)
    clock = Clock(to_micros(as_of), "UTC")
    contacts, activities = index.stored("contact"), index.stored("activities")
    layout = CodedLayout(contacts, activities, clock)
    reads = needed(definitions, clock)
    for bucket in range(-(-data.contacts // BUCKET)):
        _in_bucket(contacts, bucket).select(_stored(contacts, reads.contact)).collect(engine="streaming")
        for kind, events in reads.activities.items():
            rows = _in_bucket(activities, bucket).filter(
                layout.has_type((kind,)), layout.happened(events.since, clock.as_of + 1)
            )
            rows.select(_stored(activities, {OBJECT_INDEX, "occurred_at", *events.columns})).collect(
                engine="streaming"
            )
    write_memberships(output, sorted(_members.items()))


def tally(definitions: Definitions, workspace: Path, output: Path) -> Mapping[str, Tally]:
    return read_tallies(output, definitions)


def _in_bucket(stored: Coded, bucket: int) -> pl.LazyFrame:
    if BUCKET_COLUMN in stored.rows.collect_schema():
        return stored.rows.filter(pl.col(BUCKET_COLUMN) == bucket)
    first = bucket * BUCKET
    return stored.rows.filter(pl.col(OBJECT_INDEX).is_between(first, first + BUCKET - 1))


def _stored(stored: Coded, names: set[str]) -> list[str]:
    """Return the columns in which fields are stored."""
    codings = stored.codings
    return sorted(
        column for name in names for column in (codings[name].columns(name) if name in codings else (name,))
    )
