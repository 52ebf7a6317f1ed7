"""What publishing costs: members drawn at random, written and followed as a run does, and compared by joins.

``python -m benchmarks.work.publishing --contacts 1e6 --segments 100`` prints one JSON list. Each step runs in
a process of its own, so that its peak of memory is its own.
"""

from __future__ import annotations

import argparse
import dataclasses
import datetime as dt
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from benchmarks.measure import measured
from segmentation_pipeline.catalog.reading import load_catalog
from segmentation_pipeline.evaluation.evaluate import Evaluation
from segmentation_pipeline.index.build import Index
from segmentation_pipeline.lake.reading import Snapshot
from segmentation_pipeline.lake.store import Commit, DeltaStore
from segmentation_pipeline.rules.definitions import load_definitions
from segmentation_pipeline.segments.basis import Basis
from segmentation_pipeline.segments.changes import Change, find_changes, membership_rows
from segmentation_pipeline.segments.followers import catch_up
from segmentation_pipeline.segments.published import SEGMENT, read_published
from segmentation_pipeline.segments.record import RunRecord, SegmentState
from segmentation_pipeline.segments.tables import MEMBERSHIPS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from segmentation_pipeline.rules.segment import Definitions

STEPS = ("first", "unchanged", "xor", "joins", "flipped")
"""In this order: ``xor`` and ``joins`` only compare the members that ``flipped`` then publishes.

They compare in memory, as masks and as rows; ``unchanged`` reads what is published and compares it.
"""
CATALOG = """
objects: {contact: {table: contacts, key: contact_id, fields: {contact_id: {type: text, required: true}}}}
"""
FLIPPED = 0.005
"""The share of contacts that change sides in every segment."""
_AT = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


def measure_publishing(
    contacts: int, segments: int, folder: Path, *, followed: bool = True
) -> list[dict[str, Any]]:
    """Return a row a step: changes of members, wall and CPU seconds, and the peak of memory in MB.

    ``followed`` publishes transitions, the registry and the members with their keys as well. ``folder``
    is empty, and holds the lake afterwards.
    """
    found = []
    for step in STEPS:
        command = [
            sys.executable,
            "-m",
            "benchmarks.work.publishing",
            "--step",
            step,
            "--folder",
            str(folder),
        ]
        command += ["--folder", str(folder), "--contacts", str(contacts), "--segments", str(segments)]
        command += ["--followed"] if followed else []
        done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603 — our own module
        found += json.loads(done.stdout)
    return found


def take(step: str, contacts: int, segments: int, folder: Path, *, followed: bool) -> dict[str, Any]:
    """Take one step in this process and return what it cost, the drawing of the members left out."""
    definitions = _definitions(folder, segments)
    store = DeltaStore(folder / "lake")
    flipped = step not in ("first", "unchanged")
    masks = {
        name: _members(number, contacts, flipped=flipped) for number, name in enumerate(definitions.segments)
    }
    evaluation = Evaluation(Index({}, {}), definitions, masks, {}, {}, {}, {})

    work = _work(step, store, evaluation, followed=followed)
    changed, usage = measured(work)
    sizes = {
        "contacts": contacts,
        "segments": segments,
        "memberships": sum(int(m.sum()) for m in masks.values()),
    }
    return {"step": step, **sizes, "changed": changed, **dataclasses.asdict(usage)}


def _work(step: str, store: DeltaStore, evaluation: Evaluation, *, followed: bool) -> Callable[[], int]:
    if step == "joins":
        return _joins(store, evaluation)
    basis = _basis(store, evaluation.definitions)
    if step == "xor":
        held = {name: basis.memberships.mask(name, mask.len()) for name, mask in evaluation.masks.items()}
        return lambda: sum(int((mask ^ held[name]).sum()) for name, mask in evaluation.masks.items())

    def publish() -> int:
        changes = find_changes(basis, evaluation, [], full=False)
        _commit(basis, evaluation, changes)
        if followed:
            contacts = next(iter(evaluation.masks.values())).len()
            catch_up(store, lambda _: _keys(contacts))
        return sum(change.entered + change.exited for change in changes.values())

    return publish


def _definitions(folder: Path, segments: int) -> Definitions:
    made = folder / "definitions"
    if not made.exists():
        (made / "segments").mkdir(parents=True)
        (made / "catalog.yaml").write_text(CATALOG)
        for number in range(segments):
            name = f"s{number:04}"
            (made / "segments" / f"{name}.yaml").write_text(f"segment: {name}\nwhere: {{everyone: true}}\n")
    return load_definitions(made, load_catalog(made / "catalog.yaml"))


def _members(number: int, contacts: int, *, flipped: bool) -> pl.Series:
    """Draw a segment's members: from none to half of all, 27 % on average."""
    chance = np.random.default_rng(number)
    member = chance.random(contacts, dtype=np.float32) < 0.54 * (number % 100 + 1) / 100
    if flipped:
        member ^= chance.random(contacts, dtype=np.float32) < FLIPPED
    return pl.Series(member)


def _basis(store: DeltaStore, definitions: Definitions) -> Basis:
    published = read_published(store)
    sizes = published.memberships.sizes()
    return Basis(store, definitions, Snapshot(store.root, {}), {}, {}, published, sizes, _AT)


def _commit(basis: Basis, evaluation: Evaluation, changes: Mapping[str, Change]) -> None:
    record = RunRecord(
        run_id=basis.run_id,
        number=basis.number,
        as_of=basis.as_of,
        inputs={},
        input_rows={},
        setting=basis.setting,
        segments={name: SegmentState(status="fresh") for name in evaluation.masks},
        changed=tuple(changes),
    )
    rows = ((name, membership_rows(basis, evaluation, name)) for name in changes)
    basis.store.replace_slices(MEMBERSHIPS, SEGMENT, record.changed, rows, Commit(record.metadata()))


def _keys(contacts: int) -> pl.LazyFrame:
    """Return keys of 36 characters, as UUIDs have."""
    number = pl.int_range(contacts, dtype=pl.Int64)
    key = pl.format("00000000-0000-4000-8000-{}", number.cast(pl.String).str.zfill(12))
    return pl.select(number.alias("object_index"), key.alias("object_key")).lazy()


def _joins(store: DeltaStore, evaluation: Evaluation) -> Callable[[], int]:
    """Return what compares all members with the published ones by an anti-join either way."""
    kind = pl.Enum(list(evaluation.masks))
    new = pl.concat(
        ids.to_frame().with_columns(pl.lit(name, dtype=kind).alias(SEGMENT))
        for name, ids in evaluation.members.items()
    )
    published = store.scan(MEMBERSHIPS.name).select("object_index", pl.col(SEGMENT).cast(kind))
    old = published.collect()
    pair = ["object_index", SEGMENT]

    def compare() -> int:
        entered = new.lazy().join(old.lazy(), on=pair, how="anti")
        exited = old.lazy().join(new.lazy(), on=pair, how="anti")
        return sum(
            int(rows.select(pl.len()).collect(engine="streaming").item()) for rows in (entered, exited)
        )

    return compare


def _main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.work.publishing", description=__doc__)
    parser.add_argument("--contacts", type=lambda text: int(float(text)), default=1_000_000)
    parser.add_argument("--segments", type=int, default=100)
    parser.add_argument("--followed", action="store_true", help="publish what follows the memberships too")
    parser.add_argument("--step", choices=STEPS, help="take one step in the folder, in this process")
    parser.add_argument("--folder", type=Path)
    asked = parser.parse_args()
    sizes = (asked.contacts, asked.segments)
    if asked.step is not None and asked.folder is not None:
        found = [take(asked.step, *sizes, asked.folder, followed=asked.followed)]
    else:
        with tempfile.TemporaryDirectory() as folder:
            found = measure_publishing(*sizes, asked.folder or Path(folder), followed=asked.followed)
    sys.stdout.write(json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    _main()
