"""Why the members of a segment changed, where versions and hashes alone decide it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segmentation_pipeline.evaluation.estimate import tables_read
from segmentation_pipeline.rules.graph import closure_hashes, dependencies, embeddings
from segmentation_pipeline.segments.tables import TRANSITIONS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from segmentation_pipeline.segments.basis import Basis


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
