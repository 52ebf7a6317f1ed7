"""What a run changes: the new members of every segment beside the published ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from segmentation_pipeline.catalog.contracts import OBJECT_INDEX
from segmentation_pipeline.evaluation.positions import STEP, ids_in_steps
from segmentation_pipeline.evaluation.profile import UNWATCHED
from segmentation_pipeline.rules.clock import to_micros
from segmentation_pipeline.segments.masks import aligned, count, mask_of
from segmentation_pipeline.segments.tables import MEMBERSHIPS, VIA

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from segmentation_pipeline.evaluation.evaluate import Evaluation
    from segmentation_pipeline.evaluation.profile import Watch
    from segmentation_pipeline.segments.basis import Basis

_INSTANT = MEMBERSHIPS.schema["added_at"]
_CODES = {via: code for code, via in enumerate(VIA.categories)}


@dataclass(frozen=True, slots=True)
class Change:
    """How many members a segment has after the run, and how many came and went."""

    size: int
    entered: int
    exited: int


def find_changes(
    basis: Basis, evaluation: Evaluation, gone: Iterable[str], *, full: bool
) -> dict[str, Change]:
    """Return the change of every segment that has one (``full``: of every evaluated one), by name.

    Those that are ``gone`` empty.
    """
    changes: dict[str, Change] = {}
    for name, mask in evaluation.masks.items():
        new, old = aligned(mask, basis.memberships.mask(name, mask.len()))
        moved = new ^ old
        change = Change(count(new), count(moved & new), count(moved & old))
        if full or change.entered or change.exited:
            changes[name] = change
    for name in gone:
        if basis.sizes.get(name) and name not in evaluation.masks:
            changes[name] = Change(0, 0, basis.sizes[name])
    return dict(sorted(changes.items()))


def membership_rows(
    basis: Basis, evaluation: Evaluation, name: str, watch: Watch = UNWATCHED
) -> Iterator[pl.DataFrame]:
    """Yield the rows a changed segment should have, ascending, few at a time; none of one that is gone.

    Members that stay keep when and how they were added. Raises `OutOfMemory`.
    """
    if name not in evaluation.masks:
        return
    mask = evaluation.masks[name]
    pinned = evaluation.pinned.get(name, pl.Series(dtype=pl.Int64))
    via = "manual" if evaluation.definitions.segments[name].members is not None else "rule_match"
    starts = range(0, mask.len(), STEP)
    for start, held in basis.memberships.ranges(name, starts, STEP):
        part = mask.slice(start, STEP)
        ids = pl.concat([*ids_in_steps(part, start)])
        added_at = np.full(ids.len(), to_micros(basis.as_of), dtype=np.int64)
        added_via = np.full(ids.len(), _CODES[via], dtype=np.uint8)
        if pinned.len():
            added_via[ids.is_in(pinned.implode()).to_numpy()] = _CODES["pin"]
        known = held.filter(held[OBJECT_INDEX] < start + part.len())
        stay = known.filter(part.gather(known[OBJECT_INDEX] - start))
        stayed = mask_of(stay[OBJECT_INDEX] - start, part.len()).filter(part).to_numpy()
        added_at[stayed] = stay["added_at"].to_physical().to_numpy()
        added_via[stayed] = stay["added_via"].to_physical().to_numpy()
        columns = {OBJECT_INDEX: ids, "added_at": pl.Series(added_at).cast(_INSTANT)}
        yield pl.DataFrame({**columns, "added_via": pl.Series(added_via).cat.to(VIA)})
        if watch.memory is not None:
            watch.memory.check(f"writing the members of `{name}`")
