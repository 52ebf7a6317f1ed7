"""Whose memberships end or begin because a merge was imported, or one was undone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
import pyarrow as pa

from segmentation_pipeline.catalog.contracts import OBJECT_INDEX
from segmentation_pipeline.errors import LakeError
from segmentation_pipeline.ingest.merges import redirects_in
from segmentation_pipeline.lake.reading import Snapshot

if TYPE_CHECKING:
    from collections.abc import Iterable

    from segmentation_pipeline.catalog.model import ObjectType
    from segmentation_pipeline.evaluation.evaluate import Evaluation
    from segmentation_pipeline.segments.basis import Basis


def merged_movers(basis: Basis, evaluation: Evaluation, changed: Iterable[str]) -> dict[str, tuple[int, ...]]:
    """Return, by object, the indexes that leave a changed segment merged, or enter one themselves again."""
    found: dict[str, tuple[int, ...]] = {}
    names = list(changed)
    for kind in basis.catalog.objects.values():
        if kind.merges is None or kind.merges not in basis.inputs:
            continue
        mine = [
            name
            for name in names
            if name in evaluation.masks and basis.definitions.segments[name].object == kind.name
        ]
        merged = evaluation.index.merged.get(kind.name)
        gone = pl.Series(dtype=pl.Int64) if merged is None else merged.indexes()
        left = _among(gone, (basis.memberships.mask(name) for name in mine) if gone.len() else ())
        back = _restored(basis, evaluation, kind)
        entered = _among(back, (evaluation.masks[name] for name in mine))
        if moved := sorted({*left, *entered}):
            found[kind.name] = tuple(moved)
    return found


def _among(ids: pl.Series, masks: Iterable[pl.Series]) -> set[int]:
    return {one for mask in masks for one in _members(ids, mask)}


def _members(ids: pl.Series, mask: pl.Series) -> list[int]:
    inside = ids.filter(ids < mask.len())
    found: list[int] = inside.filter(mask.gather(inside)).to_list()
    return found


def _restored(basis: Basis, evaluation: Evaluation, kind: ObjectType) -> pl.Series:
    """Return the objects that the last run saw merged and this one does not."""
    before = _merged_before(basis, kind)
    merged = evaluation.index.merged.get(kind.name)
    if merged is not None:
        before = before.filter(~before.is_in(merged.pairs["merged"].implode()))
    profile = evaluation.index.profiles.get(kind.name)
    if before.is_empty() or profile is None:
        return pl.Series(dtype=pl.Int64)
    back = profile.filter(pl.col(kind.key).is_in(before.implode())).select(pl.col(OBJECT_INDEX).sort())
    return back.collect().to_series()


def _merged_before(basis: Basis, kind: ObjectType) -> pl.Series:
    nobody = pl.Series(dtype=pl.String)
    versions = {} if basis.previous is None else basis.previous.inputs
    if kind.merges not in versions or kind.table not in versions:
        return nobody
    try:
        tables = {name: basis.store.open(name, versions[name]) for name in (kind.table, str(kind.merges))}
        return redirects_in(Snapshot(basis.store.root, tables), kind)["merged"]
    except (LakeError, pl.exceptions.PolarsError, pa.ArrowException, OSError):
        # Maintenance took the old version's files: who was merged then is not known, and no reason
        # is better than a wrong one. `certain_reasons` says what it can.
        return nobody
