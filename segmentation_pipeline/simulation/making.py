"""From variants and pinned tables to all rows of a run: the same inputs give the same rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from segmentation_pipeline.assignment.contenders import CONTACT
from segmentation_pipeline.assignment.history import contact_numbers
from segmentation_pipeline.assignment.people import People
from segmentation_pipeline.segments.dry_run import Standing
from segmentation_pipeline.segments.sides import set_against
from segmentation_pipeline.simulation import rows
from segmentation_pipeline.simulation.compare import diff_rows, switch_rows
from segmentation_pipeline.simulation.figures import FIGURES, Subject, holds
from segmentation_pipeline.simulation.forecast import forecast_rows
from segmentation_pipeline.simulation.record import TABLES
from segmentation_pipeline.simulation.replay.prepare import Replayed, Span, needed_tables, replay
from segmentation_pipeline.simulation.replay.trace import COLUMNS, shown
from segmentation_pipeline.simulation.starvation import find_shadows, never_won, starvation_rows
from segmentation_pipeline.simulation.tables import (
    BLOCKS,
    CHANNEL_DAYS,
    DECISIONS,
    DIFF,
    FORECAST,
    PRESSURE,
    RUNS,
    SEGMENT_DAYS,
    STARVATION,
    SWITCHES,
    VARIANT,
)
from segmentation_pipeline.simulation.what_if.answer import what_if
from segmentation_pipeline.simulation.what_if.winners import contending, decide_today, winners_inputs

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from segmentation_pipeline.lake.reading import Snapshot
    from segmentation_pipeline.lake.store import DeltaStore
    from segmentation_pipeline.simulation.declaration import Condition, Simulation
    from segmentation_pipeline.simulation.variants import Side


@dataclass(frozen=True, slots=True)
class Task:
    """Everything that decides a run's rows: the declaration, its text, its variants, days and data."""

    said: Simulation
    text: str
    sides: tuple[Side, ...]
    days: tuple[dt.date, ...]
    as_of: dt.datetime
    store: DeltaStore
    inputs: Snapshot


def make(task: Task) -> dict[str, pl.DataFrame]:
    """Return the rows of every table, `simulation_runs` too, as far as the run itself knows them.

    Raises `RunFailed` where members cannot be evaluated, or figures do not add up.
    """
    said, names = task.said, [side.name for side in task.sides]
    frames = {table.name: rows.frame_of(table, ()) for table in TABLES}
    span = Span(task.days, said.samples, said.sample_percent)
    if said.mode == "what_if":
        found, more = _today(task)
        frames |= more
    else:
        found = replay(task.store, task.inputs, task.sides, span)
    frames |= _counted(task, found, span)
    if said.mode == "forecast":
        frames[FORECAST.name] = forecast_rows(frames[CHANNEL_DAYS.name], said.horizon)
    if len(names) == 2:
        frames[SWITCHES.name] = switch_rows(*(found[name].tally for name in names))
    frames[RUNS.name] = rows.frame_of(RUNS, (_run(task, found[name]) for name in names))
    frames[DIFF.name] = diff_rows(frames, said.mode, names)
    failed = [str(one) for one in said.fail_if if _fails(one, frames, names)]
    failed_of_each = pl.Series("failed", [failed] * len(names), dtype=RUNS.schema["failed"])
    frames[RUNS.name] = frames[RUNS.name].with_columns(failed_of_each)
    return frames


def _today(task: Task) -> tuple[dict[str, Replayed], Mapping[str, pl.DataFrame]]:
    """Return what today would bring under both variants, and who enters and exits by the proposal."""
    standing = Standing(task.store, task.inputs, task.as_of)
    before, after = (side.definitions for side in task.sides)
    sides = set_against(before, after, standing, also=contending(task.sides))
    tallies = decide_today(sides, task.sides, task.said.samples)
    moved = what_if(sides, breakdowns=task.said.breakdowns, samples=task.said.samples)
    return {side.name: Replayed(side, tallies[side.name], {}) for side in task.sides}, moved.frames


def needed_by(said: Simulation, sides: Sequence[Side]) -> list[str]:
    """Return every table that a simulation reads."""
    names = set(needed_tables(side.definitions.catalog for side in sides))
    return sorted(names | winners_inputs(sides) if said.mode == "what_if" else names)


def _counted(task: Task, found: dict[str, Replayed], span: Span) -> dict[str, pl.DataFrame]:
    """Return the tables that have rows by variant."""
    each: dict[str, list[pl.DataFrame]] = {}
    traced = np.concatenate(
        [part[:, COLUMNS.index("contact")] for one in found.values() for part in one.tally.trace]
    )
    contacts = shown(traced, span.samples)
    keys = _keys(task, contacts)
    for name, one in found.items():
        tally = one.tally
        shadows = find_shadows(one.side, task.as_of, never_won(tally))
        days = rows.segment_days(name, tally, task.days)
        made = {
            SEGMENT_DAYS.name: days,
            CHANNEL_DAYS.name: rows.channel_days(days, one.side.policy.capacity, span.share),
            BLOCKS.name: rows.block_rows(name, tally),
            PRESSURE.name: rows.pressure_rows(name, tally),
            STARVATION.name: rows.starvation_frame(name, starvation_rows(tally, task.days, shadows)),
            DECISIONS.name: rows.decision_rows(name, tally, task.days, keys, contacts),
        }
        for table, frame in made.items():
            each.setdefault(table, []).append(frame)
    return {table: pl.concat(parts) for table, parts in each.items()}


def _keys(task: Task, contacts: NDArray[np.int64]) -> pl.DataFrame:
    kind = task.sides[0].definitions.catalog.objects[CONTACT]
    people = People.of(contact_numbers(task.inputs, kind))
    return pl.DataFrame({"object_index": contacts, "contact_id": people.keys_of(contacts)})


def _run(task: Task, one: Replayed) -> dict[str, Any]:
    """Return the row of `simulation_runs` of a variant, less what is known only when it is recorded."""
    side, tally, said = one.side, one.tally, task.said
    holdout = side.policy.holdout
    return {
        VARIANT: side.name,
        "simulation": said.simulation,
        "mode": said.mode,
        "policy": side.policy.id,
        "definitions": side.place,
        "from_day": task.days[0],
        "to_day": task.days[-1],
        "time_zone": side.zone,
        "as_of": task.as_of,
        "contacts": tally.contacts,
        "won": sum(ranks.size for day in tally.winners for _, ranks in day),
        "contacts_wanted": tally.contacts_wanted,
        "contacts_never_won": tally.contacts_never_won,
        "failed": [],
        "sample_percent": said.sample_percent,
        "salt": None if holdout is None else holdout.salt,
        "attribute_basis": [{"name": name, "basis": how} for name, how in sorted(one.basis.items())],
        "inputs": [{"table": name, "version": at} for name, at in sorted(task.inputs.versions.items())],
        "definitions_hash": side.hash,
        "policy_hash": side.policy.hash,
        "declaration": task.text,
    }


def _fails(condition: Condition, frames: dict[str, pl.DataFrame], names: Sequence[str]) -> bool:
    figure = FIGURES[condition.metric]
    subjects = [Subject(name, condition.channel, condition.segment) for name in names]
    values = dict(zip(names, (figure.value(frames, subject) for subject in subjects), strict=True))
    return holds(condition, values)


def with_record(frame: pl.DataFrame, **known: Any) -> pl.DataFrame:
    """Return rows of `simulation_runs` with what is known when they are recorded."""
    return frame.with_columns(
        pl.lit(value, dtype=RUNS.schema[name]).alias(name) for name, value in known.items()
    )
