"""`python -m benchmarks`: generate data, run engines side by side, render what came out."""

from __future__ import annotations

import argparse
import datetime as dt
import importlib
import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from benchmarks.data.dataset import DEFAULT_FOLDER
from benchmarks.data.generate import SEED, dataset
from benchmarks.data.segments import write_definitions
from benchmarks.job import EngineError, engine_names
from benchmarks.report.goals import compare
from benchmarks.report.page import write_page
from benchmarks.report.results import by_size, save
from benchmarks.report.table import rich_table
from benchmarks.runner import Plan
from benchmarks.runner import run as run_plan
from benchmarks.scaling import Sweep, scale

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.report.results import Row
    from benchmarks.runner import Disagreement

    Outcome = tuple[list[Row], list[Disagreement]]

_WIDTH = 120
_OTHERS = {
    "ingest": "CSV files to tables to index, beside what others take to load them",
    "conflicts": "pairs of segments proved and counted",
    "simulate": "a quarter replayed: past members, the arbiter with every reason, and checks of both",
}
"""Commands of a module of that name; it is imported only when its command is asked for (`add_command`)."""


def main(arguments: list[str] | None = None) -> None:
    """Run one command; an unknown one prints what there is."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    commands = parser.add_subparsers(required=True)
    _generate_command(commands.add_parser("generate", help="write rows and definitions of one size"))
    _run_command(commands.add_parser("run", help="run engines side by side on one size"))
    _scale_command(commands.add_parser("scale", help="run ours at more and more segments and contacts"))
    _docs_command(
        commands.add_parser("docs", help="write docs/benchmarks.md and its charts from kept results")
    )
    given = sys.argv[1:] if arguments is None else arguments
    for name, about in _OTHERS.items():
        command = commands.add_parser(name, help=about)
        if name in given:
            importlib.import_module(f"benchmarks.work.{name}").add_command(command)
    chosen = parser.parse_args(given)
    chosen.run(chosen)


def _generate_command(parser: argparse.ArgumentParser) -> None:
    _size_options(parser)
    parser.add_argument("--segments", type=_whole, default=100)
    parser.set_defaults(run=_generate)


def _generate(chosen: argparse.Namespace) -> None:
    data = dataset(chosen.folder, chosen.contacts, chosen.events, chosen.seed, print)
    folder = data.definitions(chosen.segments)
    write_definitions(folder, chosen.segments)
    print(f"lake         {data.lake}\nplain        {data.folder / 'plain'}\ndefinitions  {folder}")


def _run_command(parser: argparse.ArgumentParser) -> None:
    _size_options(parser)
    _plan_options(parser)
    parser.add_argument("--segments", type=_whole, default=100)
    parser.add_argument("--output", choices=("memberships", "everything"), default="everything")
    parser.add_argument("--changes", action="store_true", help="XOR against joins for what changed, too")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the rows as a list")
    parser.set_defaults(run=_run)


def _run(chosen: argparse.Namespace) -> None:
    plan = replace(
        _plan(chosen),
        contacts=chosen.contacts,
        segments=chosen.segments,
        events=chosen.events,
        everything=chosen.output == "everything",
        changes=chosen.changes,
    )
    rows, disagreements = _measured(lambda: run_plan(plan, _say))
    if chosen.json is not None:
        measured = [row.printed() for row in rows if row.output != "load"]
        chosen.json.write_text(json.dumps(measured, indent=1) + "\n")
    _conclude(chosen, rows, disagreements)


def _scale_command(parser: argparse.ArgumentParser) -> None:
    _data_options(parser)
    _plan_options(parser)
    parser.add_argument("--segments", type=_sizes, default=Sweep().segments, help="at a million contacts")
    parser.add_argument("--contacts", type=_sizes, default=Sweep().contacts, help="with a hundred segments")
    parser.set_defaults(run=_scale)


def _scale(chosen: argparse.Namespace) -> None:
    sweep = Sweep(chosen.segments, chosen.contacts)
    _conclude(chosen, *_measured(lambda: scale(_plan(chosen), sweep, _say)))


def _docs_command(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--docs", type=Path, default=Path("docs"))
    parser.set_defaults(run=lambda chosen: print(*write_page(chosen.docs), sep="\n"))


def _plan(chosen: argparse.Namespace) -> Plan:
    return Plan(chosen.folder, peers=chosen.peers, seed=chosen.seed, rounds=chosen.rounds, fresh=chosen.fresh)


def _measured(measure: Callable[[], Outcome]) -> Outcome:
    try:
        return measure()
    except (EngineError, ValueError) as error:
        sys.exit(f"error: {error}")


def _conclude(chosen: argparse.Namespace, rows: list[Row], disagreements: list[Disagreement]) -> None:
    """Keep and print the rows; end with an error where engines disagree."""
    if chosen.results is not None:
        save(chosen.results, rows, f"{dt.datetime.now(dt.UTC):%Y-%m-%d}")
    width = max(Console().width, _WIDTH)
    for (contacts, events, segments), group in by_size(rows).items():
        title = f"{contacts:,} contacts × {events:,} events × {segments:,} segments"
        Console(width=width).print(rich_table(compare(group), title))
    if disagreements:
        said = (f"{found.engine}: {', '.join(found.segments)}" for found in disagreements)
        sys.exit("\n".join(["error: engines have other members than ours, in these segments", *said]))


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())


def _sizes(text: str) -> tuple[int, ...]:
    return tuple(_whole(part) for part in text.split(",") if part.strip())


def _plan_options(parser: argparse.ArgumentParser) -> None:
    peers = f"engines beside ours, with commas: {', '.join(engine_names())}"
    parser.add_argument("--peers", type=_names, default=(), help=peers)
    parser.add_argument(
        "--rounds", type=int, default=1, help="run all of them so often; the table has medians"
    )
    parser.add_argument("--fresh", action="store_true", help="load every engine anew, the index too")
    parser.add_argument("--results", type=Path, metavar="FILE", help="keep the rows, with the machine")


def _size_options(parser: argparse.ArgumentParser) -> None:
    _data_options(parser)
    parser.add_argument("--contacts", type=_whole, default=100_000, help="such as 1e5 (default), 1e6, 1e7")
    parser.add_argument("--events", type=_whole, help="default: 15 a contact, 10 from 1e7 contacts on")


def _data_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument(
        "--folder", type=Path, default=DEFAULT_FOLDER, help=f"where data is kept (default {DEFAULT_FOLDER})"
    )


def _whole(text: str) -> int:
    return int(float(text))
