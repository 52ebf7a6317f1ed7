"""What changed since the last run, as the project finds it: an exclusive or of two masks a segment.

Given are the members now and before, in memory in the form that suits; asked for are rows (segment,
object_index, entered). Of the members now, one object in two hundred was the opposite before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from benchmarks.membership_rows import read_members
from benchmarks.peer import Tally, numbers
from segmentation_pipeline.evaluation.positions import ids_in_steps
from segmentation_pipeline.segments.masks import aligned, mask_of

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping
    from pathlib import Path

    from benchmarks.data.dataset import Dataset
    from segmentation_pipeline.rules.segment import Definitions

    Masks = dict[int, tuple[pl.Series, pl.Series]]

_SHARE = 0.005
_masks: Masks = {}
_found: list[pl.DataFrame] = []


def prepare(data: Dataset, workspace: Path) -> None:
    """Do nothing: members come from the run before."""


def before(definitions: Definitions, workspace: Path, reference: Path) -> None:
    """Take the members now from what the project's own engine wrote, and make up those before."""
    _masks.update(masks_now_and_before(definitions, reference))


def masks_now_and_before(definitions: Definitions, reference: Path) -> Masks:
    """Return two masks of one length a segment, by its number."""
    members = read_members(reference)
    length = 1 + max((int(ids[-1]) for ids in members.values()), default=0)
    moved = pl.Series(np.random.default_rng(7).random(length) < _SHARE)
    found = {}
    for number in numbers(definitions).values():
        now = mask_of(members.get(number, pl.Series(dtype=pl.Int32)), length)
        found[number] = (now, now ^ moved)
    return found


def run(data: Dataset, definitions: Definitions, as_of: dt.datetime, workspace: Path, output: Path) -> None:
    """Find the rows that a table of transitions gets."""
    for number, masks in _masks.items():
        now, old = aligned(*masks)
        moved = now ^ old
        for entered, mask in ((True, moved & now), (False, moved & old)):
            _found.extend(
                ids.to_frame().with_columns(
                    pl.lit(number, pl.Int32).alias("segment"), pl.lit(entered).alias("entered")
                )
                for ids in ids_in_steps(mask)
            )


def tally(definitions: Definitions, workspace: Path, output: Path) -> Mapping[str, Tally]:
    return tally_changes(definitions, pl.concat(_found))


def tally_changes(definitions: Definitions, rows: pl.DataFrame) -> Mapping[str, Tally]:
    """Count changes; an exit counts with its object's number below zero, so that no two are mixed up."""
    signed = pl.when("entered").then(pl.col("object_index") + 1).otherwise(-pl.col("object_index") - 1)
    sums = rows.group_by("segment").agg(pl.len().cast(pl.Int64), signed.cast(pl.Int64).sum())
    found = {number: Tally(*both) for number, *both in sums.iter_rows()}
    return {name: found.get(number, Tally(0, 0)) for name, number in numbers(definitions).items()}
