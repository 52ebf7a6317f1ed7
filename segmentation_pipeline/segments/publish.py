"""A run: evaluate on pinned inputs, and publish in one commit of `segment_memberships`.

A run killed at any instant leaves the last state readable; the next one brings the followers up to
date first and ends where an uninterrupted one does.
"""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from segmentation_pipeline.lake.lock import lake_lock
from segmentation_pipeline.lake.store import Commit, DeltaStore
from segmentation_pipeline.rules.graph import closure_hashes
from segmentation_pipeline.segments.basis import Basis, evaluate_basis, open_basis, published_rows, repair
from segmentation_pipeline.segments.changes import Change, certain_reasons, find_changes
from segmentation_pipeline.segments.documents import keep_documents
from segmentation_pipeline.segments.guards import refusals, source_problems
from segmentation_pipeline.segments.record import RunRecord, SegmentState
from segmentation_pipeline.segments.states import next_states
from segmentation_pipeline.segments.tables import MEMBERSHIPS

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Collection, Mapping

    from segmentation_pipeline.evaluation.evaluate import Evaluation, Progress
    from segmentation_pipeline.rules.segment import Definitions
    from segmentation_pipeline.workspace import Workspace

    Selector = Callable[[Definitions], Collection[str]]


@dataclass(frozen=True, slots=True)
class SegmentResult:
    """How one segment fared; ``seconds`` is its share of the evaluation, by the bytes it reads."""

    segment: str
    size: int
    entered: int
    exited: int
    status: str
    cause: str | None
    seconds: float


@dataclass(frozen=True, slots=True)
class Run:
    """A run that ended. One whose ``as_of`` lies before the published one was only a preview."""

    run_id: str
    as_of: dt.datetime
    published: bool
    segments: tuple[SegmentResult, ...]


def publish(
    workspace: Workspace,
    *,
    now: Callable[[], dt.datetime],
    select: Selector | None = None,
    full: bool = False,
    as_of: dt.datetime | None = None,
    wait_seconds: float = 0,
    progress: Progress | None = None,
) -> Run:
    """Evaluate the selected segments (default: all) and publish their members.

    ``as_of`` defaults to the workspace's, else to ``now``. ``full`` rewrites the members of segments
    that did not change too. Raises `LockedError` while another process writes, `DefinitionError`
    for a catalog that cannot be read; a bad segment fails only itself and its dependents.
    """
    store = DeltaStore(workspace.lake, workspace.storage_options)
    with lake_lock(workspace.lake, "run", wait_seconds):
        basis = open_basis(workspace, store, as_of or workspace.as_of or now())
        repair(store, basis.catalog)
        chosen = basis.known if select is None else basis.known & set(select(basis.definitions))
        started = time.perf_counter()
        untrusted = source_problems(workspace, basis, now())
        refused = refusals(workspace, basis, chosen, untrusted)
        evaluation = evaluate_basis(basis, chosen, refused, progress)
        changes = find_changes(basis, evaluation, _gone(basis, chosen, complete=select is None))
        hashes = closure_hashes(basis.definitions.segments)
        run_id = uuid.uuid4().hex[:12]
        seconds = time.perf_counter() - started
        states = next_states(basis, evaluation, chosen, refused, hashes, run_id, seconds)
        if not basis.is_preview:
            if select is not None and basis.previous is not None:
                states = {**basis.previous.segments, **states}
            written = {name: change for name, change in changes.items() if change.differs or full}
            documented = _with_documents(basis, states, now())
            record = _record(basis, evaluation, written, documented, untrusted, run_id)
            record = record.model_copy(update={"reasons": certain_reasons(basis, written, hashes)})
            rows = [pl.DataFrame(schema=MEMBERSHIPS.schema), *(written[name].rows for name in record.changed)]
            store.replace_where(
                MEMBERSHIPS, pl.concat(rows), "segment_id", record.changed, Commit(record.metadata())
            )
            repair(store, basis.catalog)
        results = tuple(_result(basis, name, states[name], changes.get(name)) for name in sorted(chosen))
        return Run(run_id, basis.as_of, not basis.is_preview, results)


def _gone(basis: Basis, chosen: Collection[str], *, complete: bool) -> list[str]:
    """Return the segments whose members must leave: deactivated, or without a definition any more."""
    segments = basis.definitions.segments
    gone = [name for name in chosen if name in segments and not segments[name].active]
    if complete and basis.previous is not None:
        gone += [name for name in basis.previous.segments if name not in basis.known]
    return sorted(gone)


def _with_documents(basis: Basis, states: Mapping[str, SegmentState], at: dt.datetime) -> dict[str, SegmentState]:
    last = {name: state.document for name, state in (basis.previous.segments if basis.previous else {}).items()}
    hashes = {**last, **keep_documents(basis.store, basis.definitions, last, at)}
    return {name: state.model_copy(update={"document": hashes[name]}) for name, state in states.items()}


def _record(
    basis: Basis,
    evaluation: Evaluation,
    changes: Mapping[str, Change],
    states: Mapping[str, SegmentState],
    untrusted: Collection[str],
    run_id: str,
) -> RunRecord:
    """Return what the commit says of the run; a table that is not trusted keeps its trusted row count."""
    before = basis.previous.input_rows if basis.previous is not None else {}
    return RunRecord(
        run_id=run_id,
        as_of=basis.as_of,
        inputs=basis.inputs.versions,
        input_rows={**basis.rows, **{name: before[name] for name in untrusted if name in before}},
        segments=dict(states),
        changed=tuple(sorted(changes)),
        pinned_out={name: tuple(ids) for name, ids in evaluation.kept_out.items() if name in changes and len(ids)},
    )


def _result(basis: Basis, name: str, state: SegmentState, change: Change | None) -> SegmentResult:
    size = change.rows.height if change is not None else published_rows(basis.store, name).height
    entered, exited = (change.entered, change.exited) if change is not None else (0, 0)
    return SegmentResult(name, size, entered, exited, state.status, state.cause, state.seconds)
