"""A night: one day decided once, in one commit of `contact_assignments`."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from segmentation_pipeline.analytics.days import day_of
from segmentation_pipeline.assignment.arbiter import Arbiter
from segmentation_pipeline.assignment.history import contact_history_before
from segmentation_pipeline.assignment.night import open_night
from segmentation_pipeline.assignment.people import positions_of
from segmentation_pipeline.assignment.policies import find_policy
from segmentation_pipeline.assignment.policy import DEFAULT
from segmentation_pipeline.assignment.remembered import Remembered
from segmentation_pipeline.assignment.rows import Ledger, counts_of
from segmentation_pipeline.assignment.runs import AssignmentRun, follow_runs, last_day, read_runs, runs_hash
from segmentation_pipeline.assignment.tables import ASSIGNMENTS, DAY
from segmentation_pipeline.assignment.windows import history_from
from segmentation_pipeline.catalog.contracts import OBJECT_INDEX
from segmentation_pipeline.errors import UsageError
from segmentation_pipeline.lake.lock import lake_lock
from segmentation_pipeline.lake.opening import open_lake
from segmentation_pipeline.segments.basis import object_keys, read_definitions
from segmentation_pipeline.segments.followers import catch_up

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from segmentation_pipeline.assignment.decisions import Decisions
    from segmentation_pipeline.assignment.night import Night
    from segmentation_pipeline.lake.store import DeltaStore
    from segmentation_pipeline.workspace import Workspace

_DAY = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Assigned:
    """What a day's decision is; ``fresh`` if it was made now.

    One that was made before is ``outdated`` where the inputs are others by now. ``doubts`` says, by
    segment, why the last run could not evaluate it: its members are older.
    """

    run: AssignmentRun
    fresh: bool
    outdated: bool = False
    doubts: Mapping[str, str] = field(default_factory=dict)


def assign(
    workspace: Workspace,
    *,
    now: Callable[[], dt.datetime],
    day: dt.date | None = None,
    policy: str = DEFAULT,
    again: bool = False,
    wait_seconds: float = 0,
) -> Assigned:
    """Decide whom each segment contacts on a day, and write it down; a decided day is left as it is.

    The day defaults to that of the workspace's ``as_of``, else of ``now``, in the policy's zone. With
    ``again`` the last decided day is decided anew, by its own policy or another.

    Raises:
        LockedError: another process writes.
        DefinitionError: the catalog, or the policy's file, cannot be read.
        UsageError: no such policy; a day before the last decided one, or before that of the members.
        RunFailed: nothing was published, or nobody can tell who must not be contacted.
        LakeError: a table cannot be read or written.
    """
    store = open_lake(workspace)
    with lake_lock(store.root.folder, "assign", wait_seconds):
        at = now()
        definitions = read_definitions(workspace)
        chosen = find_policy(workspace, definitions, policy)
        zone = chosen.time_zone or workspace.time_zone
        catch_up(store, object_keys(store, definitions.catalog))
        follow_runs(store)
        wanted = day or day_of(workspace.as_of or at, zone)
        folder = workspace.segments_folder
        night = open_night(store, definitions, chosen, day=wanted, zone=zone, segments_folder=folder)
        runs = read_runs(store)
        known = next((run for run in runs if run.day == wanted), None)
        before = runs_hash([run for run in runs if run.day < wanted])
        if known is not None and not again:
            outdated = known.inputs_hash != night.inputs_hash(before)
            return Assigned(known, fresh=False, outdated=outdated, doubts=night.doubts)
        _check_order(night, last_day(store, runs), again=again)
        run = _decided(store, night, before, 1 if known is None else known.attempt + 1, at)
        follow_runs(store)
        return Assigned(run, fresh=True, doubts=night.doubts)


def _check_order(night: Night, last: dt.date | None, *, again: bool) -> None:
    """Refuse a day that was decided, or passed over: who was contacted since is history already."""
    if last is not None and (night.day < last or (night.day == last and not again)):
        hint = "add --again to decide it anew" if night.day == last else "days are decided in their order"
        raise UsageError(f"{night.day} cannot be decided: {last} is", where=ASSIGNMENTS.name, hint=hint)
    members = day_of(night.record.as_of, night.zone)
    if night.day < members:
        raise UsageError(
            f"{night.day} cannot be decided: the members are those of {members}",
            hint="the past is replayed: segmentation simulate",
        )


def _decided(store: DeltaStore, night: Night, before: str, attempt: int, at: dt.datetime) -> AssignmentRun:
    """Decide, and commit the day's rows with the record of what they are made of."""
    decisions, ledger = decide(night)
    run = AssignmentRun(
        day=night.day,
        attempt=attempt,
        policy=night.policy.id,
        time_zone=night.zone,
        segments_run_id=night.record.run_id,
        segments_as_of=night.record.as_of,
        policy_hash=night.policy.hash,
        definitions_hash=night.definitions_hash(),
        inputs=night.tables.versions,
        inputs_hash=night.inputs_hash(before),
        contacts=night.contacts.size,
        counts=counts_of(decisions, night.ranking),
        decided_at=at,
    )
    slices = [(str(night.day), ledger.rows(decisions, run))]
    store.replace_slices(ASSIGNMENTS, DAY, [str(night.day)], slices, run.commit())
    return run


def decide(night: Night) -> tuple[Decisions, Ledger]:
    """Return what a night decides, and what turns it into words; nothing is written."""
    first = history_from(night.policy, night.ranking, night.day, night.definitions.week_starts)
    history = contact_history_before(night.tables, night.catalog, first, night.day - _DAY, zone=night.zone)
    told = Remembered.of(history, night.ranking, night.definitions)
    arbiter = Arbiter(
        night.policy,
        night.ranking,
        night.contacts,
        told.sources,
        week_starts=night.definitions.week_starts,
    )
    for day, positions, sources in told.days(night.contacts):
        arbiter.remember(day, positions, sources)
    entered = night.entered()
    arbiter.begin_spells(entered, _spent(night, entered))
    decisions = arbiter.decide(night.day, night.member_mask(), night.suppressed_mask())
    return decisions, Ledger(night.ranking, told.sources, night.people, night.contacts)


def _spent(
    night: Night, entered: Mapping[int, tuple[NDArray[np.int64], NDArray[np.datetime64]]]
) -> dict[int, NDArray[np.int64]]:
    """Return, by rank, the positions of members that were contacted in their present spell."""
    once = {
        rank: spells
        for rank, spells in entered.items()
        if night.ranking.contenders[rank].delivery.repeat == "once_per_entry" and spells[0].size
    }
    if not once:
        return {}
    first = min(days.min() for _, days in once.values()).astype(object)
    names = [night.ranking.ids[rank] for rank in once]
    history = contact_history_before(
        night.tables, night.catalog, first, night.day - _DAY, zone=night.zone, segments=names
    )
    found = {}
    for rank, (positions, days) in once.items():
        mine = history.filter(history["segment_id"] == night.ranking.ids[rank])
        at, known = positions_of(night.contacts, mine[OBJECT_INDEX].to_numpy())
        since = np.full(night.contacts.size, np.datetime64("9999-12-31"))
        since[positions] = days
        when = mine[DAY].to_numpy().astype("datetime64[D]")[known]
        found[rank] = np.unique(at[since[at] <= when])
    return found
