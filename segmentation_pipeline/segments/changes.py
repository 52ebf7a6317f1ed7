"""What a run changes: the new members of every segment beside the published ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from segmentation_pipeline.segments.basis import published_rows
from segmentation_pipeline.segments.tables import MEMBERSHIPS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from segmentation_pipeline.evaluation.evaluate import Evaluation
    from segmentation_pipeline.segments.basis import Basis

_KEPT = ("added_at", "added_via")


@dataclass(frozen=True, slots=True)
class Change:
    """The rows a segment should have, and how many of its members came and went."""

    rows: pl.DataFrame
    entered: int
    exited: int

    @property
    def differs(self) -> bool:
        return bool(self.entered or self.exited)


def find_changes(basis: Basis, evaluation: Evaluation, gone: Iterable[str]) -> dict[str, Change]:
    """Return the change of every evaluated segment, and of those that are ``gone``: they empty.

    Members that stay keep when and how they were added.
    """
    changes = {name: _change(basis, evaluation, name) for name in evaluation.members}
    for name in gone:
        held = published_rows(basis.store, name)
        changes[name] = Change(held.clear(), 0, held.height)
    return changes


def _change(basis: Basis, evaluation: Evaluation, name: str) -> Change:
    held = published_rows(basis.store, name)
    members = evaluation.members[name].rename("object_index").to_frame()
    rows = members.join(held.drop("segment_id"), on="object_index", how="left", maintain_order="left")
    entered = rows["added_at"].null_count()
    exited = held.height - (rows.height - entered)
    pinned = evaluation.pinned.get(name, pl.Series(dtype=pl.Int64))
    via = "manual" if evaluation.definitions.segments[name].members is not None else "rule_match"
    new = pl.when(pl.col("object_index").is_in(pinned.implode())).then(pl.lit("pin")).otherwise(pl.lit(via))
    added = pl.lit(basis.as_of, dtype=MEMBERSHIPS.schema["added_at"])
    filled = rows.with_columns(
        pl.lit(name).alias("segment_id"), pl.col("added_at").fill_null(added), pl.col("added_via").fill_null(new)
    )
    return Change(filled.select(MEMBERSHIPS.schema.names()), entered, exited)


def certain_reasons(basis: Basis, changes: Mapping[str, Change], hashes: Mapping[str, str]) -> dict[str, str]:
    """Return why the members of a segment changed, where versions and hashes alone decide it."""
    reasons = {}
    for name, change in changes.items():
        if change.differs and (reason := _reason(basis, name, hashes)) is not None:
            reasons[name] = reason
    return reasons


def _reason(basis: Basis, name: str, hashes: Mapping[str, str]) -> str | None:
    previous = basis.previous
    state = previous.segments.get(name) if previous is not None else None
    if previous is None or state is None or state.evaluated_at is None or name not in hashes:
        return "definition changed"
    if state.run_id != previous.run_id or previous.inputs != basis.inputs.versions:
        return None
    if hashes[name] == state.hash:
        return "time passed"
    return "definition changed" if state.evaluated_at == basis.as_of else None
