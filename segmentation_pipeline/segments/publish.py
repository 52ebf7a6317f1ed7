"""A run: evaluate on pinned inputs, and publish in one commit of `segment_memberships`.

A run killed at any instant leaves the last state readable; the next one brings the followers up to
date first and ends where an uninterrupted one does.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from segmentation_pipeline.diagnostics import did_you_mean
from segmentation_pipeline.errors import UsageError
from segmentation_pipeline.evaluation.memory import MemoryLimit
from segmentation_pipeline.evaluation.profile import Watch
from segmentation_pipeline.index.coding import BUCKET
from segmentation_pipeline.lake.lock import lake_lock
from segmentation_pipeline.lake.opening import open_lake
from segmentation_pipeline.lake.store import Commit
from segmentation_pipeline.segments.basis import (
    Basis,
    Effort,
    evaluate_basis,
    object_keys,
    open_basis,
    read_definitions,
)
from segmentation_pipeline.segments.changes import Change, find_changes, membership_rows
from segmentation_pipeline.segments.documents import keep_documents
from segmentation_pipeline.segments.followers import catch_up
from segmentation_pipeline.segments.guards import forbidden, source_problems, trusted_rows, untrusting
from segmentation_pipeline.segments.merging import merged_movers
from segmentation_pipeline.segments.published import SEGMENT
from segmentation_pipeline.segments.reasons import decide_reasons, write_mixed
from segmentation_pipeline.segments.record import RunRecord
from segmentation_pipeline.segments.size_guard import held_back
from segmentation_pipeline.segments.states import next_states
from segmentation_pipeline.segments.tables import MEMBERSHIPS
from segmentation_pipeline.segments.unchanged import find_unchanged

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Collection, Mapping

    from segmentation_pipeline.evaluation.engine import Progress
    from segmentation_pipeline.evaluation.evaluate import Evaluation
    from segmentation_pipeline.evaluation.profile import Profile
    from segmentation_pipeline.segments.record import SegmentState
    from segmentation_pipeline.workspace import Workspace


@dataclass(frozen=True, slots=True)
class SegmentResult:
    """How one segment fared; ``seconds`` is its share of the evaluation, by the bytes it reads.

    One that was not ``evaluated`` is broken, inactive, refused or could not have changed.
    """

    segment: str
    size: int
    entered: int
    exited: int
    status: str
    cause: str | None
    seconds: float
    evaluated: bool = True


@dataclass(frozen=True, slots=True)
class Run:
    """A run that ended. One whose ``as_of`` lies before the published one was only a preview.

    ``removed`` counts the members that left segments whose definition is gone.
    """

    run_id: str
    as_of: dt.datetime
    published: bool
    segments: tuple[SegmentResult, ...]
    removed: Mapping[str, int]


def publish(
    workspace: Workspace,
    *,
    now: Callable[[], dt.datetime],
    select: Collection[str] | None = None,
    full: bool = False,
    as_of: dt.datetime | None = None,
    wait_seconds: float = 0,
    progress: Progress | None = None,
    profile: Profile | None = None,
) -> Run:
    """Evaluate the selected segments (default: all) and publish their members.

    ``as_of`` defaults to the workspace's, else to ``now``. ``full`` evaluates and writes also what
    cannot have changed. A bad segment fails only itself and its dependents. A
    ``profile`` collects what each step cost.

    Raises:
        LockedError: another process writes.
        DefinitionError: the catalog or the sources cannot be read.
        UsageError: a selected segment does not exist.
        RunFailed: nothing was imported, or the lake's tables do not fit together.
        OutOfMemory: the workspace's ``memory_limit`` does not suffice; nothing was published.
    """
    watch = Watch(profile, None if workspace.memory_limit is None else MemoryLimit(workspace.memory_limit))
    store = open_lake(workspace)
    with lake_lock(store.root.folder, "run", wait_seconds):
        at = now()
        definitions = read_definitions(workspace)
        keys = object_keys(store, definitions.catalog)
        catch_up(store, keys)
        basis = open_basis(store, definitions, as_of or workspace.as_of or at, select)
        chosen = _chosen(basis, select)
        started = time.perf_counter()
        untrusted = source_problems(workspace, basis)
        waiting = untrusting(basis, chosen, untrusted)
        refused = {**forbidden(basis, chosen, workspace.max_scan_bytes), **waiting}
        unchanged = find_unchanged(basis, chosen, refused, full=full)
        wanted = chosen - unchanged.segments
        effort = Effort(workspace.bucket_size or BUCKET, progress, watch)
        evaluation = evaluate_basis(basis, wanted, refused, effort)
        removed = sorted(set(basis.states) - basis.known) if select is None else []
        inactive = [name for name in chosen if not _is_active(basis, name)]
        with watch.step("publish", "compare with what is published"):
            changes = find_changes(basis, evaluation, [*removed, *inactive], full=full)
        held: dict[str, str] = {}
        while more := held_back(basis, evaluation, changes):
            # Who embeds a segment that is held sees the members that it keeps.
            held |= more
            evaluation = evaluate_basis(basis, wanted - held.keys(), refused, effort)
            changes = find_changes(basis, evaluation, [*removed, *inactive], full=full)
        seconds = time.perf_counter() - started
        states = next_states(
            basis,
            evaluation,
            chosen,
            waiting=waiting,
            held=held,
            unchanged=unchanged,
            changes=changes,
            seconds=seconds,
        )
        if not basis.is_preview:
            kept = {name: state for name, state in basis.states.items() if name not in removed}
            with watch.step("publish", "say why objects came or went"):
                reasons = decide_reasons(basis, evaluation, changes, workspace.definitions)
                reasons_version = write_mixed(basis, reasons)
            record = _record(basis, evaluation, changes, {**kept, **states}, untrusted)
            record = record.model_copy(
                update={
                    "reasons": reasons.single,
                    "mixed": tuple(sorted(reasons.mixed)),
                    "reasons_version": reasons_version,
                }
            )
            keep_documents(store, [s for name, s in definitions.segments.items() if name in chosen], at)
            rows = ((name, membership_rows(basis, evaluation, name, watch)) for name in changes)
            with watch.step("publish", "commit the memberships"):
                store.replace_slices(MEMBERSHIPS, SEGMENT, record.changed, rows, Commit(record.metadata()))
            catch_up(store, keys, watch)
        left = {name: changes[name].exited for name in removed if name in changes}
        results = _results(basis, evaluation, states, changes)
        return Run(basis.run_id, basis.as_of, not basis.is_preview, results, left)


def _chosen(basis: Basis, select: Collection[str] | None) -> set[str]:
    if select is None:
        return basis.known
    for name in sorted(set(select) - basis.known):
        raise UsageError(f"there is no segment `{name}`", hint=did_you_mean(name, basis.known))
    return set(select)


def _is_active(basis: Basis, name: str) -> bool:
    """Whether a segment keeps its members; a definition that cannot be read is no order to empty it."""
    segment = basis.definitions.segments.get(name)
    return segment is None or segment.active


def _record(
    basis: Basis,
    evaluation: Evaluation,
    changes: Mapping[str, Change],
    states: dict[str, SegmentState],
    untrusted: Collection[str],
) -> RunRecord:
    kept_out = evaluation.kept_out
    return RunRecord(
        run_id=basis.run_id,
        number=basis.number,
        as_of=basis.as_of,
        inputs=basis.inputs.versions,
        input_rows=trusted_rows(basis, untrusted),
        setting=basis.setting,
        segments=states,
        changed=tuple(changes),
        pinned_out={name: tuple(kept_out[name]) for name in changes if name in kept_out},
        merged=merged_movers(basis, evaluation, changes),
    )


def _results(
    basis: Basis, evaluation: Evaluation, states: Mapping[str, SegmentState], changes: Mapping[str, Change]
) -> tuple[SegmentResult, ...]:
    results = []
    for name, state in states.items():
        size = basis.sizes.get(name, 0)
        change = changes.get(name, Change(size, 0, 0))
        evaluated = name in evaluation.masks
        results.append(
            SegmentResult(
                name,
                change.size,
                change.entered,
                change.exited,
                state.status,
                state.cause,
                state.seconds if evaluated else 0.0,
                evaluated,
            )
        )
    return tuple(results)
