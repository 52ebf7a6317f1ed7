"""Holds a replay against the engine, a day at a time, and against an arbiter that goes row by row."""

from __future__ import annotations

import contextlib
import datetime as dt
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from benchmarks.naive.arbiter import Book, Customer, Decided, Made, decide
from segmentation_pipeline.analytics.days import end_of
from segmentation_pipeline.assignment.contenders import Ranking
from segmentation_pipeline.assignment.history import contact_history_before, history_inputs
from segmentation_pipeline.assignment.policies import find_policy
from segmentation_pipeline.assignment.policy import DEFAULT
from segmentation_pipeline.evaluation.evaluate import evaluate_index
from segmentation_pipeline.index.stored import input_tables, read_index
from segmentation_pipeline.lake.opening import open_lake
from segmentation_pipeline.segments.basis import read_definitions
from segmentation_pipeline.simulation.day_masks.members import PastMembers
from segmentation_pipeline.simulation.replay.trace import watched
from segmentation_pipeline.simulation.tables import CHANNEL_DAYS, CLAIMS, DECISIONS, SEGMENT_DAYS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from segmentation_pipeline.assignment.policy import Policy
    from segmentation_pipeline.rules.segment import Definitions
    from segmentation_pipeline.workspace import Workspace

    Frames = Mapping[str, pl.DataFrame]

_TICK, _DAY = dt.timedelta(microseconds=1), dt.timedelta(days=1)
_BITS = 64
_PLACES = (-1, -7, -45)
"""The days, from the last one, of which all members are evaluated again."""


@dataclass(slots=True)
class Witness:
    """What a replay saw while it was walked: all members of a few days, all days of a few contacts.

    ``members`` and ``lives`` are by day the words of every contact, and of those at the positions
    ``few``. ``segments`` says what each bit stands for.
    """

    samples: int
    contacts: np.ndarray = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    segments: tuple[str, ...] = ()
    few: np.ndarray = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    members: dict[dt.date, np.ndarray] = field(default_factory=dict)
    lives: dict[dt.date, np.ndarray] = field(default_factory=dict)

    @contextlib.contextmanager
    def watching(self) -> Iterator[None]:
        """Look on while contacts are walked all at once, as they are under a capacity."""
        original = PastMembers.words

        def words(past: PastMembers, ids: Any, day_at: int, part: slice | None = None) -> Any:
            found = original(past, ids, day_at, part)
            self._see(past, tuple(ids), day_at, found)
            return found

        PastMembers.words = words  # type: ignore[assignment,method-assign]  # put back below
        try:
            yield
        finally:
            PastMembers.words = original  # type: ignore[method-assign]  # as it was

    def _see(self, past: PastMembers, ids: tuple[str, ...], day_at: int, words: np.ndarray) -> None:
        if words.shape[1] != past.contacts.size:
            raise ValueError("contacts are walked part by part: give the policy a capacity")
        if not self.segments:
            self.contacts, self.segments = past.contacts, ids
            self.few = watched(past.contacts, self.samples)
        day = past.days[day_at]
        self.lives[day] = words[:, self.few]
        if day_at - len(past.days) in _PLACES:
            self.members[day] = words.copy()

    def member_of(self, day: dt.date, rank: int) -> np.ndarray:
        """Return the numbers of a segment's members on one of the few days."""
        bits = self.members[day][rank // _BITS] >> np.uint64(rank % _BITS)
        found: np.ndarray = self.contacts[bits & np.uint64(1) != 0]
        return found

    def life(self, contact: int) -> dict[dt.date, frozenset[str]]:
        """Return what one of the few contacts was a member of, by day."""
        at = int(np.searchsorted(self.contacts[self.few], contact))
        return {day: frozenset(self._names(words[:, at])) for day, words in self.lives.items()}

    def _names(self, words: np.ndarray) -> Iterator[str]:
        for rank, name in enumerate(self.segments):
            if int(words[rank // _BITS]) >> rank % _BITS & 1:
                yield name


def check(workspace: Workspace, witness: Witness, frames: Frames) -> Iterator[str]:
    """Yield what was checked, a sentence each. Raises `ValueError` for what is not as it should be."""
    yield _balance(frames)
    yield _rooms(frames)
    definitions = read_definitions(workspace)
    yield _days(workspace, definitions, witness)
    yield _rows(workspace, definitions, witness, frames[DECISIONS.name])


def _balance(frames: Frames) -> str:
    rows = frames[SEGMENT_DAYS.name].sort("segment_id", "day")
    _none(
        rows.filter(pl.col("claims") != pl.sum_horizontal(CLAIMS)), "claims are not the sum of their reasons"
    )
    before = pl.col("size").shift(1).over("segment_id")
    moved = rows.filter(
        before.is_not_null() & (pl.col("size") != before + pl.col("entered") - pl.col("exited"))
    )
    _none(moved, "sizes are not those of the day before with who came and went")
    return (
        f"in all {rows.height:,} rows of segments and days, claims are the sum of their reasons, and sizes "
        "those of the day before, plus who entered, less who exited"
    )


def _rooms(frames: Frames) -> str:
    rows = frames[CHANNEL_DAYS.name].filter(pl.col("capacity").is_not_null())
    _none(rows.filter(pl.col("messages") > pl.col("capacity")), "a channel carried more than it can")
    full = rows.filter(pl.col("messages") == pl.col("capacity")).height
    return f"no channel carried more than its capacity; {full} of {rows.height} days with one were full"


def _days(workspace: Workspace, definitions: Definitions, witness: Witness) -> str:
    """Evaluate all segments for single instants, as a run does; whoever was not born then is left out."""
    store, catalog = open_lake(workspace), definitions.catalog
    tables = store.snapshot(input_tables(catalog))
    index = read_index(store, catalog, tables)
    zone = _policy(workspace, definitions).time_zone or workspace.time_zone
    born = tables.scan("contacts").select("object_index", "created_at").collect()
    memberships = 0
    for day in witness.members:
        as_of = end_of(day, zone) - _TICK
        there = born.filter(pl.col("created_at").is_null() | (pl.col("created_at") <= as_of))["object_index"]
        evaluation = evaluate_index(definitions, index, as_of)
        for rank, name in enumerate(witness.segments):
            members = evaluation.members[name]
            expected = members.filter(members.is_in(there.implode())).sort().to_numpy()
            if not np.array_equal(witness.member_of(day, rank), expected):
                raise ValueError(f"`{name}` has other members on {day} than the engine says")
            memberships += len(expected)
    days = ", ".join(map(str, sorted(witness.members)))
    return (
        f"{memberships:,} memberships in {len(witness.segments)} segments on {days}, evaluated again by the "
        "engine at each day's last microsecond: the same"
    )


def _rows(workspace: Workspace, definitions: Definitions, witness: Witness, rows: pl.DataFrame) -> str:
    """Decide the traced contacts again, one by one; only whom a capacity turned away is taken as it is."""
    policy = _policy(workspace, definitions)
    ranking = Ranking.of(definitions)
    deliveries = {one.segment_id: one.delivery for one in ranking.contenders}
    decided = {
        (row["day"], row["object_index"], row["segment_id"]): Decided(
            row["decision"], row["blocked_by"], row["rule"]
        )
        for row in rows.iter_rows(named=True)
    }
    full = {place for place, one in decided.items() if one.reason == "capacity"}
    book = Book(policy, deliveries, lambda *place: place in full)
    first, last = min(place[0] for place in decided), max(witness.lives)
    known = min(witness.lives)
    made = _history(workspace, definitions, policy, known, first)
    expected = {}
    contacts = sorted({place[1] for place in decided})
    for contact in contacts:
        life = witness.life(contact)
        kept = {day: frozenset(deliveries) for day, names in life.items() if names - deliveries.keys()}
        customer = Customer(contact, life, kept, made.get(contact, []))
        for day, name, one in decide(book, customer, known, first, last):
            expected[day, contact, name] = one
    wrong = [
        f"{place}: {decided.get(place)}, row by row {expected.get(place)}"
        for place in sorted(decided.keys() | expected.keys())
        if decided.get(place) != expected.get(place)
    ]
    if wrong:
        raise ValueError(f"{len(wrong)} decisions differ: {'; '.join(wrong[:5])}")
    return (
        f"{len(decided):,} decisions about {len(contacts):,} contacts, with what blocked them and by which "
        "rule, decided again row by row: the same"
    )


def _history(
    workspace: Workspace, definitions: Definitions, policy: Policy, known: dt.date, first: dt.date
) -> dict[int, list[Made]]:
    zone = policy.time_zone or workspace.time_zone
    tables = open_lake(workspace).snapshot(history_inputs(definitions.catalog))
    rows = contact_history_before(tables, definitions.catalog, known, first - _DAY, zone=zone)
    found: dict[int, list[Made]] = {}
    for row in rows.iter_rows(named=True):
        found.setdefault(row["object_index"], []).append(Made(row["day"], row["channel"], row["segment_id"]))
    return found


def _policy(workspace: Workspace, definitions: Definitions) -> Policy:
    return find_policy(workspace, definitions, DEFAULT)


def _none(rows: pl.DataFrame, message: str) -> None:
    if rows.height:
        raise ValueError(f"{message}: {rows.row(0, named=True)}")
