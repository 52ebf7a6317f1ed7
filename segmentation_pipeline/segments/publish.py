"""A run: evaluate on pinned inputs, and publish in one commit of `segment_memberships`.

A run killed at any instant leaves the last state readable; the next one brings the followers up to
date first and ends where an uninterrupted one does.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from segmentation_pipeline.diagnostics import did_you_mean
from segmentation_pipeline.errors import RunFailed, UsageError
from segmentation_pipeline.lake.lock import lake_lock
from segmentation_pipeline.lake.store import Commit, DeltaStore
from segmentation_pipeline.segments.basis import (
    Basis,
    evaluate_basis,
    object_keys,
    open_basis,
    read_definitions,
)
from segmentation_pipeline.segments.changes import Change, certain_reasons, find_changes
from segmentation_pipeline.segments.documents import keep_documents
from segmentation_pipeline.segments.followers import catch_up
from segmentation_pipeline.segments.guards import forbidden, source_problems, trusted_rows, untrusting
from segmentation_pipeline.segments.record import RunRecord
from segmentation_pipeline.segments.states import next_states
from segmentation_pipeline.segments.tables import MEMBERSHIPS

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Collection, Mapping
    from contextlib import AbstractContextManager

    from segmentation_pipeline.evaluation.engine import Progress
    from segmentation_pipeline.evaluation.evaluate import Evaluation
    from segmentation_pipeline.segments.record import SegmentState
    from segmentation_pipeline.workspace import Workspace


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
) -> Run:
    """Evaluate the selected segments (default: all) and publish their members.

    ``as_of`` defaults to the workspace's, else to ``now``. ``full`` rewrites the members of segments
    that did not change too. A bad segment fails only itself and its dependents.

    Raises:
        LockedError: another process writes.
        DefinitionError: the catalog or the sources cannot be read.
        UsageError: a selected segment does not exist.
        RunFailed: nothing was imported, or the lake's tables do not fit together.
    """
    store = DeltaStore(workspace.lake, workspace.storage_options)
    with _locked(store, wait_seconds):
        at = now()
        definitions = read_definitions(workspace)
        keys = object_keys(store, definitions.catalog)
        catch_up(store, keys)
        basis = open_basis(store, definitions, as_of or workspace.as_of or at)
        chosen = _chosen(basis, select)
        started = time.perf_counter()
        untrusted = source_problems(workspace, basis)
        waiting = untrusting(basis, chosen, untrusted)
        refused = {**forbidden(basis, chosen, workspace.max_scan_bytes), **waiting}
        evaluation = evaluate_basis(basis, chosen, refused, progress)
        removed = sorted(set(basis.states) - basis.known) if select is None else []
        inactive = [name for name in chosen if not _is_active(basis, name)]
        changes = find_changes(basis, evaluation, [*removed, *inactive], full=full)
        seconds = time.perf_counter() - started
        states = next_states(basis, evaluation, chosen, waiting, seconds)
        if not basis.is_preview:
            kept = {name: state for name, state in basis.states.items() if name not in removed}
            record = _record(basis, evaluation, changes, {**kept, **states}, untrusted)
            keep_documents(store, [s for name, s in definitions.segments.items() if name in chosen], at)
            rows = [pl.DataFrame(schema=MEMBERSHIPS.schema), *(change.rows for change in changes.values())]
            commit = Commit(record.metadata())
            store.replace_where(MEMBERSHIPS, pl.concat(rows), "segment_id", record.changed, commit)
            catch_up(store, keys)
        left = {name: changes[name].exited for name in removed if name in changes}
        results = _results(basis, states, changes)
        return Run(basis.run_id, basis.as_of, not basis.is_preview, results, left)


def _locked(store: DeltaStore, wait_seconds: float) -> AbstractContextManager[None]:
    if store.root.local:
        return lake_lock(Path(store.root.text), "run", wait_seconds)
    raise RunFailed("a lake in an object store cannot be locked from here yet", where=store.root.text)


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
        reasons=certain_reasons(basis, changes),
        pinned_out={name: tuple(kept_out[name]) for name in changes if name in kept_out},
    )


def _results(
    basis: Basis, states: Mapping[str, SegmentState], changes: Mapping[str, Change]
) -> tuple[SegmentResult, ...]:
    results = []
    for name, state in states.items():
        change = changes.get(name)
        size = change.rows.height if change is not None else basis.sizes.get(name, 0)
        entered, exited = (change.entered, change.exited) if change is not None else (0, 0)
        results.append(SegmentResult(name, size, entered, exited, state.status, state.cause, state.seconds))
    return tuple(results)
