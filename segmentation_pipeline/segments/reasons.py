"""Why every object came or went, decided by evaluating: time, data and definition move one by one.

From what was published to what a run finds there are three steps: the old rule on the old data at the
new instant (time passed), the old rule on the new data (data changed), the new rule (definition changed).
The reason is the last step at which the object changed sides. A changed catalog counts as a changed
definition. Rows that were published meanwhile are data.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING

import polars as pl
import pyarrow as pa

from segmentation_pipeline.errors import SegmentationError
from segmentation_pipeline.evaluation.evaluate import evaluate_index
from segmentation_pipeline.evaluation.positions import ids_in_steps
from segmentation_pipeline.lake.store import Commit
from segmentation_pipeline.rules.graph import closure_hashes, dependencies
from segmentation_pipeline.segments.certain_reasons import certain_reasons
from segmentation_pipeline.segments.former import FormerRun
from segmentation_pipeline.segments.masks import aligned
from segmentation_pipeline.segments.published import SEGMENT, PublishedIds, record_of_run
from segmentation_pipeline.segments.tables import REASON, TRANSITION_REASONS

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Collection, Iterator, Mapping
    from pathlib import Path

    from segmentation_pipeline.evaluation.evaluate import Evaluation
    from segmentation_pipeline.index.build import Index
    from segmentation_pipeline.rules.segment import Definitions
    from segmentation_pipeline.segments.basis import Basis
    from segmentation_pipeline.segments.record import RunRecord

DEFINITION, DATA, TIME = "definition changed", "data changed", "time passed"
_UNREADABLE = (SegmentationError, pl.exceptions.PolarsError, pa.ArrowException, OSError)


@dataclass(frozen=True, slots=True)
class Reasons:
    """``single`` is the one reason of all that moved in a segment; ``mixed`` the movers by reason.

    A segment in neither could not be decided: what it was last evaluated on is no longer there.
    """

    single: dict[str, str] = field(default_factory=dict)
    mixed: dict[str, dict[str, pl.Series]] = field(default_factory=dict)


def decide_reasons(basis: Basis, evaluation: Evaluation, changed: Collection[str], folder: Path) -> Reasons:
    """Return why objects moved in every changed segment, as far as what it was evaluated on is there.

    ``folder`` is that of the definitions: files that former texts name are read from it.
    """
    found = Reasons(single=certain_reasons(basis, changed))
    by_run: dict[str, list[str]] = {}
    for name in sorted(set(changed) - found.single.keys()):
        by_run.setdefault(basis.states[name].run_id, []).append(name)
    for run_id, names in by_run.items():
        record = record_of_run(basis.store, run_id)
        if record is not None:
            # Of what cannot be read any more nothing is certain, and no reason is better than a guess.
            with contextlib.suppress(*_UNREADABLE):
                former = FormerRun(basis.store, basis.definitions, record, folder)
                _decide_since(basis, former, evaluation, found, names)
    return found


def write_mixed(basis: Basis, reasons: Reasons) -> int | None:
    """Keep the reasons of single objects for the transitions that follow; return the version, if any."""
    if not reasons.mixed:
        return None
    store = basis.store
    stored = set()
    if store.exists(TRANSITION_REASONS.name):
        stored = set(
            store.snapshot([TRANSITION_REASONS.name]).files(TRANSITION_REASONS.name).rows_by(SEGMENT) or ()
        )
    slices = ((name, _rows(masks)) for name, masks in sorted(reasons.mixed.items()))
    values = sorted({*stored, *reasons.mixed})
    return store.replace_slices(TRANSITION_REASONS, SEGMENT, values, slices, Commit({"run_id": basis.run_id}))


def _rows(masks: Mapping[str, pl.Series]) -> Iterator[pl.DataFrame]:
    for reason, mask in masks.items():
        for ids in ids_in_steps(mask):
            if ids.len():
                yield ids.to_frame().with_columns(pl.lit(reason, dtype=REASON).alias("reason"))


def _decide_since(
    basis: Basis, former: FormerRun, evaluation: Evaluation, found: Reasons, names: Collection[str]
) -> None:
    """Decide the segments that were last evaluated in one run."""
    definitions = former.definitions(names)
    then, now = closure_hashes(definitions.segments), closure_hashes(basis.definitions.segments)
    known: list[str] = []
    for name in names:
        was = former.record.segments[name].hash
        if then.get(name) == was:
            known.append(name)
        elif now[name] != was:
            # Its list of members or values lies in a file, and that is no longer what it was.
            found.single[name] = DEFINITION
    if known:
        steps = _Steps(basis, former, definitions, known)
        edited = {name for name in known if former.record.segments[name].hash != now[name]}
        for name in known:
            if (moves := steps.masks(name, evaluation, edited=name in edited)) is not None:
                _sort_out(name, moves, found)


def _sort_out(name: str, steps: list[tuple[str, pl.Series]], found: Reasons) -> None:
    """Give every mover the last step at which it changed sides."""
    new, old = aligned(steps[-1][1], steps[0][1])
    left = new ^ old
    movers: dict[str, pl.Series] = {}
    for (_, before), (reason, after) in reversed(list(pairwise(steps))):
        one, other = aligned(after, before)
        flipped, still = aligned(one ^ other, left)
        here = flipped & still
        if here.any():
            earlier, here = aligned(movers.get(reason, here), here)
            movers[reason] = earlier | here
            left = still & ~here
    if len(movers) == 1:
        found.single[name] = next(iter(movers))
    elif movers:
        found.mixed[name] = movers


class _Steps:
    """The members of segments at every step between two runs, evaluated where they may differ."""

    def __init__(
        self, basis: Basis, former: FormerRun, definitions: Definitions, names: Collection[str]
    ) -> None:
        record = former.record
        self._basis, self._definitions = basis, definitions
        wanted = {*names, *dependencies(definitions.segments, names)}
        self._wanted = {name for name in wanted if _was_fresh(record, name)}
        outside = frozenset(name for name in wanted - self._wanted if basis.sizes.get(name))
        self._published = PublishedIds(basis.memberships, outside)
        self._at_once: Mapping[str, pl.Series] | None = None
        if record.setting != basis.setting:
            self._at_once = self._evaluate(former.index(record.as_of), record.as_of)
        self._later = self._evaluate(former.index(basis.as_of), basis.as_of)
        self._fed: Mapping[str, pl.Series] | None = None

    def masks(self, name: str, evaluation: Evaluation, *, edited: bool) -> list[tuple[str, pl.Series]] | None:
        """Return the members at each step with the reason of the step that leads there.

        None where the old rule cannot be evaluated at one of them.
        """
        if edited and self._fed is None:
            self._fed = self._evaluate(evaluation.index, self._basis.as_of)
        between = [(DEFINITION, self._at_once), (TIME, self._later)]
        between += [(DATA, self._fed)] if edited else []
        evaluated = [(reason, masks) for reason, masks in between if masks is not None]
        if any(name not in masks for _, masks in evaluated):
            return None
        last = (DEFINITION if edited else DATA, evaluation.masks[name])
        steps = [(reason, masks[name]) for reason, masks in evaluated]
        return [("", self._basis.memberships.mask(name)), *steps, last]

    def _evaluate(self, index: Index, as_of: dt.datetime) -> Mapping[str, pl.Series]:
        found = evaluate_index(self._definitions, index, as_of, only=self._wanted, published=self._published)
        return found.masks


def _was_fresh(record: RunRecord, name: str) -> bool:
    state = record.segments.get(name)
    return state is not None and state.run_id == record.run_id and state.status == "fresh"
