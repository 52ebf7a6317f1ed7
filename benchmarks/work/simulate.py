"""What a replay costs, and whether it is right: `python -m benchmarks simulate`.

The quarter is replayed as `segmentation simulate` does it, in a process of its own, phase by phase. The
same process then holds what came out against the engine and against an arbiter written down row by row.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table

from benchmarks.data.campaigns import SIMULATION, write_project
from benchmarks.data.dataset import AS_OF, DEFAULT_FOLDER
from benchmarks.data.generate import dataset
from benchmarks.measure import Usage, measured
from benchmarks.phases import Phase, Phases
from benchmarks.report.results import machine
from benchmarks.work.simulate_checks import Witness, check
from segmentation_pipeline.index.stored import input_tables, refresh_index
from segmentation_pipeline.lake.opening import open_lake
from segmentation_pipeline.segments.basis import read_definitions
from segmentation_pipeline.simulation.run import simulate
from segmentation_pipeline.simulation.tables import CLAIMS, SEGMENT_DAYS
from segmentation_pipeline.workspace import open_workspace

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping

    import polars as pl

    from segmentation_pipeline.workspace import Workspace

MEMBERS, DAYS = "members of all past days", "members turned into days"
HISTORY, ARBITER = "real contacts and suppressions", "arbiter"
COUNTS, ROWS, WRITING = "counts of every reason, blockers, pressure", "rows of the tables", "writing"
_PACKAGE = "segmentation_pipeline."
_CALLS = {
    "simulation.replay.prepare:read_past": MEMBERS,
    "simulation.replay.prepare:past_members": MEMBERS,
    "simulation.day_masks.members:PastMembers._masks_of": MEMBERS,
    "simulation.day_masks.members:PastMembers._turn": DAYS,
    "simulation.replay.prepare:contact_history_before": HISTORY,
    "simulation.replay.prepare:suppressed_on": HISTORY,
    "assignment.arbiter:Arbiter.remember": ARBITER,
    "assignment.arbiter:Arbiter.pass_day": ARBITER,
    "assignment.arbiter:Arbiter.decide": ARBITER,
    "simulation.replay.tally:Flows.turn": COUNTS,
    "simulation.replay.tally:PartTally.before": COUNTS,
    "simulation.replay.tally:PartTally.add": COUNTS,
    "simulation.replay.tally:Tally.add_part": COUNTS,
    "simulation.making:_counted": ROWS,
    "simulation.run:keep": WRITING,
}
"""The parts of a run, by the functions that do them; what is left is the walk itself."""
REST = "walking the days, reading definitions"


def add_command(parser: argparse.ArgumentParser) -> None:
    """Add the options, and what runs with them."""
    parser.add_argument("--contacts", type=_whole, default=1_000_000)
    parser.add_argument("--events", type=_whole, help="default: 15 a contact")
    parser.add_argument("--days", type=_whole, default=90)
    parser.add_argument("--segments", type=_whole, default=50)
    parser.add_argument("--samples", type=_whole, default=50, help="contacts decided again row by row")
    parser.add_argument("--folder", type=Path, default=DEFAULT_FOLDER)
    parser.add_argument("--results", type=Path, metavar="FILE", help="keep the figures, with the machine")
    parser.set_defaults(run=_run)


def _run(chosen: argparse.Namespace) -> None:
    data = dataset(chosen.folder, chosen.contacts, chosen.events, say=print)
    project = write_project(data, chosen.segments, chosen.days, chosen.samples)
    _, index = measured(lambda: build_index(workspace_of(project)))
    print(f"index: {index.cpu_s:.1f} CPU s, {index.peak_mb:.0f} MB")
    command = [sys.executable, "-m", "benchmarks.work.simulate", str(project), str(chosen.samples)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)  # noqa: S603 — this very module
    if done.returncode:
        sys.exit("the replay failed, or is not what it is held against")
    taken = f"{dt.datetime.now(dt.UTC):%Y-%m-%d}"
    said = json.loads(done.stdout.splitlines()[-1])
    found: dict[str, Any] = {"taken": taken, "machine": machine(), "events": data.events, **said}
    if chosen.results is not None:
        chosen.results.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    console = Console()
    console.print(_table(found), width=max(console.width, 100))
    for line in found["checks"]:
        console.print(line)


def measure(project: Path, samples: int) -> dict[str, Any]:
    """Replay a project's simulation in this process and check it; return what it cost, by phase.

    Raises `ValueError` where it is not what it is held against.
    """
    workspace = workspace_of(project)
    phases, witness = Phases(), Witness(samples)

    def work() -> Mapping[str, pl.DataFrame]:
        with phases.within({_PACKAGE + place: name for place, name in _CALLS.items()}), phases.phase(REST):
            return simulate(workspace, SIMULATION, as_of=AS_OF, now=lambda: AS_OF).frames

    with witness.watching():
        frames, usage = measured(work)
    peak = max(phase.peak_mb for phase in phases.found.values())
    total = Usage(usage.wall_s, usage.cpu_s, peak)
    rows = frames[SEGMENT_DAYS.name]
    return {
        "contacts": int(witness.contacts.size),
        "days": rows["day"].n_unique(),
        "segments": rows["segment_id"].n_unique(),
        "memberships": int(rows["size"].sum()),
        **{name: int(rows[name].sum()) for name in ("claims", *CLAIMS)},
        "phases": [{"phase": name, **dataclasses.asdict(phase)} for name, phase in _ordered(phases)],
        "total": dataclasses.asdict(total),
        "checks": list(check(workspace, witness, frames)),
    }


def _ordered(phases: Phases) -> list[tuple[str, Phase]]:
    order = (*dict.fromkeys(_CALLS.values()), REST)
    return [(name, phases.found[name]) for name in order if name in phases.found]


def workspace_of(project: Path) -> Workspace:
    env = {name: value for name, value in os.environ.items() if not name.startswith("SEGMENTATION_")}
    return open_workspace(project, env=env)


def build_index(workspace: Workspace) -> None:
    store, catalog = open_lake(workspace), read_definitions(workspace).catalog
    refresh_index(store, catalog, store.snapshot(input_tables(catalog)))


def _table(found: dict[str, Any]) -> Table:
    title = f"{found['contacts']:,} contacts × {found['days']} days × {found['segments']} segments"
    shown = Table("phase", title=title)
    for name in ("CPU s", "peak MB"):
        shown.add_column(name, justify="right")
    for row in found["phases"]:
        shown.add_row(row["phase"], f"{row['cpu_s']:.1f}", f"{row['peak_mb']:.0f}")
    total = found["total"]
    shown.add_row("together", f"{total['cpu_s']:.1f}", f"{total['peak_mb']:.0f}", style="bold")
    return shown


def _whole(text: str) -> int:
    return int(float(text))


if __name__ == "__main__":
    print(json.dumps(measure(Path(sys.argv[1]), int(sys.argv[2]))))
