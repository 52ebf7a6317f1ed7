"""What a run changes: the new members of every segment beside the published ones, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from segmentation_pipeline.evaluation.estimate import tables_read
from segmentation_pipeline.evaluation.index import OBJECT_INDEX
from segmentation_pipeline.rules.graph import closure_hashes, dependencies, embeddings
from segmentation_pipeline.segments.tables import MEMBERSHIPS, TRANSITIONS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from segmentation_pipeline.evaluation.evaluate import Evaluation
    from segmentation_pipeline.segments.basis import Basis


@dataclass(frozen=True, slots=True)
class Change:
    """The rows a segment should have, and how many of its members came and went."""

    rows: pl.DataFrame
    entered: int
    exited: int


def find_changes(
    basis: Basis, evaluation: Evaluation, gone: Iterable[str], *, full: bool
) -> dict[str, Change]:
    """Return the change of every segment that has one (``full``: of every evaluated one).

    Those that are ``gone`` empty. Members that stay keep when and how they were added.
    """
    changes: dict[str, Change] = {}
    for name, held in basis.published.rows({*evaluation.members, *gone}):
        change = (
            _change(basis, evaluation, name, held)
            if name in evaluation.members
            else Change(held.clear(), 0, held.height)
        )
        if full or change.entered or change.exited:
            changes[name] = change
    return changes


def _change(basis: Basis, evaluation: Evaluation, name: str, held: pl.DataFrame) -> Change:
    members = evaluation.members[name].rename(OBJECT_INDEX).to_frame()
    rows = members.join(held.drop("segment_id"), on=OBJECT_INDEX, how="left", maintain_order="left")
    entered = rows["added_at"].null_count()
    exited = held.height - (rows.height - entered)
    pinned = evaluation.pinned.get(name, pl.Series(dtype=pl.Int64))
    via = "manual" if evaluation.definitions.segments[name].members is not None else "rule_match"
    new = pl.when(pl.col(OBJECT_INDEX).is_in(pinned.implode())).then(pl.lit("pin")).otherwise(pl.lit(via))
    added = pl.lit(basis.as_of, dtype=MEMBERSHIPS.schema["added_at"])
    filled = rows.with_columns(
        pl.lit(name).alias("segment_id"),
        pl.col("added_at").fill_null(added),
        pl.col("added_via").fill_null(new),
    )
    return Change(filled.select(MEMBERSHIPS.schema.names()), entered, exited)


def certain_reasons(basis: Basis, changed: Iterable[str]) -> dict[str, str]:
    """Return why the members of segments changed, where versions and hashes alone decide it.

    Of rule, data and time only one may have moved since the segment, and all it embeds, were last
    evaluated.
    """
    hashes = closure_hashes(basis.definitions.segments)
    reasons = {name: _reason(basis, name, hashes) for name in changed}
    return {name: reason for name, reason in reasons.items() if reason is not None}


def _reason(basis: Basis, name: str, hashes: Mapping[str, str]) -> str | None:
    segments = basis.definitions.segments
    state = basis.states.get(name)
    if basis.previous is None or state is None or state.evaluated_at is None:
        return "definition changed"
    if name not in segments or not segments[name].active:
        return "definition changed"
    read = {name, *dependencies(segments, {name})}
    if basis.previous.setting != basis.setting or not all(_is_of_last_run(basis, part) for part in read):
        return None
    # What was published is data too, and every run adds to it.
    if any(not node.evaluated for part in read for node in embeddings(segments[part])):
        return None
    same_rule = state.hash == hashes[name]
    # A rule that changed may have read other tables before.
    tables = {t for part in read for t in tables_read(segments[part], basis.catalog)} if same_rule else None
    same_data = _versions(basis.previous.inputs, tables) == _versions(basis.inputs.versions, tables)
    same_time = state.evaluated_at == basis.as_of
    moved = (not same_rule, not same_data, not same_time)
    return {
        (True, False, False): "definition changed",
        (False, True, False): "data changed",
        (False, False, True): "time passed",
    }.get(moved)


def _is_of_last_run(basis: Basis, name: str) -> bool:
    state = basis.states.get(name)
    return state is not None and basis.previous is not None and state.run_id == basis.previous.run_id


def _versions(inputs: Mapping[str, int], tables: set[str] | None) -> dict[str, int]:
    """Return the versions of some tables (None: of all but the history, to which every run adds)."""
    wanted = set(inputs) - {TRANSITIONS.name} if tables is None else tables
    return {name: version for name, version in inputs.items() if name in wanted}
