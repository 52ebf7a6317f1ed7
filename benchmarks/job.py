"""One engine's work in a process of its own: what is asked of it, and what it reports, as JSON."""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
import importlib
import importlib.util
import json
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

from benchmarks.data.dataset import Dataset, read_catalog
from benchmarks.measure import Usage, measured
from benchmarks.peer import Tally

if TYPE_CHECKING:
    from collections.abc import Mapping

    from benchmarks.peer import Peer

_PACKAGES = ("benchmarks.engines", "benchmarks.peers")
_MODULES = {"duckdb": "duckdb_parquet"}
"""Engines whose module has another name, so that `import duckdb` there cannot mean itself."""


class EngineError(RuntimeError):
    """An engine's process ended with an error; the message holds the end of what it said."""


@dataclass(frozen=True, slots=True)
class Job:
    """``prepare`` or ``run`` of one engine; paths are text so that it travels as JSON.

    ``reference`` is the output folder of an engine that ran before, for one that needs its result.
    """

    engine: str
    task: Literal["prepare", "run"]
    folder: str
    contacts: int
    events: int
    segments: int
    as_of: str
    workspace: str
    output: str
    reference: str | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """What a job cost, and for ``run`` the members and the sum of their numbers a segment."""

    usage: Usage
    tallies: Mapping[str, Tally] = field(default_factory=dict)
    phases: Mapping[str, float] = field(default_factory=dict)

    @property
    def memberships(self) -> int:
        return sum(tally.members for tally in self.tallies.values())

    @property
    def hash(self) -> str:
        """A hash of every segment's count and sum: equal where the members are."""
        said = json.dumps(sorted((name, *tally) for name, tally in self.tallies.items()))
        return hashlib.sha256(said.encode()).hexdigest()[:12]


def engine_module(name: str) -> str:
    """Return the dotted name of an engine's module; raise `ValueError` for one that there is not."""
    module = _MODULES.get(name, name)
    for package in _PACKAGES:
        if module.isidentifier() and importlib.util.find_spec(f"{package}.{module}") is not None:
            return f"{package}.{module}"
    raise ValueError(f"there is no engine `{name}`: {', '.join(engine_names())}")


def engine_names() -> list[str]:
    """Return every engine there is, the project's own first."""
    folders = (Path(__file__).parent / package.rpartition(".")[2] for package in _PACKAGES)
    modules = {path.stem for folder in folders for path in folder.glob("*.py")} - {"__init__"}
    names = modules - set(_MODULES.values()) | set(_MODULES)
    return sorted(names, key=lambda name: (name != "segmentation", name))


def start(job: Job) -> Report:
    """Run a job in a new process and return its report. Raises `EngineError`."""
    command = [sys.executable, "-m", "benchmarks.job", json.dumps(dataclasses.asdict(job))]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 — this very module
    if done.returncode:
        raise EngineError(f"{job.engine}, {job.task}:\n{done.stderr[-4000:]}")
    said = json.loads(done.stdout.splitlines()[-1])
    tallies = {name: Tally(*tally) for name, tally in said["tallies"].items()}
    return Report(Usage(**said["usage"]), tallies, said["phases"])


def perform(job: Job) -> Report:
    """Do a job in this process."""
    engine = cast("Peer", importlib.import_module(engine_module(job.engine)))
    data = Dataset(Path(job.folder), job.contacts, job.events)
    workspace, output = Path(job.workspace), Path(job.output)
    if job.task == "prepare":
        return Report(measured(lambda: engine.prepare(data, workspace))[1])
    from segmentation_pipeline.rules.definitions import load_definitions

    definitions = load_definitions(data.definitions(job.segments), read_catalog())
    if len(definitions.segments) != job.segments:
        raise ValueError(f"{len(definitions.segments)} definitions are there, not {job.segments}")
    if job.reference is not None and hasattr(engine, "before"):
        engine.before(definitions, workspace, Path(job.reference))
    as_of = dt.datetime.fromisoformat(job.as_of)
    cost, usage = measured(lambda: engine.run(data, definitions, as_of, workspace, output))
    if cost is not None:
        usage = Usage(usage.wall_s, usage.cpu_s + cost.cpu_seconds, usage.peak_mb + cost.peak_mb)
    phases = {} if cost is None else cost.phases
    return Report(usage, engine.tally(definitions, workspace, output), phases)


def as_json(report: Report) -> dict[str, Any]:
    usage = dataclasses.asdict(report.usage)
    return {"usage": usage, "tallies": dict(report.tallies), "phases": dict(report.phases)}


if __name__ == "__main__":
    print(json.dumps(as_json(perform(Job(**json.loads(sys.argv[1]))))))
