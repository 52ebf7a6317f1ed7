"""`python -m benchmarks ingest`: CSV files to tables to index, beside what others take to load them."""

from __future__ import annotations

import dataclasses
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from benchmarks.data.csv_files import CsvFiles
from benchmarks.data.dataset import DEFAULT_FOLDER
from benchmarks.data.generate import SEED, default_events
from benchmarks.loading.csv_steps import STEPS
from benchmarks.measure import Usage
from benchmarks.report.results import machine

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Sequence

    Measured = tuple[str, str, Usage]

_SAID = 4000


class LoadError(RuntimeError):
    """A step ended with an error; the message holds the end of what it said."""


def add_command(parser: argparse.ArgumentParser) -> None:
    """Give a command its options and what it does."""
    peers = [name for name in STEPS if name != "ours"]
    parser.add_argument("--contacts", type=float, default=1e5, help="such as 1e5 (default), 1e6")
    parser.add_argument("--events", type=float, help="default: 15 a contact")
    parser.add_argument("--peers", default="duckdb", help=f"with commas: {', '.join(peers)}")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--folder", type=Path, default=DEFAULT_FOLDER)
    parser.add_argument("--json", type=Path, metavar="FILE", help="keep the figures, with the machine")
    parser.set_defaults(run=run)


def run(chosen: argparse.Namespace) -> None:
    """Write the files unless they are there, load them into every engine, print a table."""
    contacts = int(chosen.contacts)
    events = default_events(contacts) if chosen.events is None else int(chosen.events)
    folder = (chosen.folder / f"csv-{contacts}x{events}-{chosen.seed}").resolve()
    files = CsvFiles(folder, contacts, events, chosen.seed)
    engines = ["ours", *(name for name in chosen.peers.split(",") if name)]
    unknown = [name for name in engines if name not in STEPS]
    if unknown:
        sys.exit(f"error: nothing loads into {', '.join(unknown)}: {', '.join(STEPS)}")
    files.write()
    try:
        found = list(measure(files, engines))
    except LoadError as error:
        sys.exit(f"error: {error}")
    console = Console()
    console.print(table(files, found), width=max(console.width, 100))
    if chosen.json is not None:
        rows = [{"engine": engine, "step": step, **dataclasses.asdict(use)} for engine, step, use in found]
        size = {"contacts": contacts, "events": events, "machine": machine()}
        chosen.json.write_text(json.dumps({**size, "rows": rows}, indent=1) + "\n")


def measure(files: CsvFiles, engines: Sequence[str]) -> Iterator[Measured]:
    """Do every step of the engines, each in a new process; ours into an empty lake.

    Raises `LoadError`.
    """
    shutil.rmtree(files.lake, ignore_errors=True)
    for engine in engines:
        for step in STEPS[engine]:
            yield engine, step, _measured(files, engine, step)


def table(files: CsvFiles, found: Sequence[Measured]) -> Table:
    """Return the figures step by step and in sum; ratios are those of the sums of CPU seconds."""
    shown = Table(title=f"CSV of {files.contacts:,} contacts and {files.events:,} activities")
    for name in ("engine", "step", "wall s", "CPU s", "peak MB", "CPU, ours ÷ it"):
        shown.add_column(name, justify="left" if name in ("engine", "step") else "right")
    sums = {engine: _sum([use for other, _, use in found if other == engine]) for engine, *_ in found}
    for engine, total in sums.items():
        for other, step, use in found:
            if other == engine:
                shown.add_row(engine, step, *_figures(use), "")
        ratio = f"{sums['ours'].cpu_s / total.cpu_s:.1f}×" if engine != "ours" and total.cpu_s else ""
        shown.add_row(engine, "together", *_figures(total), ratio, style="bold", end_section=True)
    return shown


def _measured(files: CsvFiles, engine: str, step: str) -> Usage:
    said = json.dumps(dataclasses.asdict(files), default=str)
    command = [sys.executable, "-m", "benchmarks.loading.csv_steps", engine, step, said]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 — this very package
    if done.returncode:
        raise LoadError(f"{engine}, {step}:\n{done.stderr[-_SAID:]}")
    return Usage(**json.loads(done.stdout.splitlines()[-1]))


def _sum(uses: Sequence[Usage]) -> Usage:
    """Return seconds added up, and the highest memory of any step."""
    return Usage(
        sum(use.wall_s for use in uses), sum(use.cpu_s for use in uses), max(use.peak_mb for use in uses)
    )


def _figures(use: Usage) -> tuple[str, str, str]:
    return f"{use.wall_s:,.1f}", f"{use.cpu_s:,.1f}", f"{use.peak_mb:,.0f}"
