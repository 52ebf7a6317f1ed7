"""Runs engines one after the other on the same rows and definitions, and checks that they agree."""

from __future__ import annotations

import dataclasses
import json
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmarks.data.dataset import AS_OF
from benchmarks.data.generate import SEED, dataset
from benchmarks.data.segments import write_definitions
from benchmarks.job import Job, engine_module, start
from benchmarks.report.goals import OURS
from benchmarks.report.results import Row

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from benchmarks.data.dataset import Dataset
    from benchmarks.job import Report
    from benchmarks.peer import Tally

EVERYTHING = "everything"
CHANGES = ("xor", "joins")
_SHOWN = {EVERYTHING: (OURS, "everything"), "xor": (OURS, "changes"), "joins": ("joins", "changes")}
"""Engine and output as they are reported, where the module is not itself an engine with memberships."""
_NOTHING = 0.01
"""Seconds below which an engine had nothing to load."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What to run: engines beside the project's own, sizes, and how often."""

    folder: Path
    contacts: int = 100_000
    segments: int = 100
    peers: tuple[str, ...] = ()
    events: int | None = None
    seed: int = SEED
    rounds: int = 1
    fresh: bool = False
    everything: bool = True
    changes: bool = False


@dataclass(frozen=True, slots=True)
class Disagreement:
    """The segments of which an engine has other members than the project's own."""

    engine: str
    segments: tuple[str, ...]


def run(plan: Plan, say: Callable[[str], None]) -> tuple[list[Row], list[Disagreement]]:
    """Prepare and run every engine of a plan; return what each cost, and who disagrees.

    Raises `ValueError` for an unknown engine, before anything runs, `EngineError` where one fails.
    """
    engines = [OURS, *([EVERYTHING] if plan.everything else []), *dict.fromkeys(plan.peers)]
    engines += CHANGES if plan.changes else ()
    for name in engines:
        engine_module(name)
    data = dataset(plan.folder, plan.contacts, plan.events, plan.seed, say)
    write_definitions(data.definitions(plan.segments), plan.segments)
    rows = [row for name in engines if (row := _prepare(data, plan, name, say)) is not None]
    wrong: dict[str, Disagreement] = {}
    for number in range(1, plan.rounds + 1):
        ours: dict[bool, Report] = {}
        for name in engines:
            say(f"round {number}: {name}")
            report = start(_job(data, plan, name, "run"))
            if bad := _differing(ours.setdefault(name in CHANGES, report).tallies, report.tallies):
                wrong[name] = Disagreement(name, bad)
            rows.append(_row(data, plan, name, report, round_number=number, identical=not bad))
    return rows, list(wrong.values())


def _prepare(data: Dataset, plan: Plan, name: str, say: Callable[[str], None]) -> Row | None:
    """Bring the rows into an engine's form; return what that cost when it was done from the start."""
    workspace = data.folder / "engines" / name
    stamp = workspace.with_suffix(".json")
    if plan.fresh or not stamp.exists():
        stamp.unlink(missing_ok=True)
        shutil.rmtree(workspace, ignore_errors=True)
    workspace.mkdir(parents=True, exist_ok=True)
    say(f"prepare: {name}")
    report = start(_job(data, plan, name, "prepare"))
    if not stamp.exists():
        loaded = _row(data, plan, name, report, output="load")
        stamp.write_text(json.dumps(dataclasses.asdict(loaded)))
    loaded = Row(**{**json.loads(stamp.read_text()), "segments": plan.segments})
    return None if name == EVERYTHING or loaded.wall_s < _NOTHING else loaded


def _job(data: Dataset, plan: Plan, name: str, task: str) -> Job:
    output = data.folder / "output" / name
    shutil.rmtree(output, ignore_errors=True)
    output.mkdir(parents=True)
    return Job(
        name,
        "prepare" if task == "prepare" else "run",
        str(data.folder),
        data.contacts,
        data.events,
        plan.segments,
        AS_OF.isoformat(),
        str(data.folder / "engines" / name),
        str(output),
        str(data.folder / "output" / OURS),
    )


def _differing(ours: Mapping[str, Tally], theirs: Mapping[str, Tally]) -> tuple[str, ...]:
    return tuple(sorted(name for name in ours.keys() | theirs.keys() if ours.get(name) != theirs.get(name)))


def _row(
    data: Dataset,
    plan: Plan,
    name: str,
    report: Report,
    *,
    output: str = "memberships",
    round_number: int = 1,
    identical: bool | None = None,
) -> Row:
    if output != "load":
        name, output = _SHOWN.get(name, (name, output))
    usage = report.usage
    return Row(
        name,
        data.contacts,
        data.events,
        plan.segments,
        output,
        round(usage.wall_s, 3),
        round(usage.cpu_s, 3),
        round(usage.peak_mb, 1),
        identical,
        report.memberships,
        report.hash if report.tallies else "",
        round_number,
        {phase: round(seconds, 3) for phase, seconds in report.phases.items()},
    )
