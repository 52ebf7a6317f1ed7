"""What looking for conflicts costs: all pairs of many segments, proved and counted.

`python -m benchmarks conflicts` measures each in a process of its own.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from rich.console import Console
from rich.table import Table

from benchmarks.data.dataset import AS_OF, CATALOG, DEFAULT_FOLDER, read_catalog
from benchmarks.data.segments import documents
from benchmarks.measure import Usage, measured
from segmentation_pipeline.conflicts.observed.bits import count_pairs, read_bits
from segmentation_pipeline.conflicts.proofs.proof import prove
from segmentation_pipeline.conflicts.proofs.relations import relate
from segmentation_pipeline.documents import read_documents
from segmentation_pipeline.lake.store import DeltaStore
from segmentation_pipeline.rules.definition import Setting
from segmentation_pipeline.rules.definitions import read_local
from segmentation_pipeline.segments.published import Memberships
from segmentation_pipeline.segments.tables import MEMBERSHIPS

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

SEED = 7
_MEAN_SHARE = 0.035
"""Of all contacts, that many are in a segment on average; the sizes are exponential."""


@dataclass(frozen=True, slots=True)
class Measured:
    """One piece of work: what it was done on, what came out, and what it cost."""

    work: str
    size: str
    result: str
    usage: Usage


def pairs(segments: int) -> Measured:
    """Prove how every two of generated segments relate, both implications included."""
    setting = Setting(read_catalog())
    nodes = {name: read_documents(text, CATALOG.name)[0] for name, text in documents(segments).items()}
    definitions = read_local(nodes, setting, 0)
    found, usage = measured(lambda: relate(prove(definitions, AS_OF)))
    numbers: dict[str, int] = {}
    for relation in found:
        numbers[relation.relation] = numbers.get(relation.relation, 0) + 1
    said = ", ".join(f"{number:,} {name}" for name, number in sorted(numbers.items()))
    return Measured("pairs proved", f"{segments} segments", said, usage)


def overlaps(contacts: int, segments: int, folder: Path) -> Measured:
    """Read published members from a lake and count what every two segments share."""
    store = DeltaStore(lake_of_members(contacts, segments, folder).absolute())
    names = _names(segments)

    def count() -> int:
        rows = read_bits(Memberships.of(store.snapshot([MEMBERSHIPS.name])), names)
        return int(np.triu(count_pairs(list(rows.values())), 1).sum())

    shared, usage = measured(count)
    size = f"{segments} segments of {contacts:,} contacts"
    return Measured("overlaps counted", size, f"{shared:,} members shared", usage)


def lake_of_members(contacts: int, segments: int, folder: Path) -> Path:
    """Return a lake with random members, written once; they are those of `SEED`."""
    lake = folder / f"members-{contacts}x{segments}-{SEED}"
    store = DeltaStore(lake.absolute())
    if not store.exists(MEMBERSHIPS.name):
        slices = ((name, iter([rows])) for name, rows in _members(contacts, segments))
        store.replace_slices(MEMBERSHIPS, "segment_id", _names(segments), slices)
    return lake


def _members(contacts: int, segments: int) -> Iterator[tuple[str, pl.DataFrame]]:
    random = np.random.default_rng(SEED)
    shares = np.clip(random.exponential(_MEAN_SHARE, segments), 0.001, 0.6)
    for name, share in zip(_names(segments), shares, strict=True):
        ids = np.flatnonzero(random.random(contacts, dtype=np.float32) < share)
        yield (
            name,
            pl.DataFrame({"object_index": ids}).with_columns(
                pl.lit(AS_OF, dtype=pl.Datetime("us", "UTC")).alias("added_at"),
                pl.lit("rule_match").alias("added_via"),
            ),
        )


def _names(segments: int) -> list[str]:
    return [f"segment_{number:04d}" for number in range(segments)]


def add_command(parser: argparse.ArgumentParser) -> None:
    """Add the options, and what runs with them."""
    parser.add_argument("--contacts", type=_whole, default=10_000_000, help="of the overlaps")
    parser.add_argument("--segments", type=_whole, default=300, help="of the overlaps")
    parser.add_argument("--pairs", type=_whole, default=500, help="segments of which all pairs are proved")
    parser.add_argument("--folder", type=Path, default=DEFAULT_FOLDER)
    parser.set_defaults(run=_run)


def _run(chosen: argparse.Namespace) -> None:
    lake_of_members(chosen.contacts, chosen.segments, chosen.folder)
    done = [
        _apart("pairs", chosen.pairs),
        _apart("overlaps", chosen.contacts, chosen.segments, str(chosen.folder)),
    ]
    table = Table("work", "on", "found", "CPU s", "wall s", "peak MB", title=f"{dt.date.today():%Y-%m-%d}")  # noqa: DTZ011 — a heading
    for one in done:
        cost = one.usage
        table.add_row(
            one.work, one.size, one.result, f"{cost.cpu_s:.1f}", f"{cost.wall_s:.1f}", f"{cost.peak_mb:.0f}"
        )
    Console(width=max(Console().width, 120)).print(table)


def _apart(work: str, *arguments: int | str) -> Measured:
    """Do one piece of work in a process of its own, so that the peak memory is its own."""
    command = [sys.executable, "-m", "benchmarks.work.conflicts", json.dumps([work, *arguments])]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)  # noqa: S603 — this very module
    said = json.loads(done.stdout)
    return Measured(**{**said, "usage": Usage(**said["usage"])})


def _whole(text: str) -> int:
    return int(float(text))


if __name__ == "__main__":
    work, *given = json.loads(sys.argv[1])
    result = pairs(*given) if work == "pairs" else overlaps(given[0], given[1], Path(given[2]))
    print(json.dumps(dataclasses.asdict(result)))
