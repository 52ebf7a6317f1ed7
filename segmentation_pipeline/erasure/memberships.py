"""Leaving every segment: one commit of the memberships, and what follows them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from segmentation_pipeline.catalog.contracts import OBJECT_INDEX
from segmentation_pipeline.erasure.naming import without
from segmentation_pipeline.lake.commit import Commit
from segmentation_pipeline.lake.erasing import delete_rows
from segmentation_pipeline.lake.predicates import any_number, one_of
from segmentation_pipeline.segments.basis import object_keys
from segmentation_pipeline.segments.followers import catch_up
from segmentation_pipeline.segments.published import SEGMENT, read_published
from segmentation_pipeline.segments.tables import DEFINITION_VERSIONS, MEMBERSHIPS

if TYPE_CHECKING:
    from collections.abc import Collection

    from segmentation_pipeline.catalog.model import Catalog
    from segmentation_pipeline.erasure.subject import Subject
    from segmentation_pipeline.erasure.texts import Mentions
    from segmentation_pipeline.lake.store import DeltaStore
    from segmentation_pipeline.segments.record import RunRecord, SegmentState

ERASED = "erased"
"""The reason of the transitions."""


def held(store: DeltaStore, subject: Subject) -> dict[str, int]:
    """Return how many of the subject's objects each segment has as members."""
    published = read_published(store)
    found = {}
    for segment, numbers in _by_segment(published.record, published.memberships.sizes(), subject).items():
        rows = published.memberships.scan(segment).filter(pl.col(OBJECT_INDEX).is_in(list(numbers)))
        if count := rows.select(pl.len()).collect().item():
            found[segment] = int(count)
    return found


def leave_segments(
    store: DeltaStore, catalog: Catalog, subject: Subject, mentions: Mentions, erasure_id: str
) -> int:
    """Take the subject out of every segment, with transitions that say `erased`; return how many rows.

    The transitions keep the number of the object, which then means nobody. A no-op before a first run.
    """
    keys = object_keys(store, catalog)
    catch_up(store, keys)
    published = read_published(store)
    if published.record is None:
        return 0
    leaving = held(store, subject)
    where = " OR ".join(
        f"({one_of(SEGMENT, [segment])} AND {any_number(OBJECT_INDEX, numbers)})"
        for segment, numbers in _by_segment(published.record, leaving, subject).items()
    )
    record = _record(published.record, sorted(leaving), mentions, erasure_id)
    _clean_definitions(store, mentions)
    gone = delete_rows(store, MEMBERSHIPS, where or "false", Commit(record.metadata())) if leaving else 0
    if not leaving:
        # The record still has to lose the keys that it names, and the log what was before it.
        store.append(MEMBERSHIPS, pl.DataFrame(schema=MEMBERSHIPS.schema), Commit(record.metadata()))
    catch_up(store, keys)
    return gone


def _by_segment(
    record: RunRecord | None, segments: Collection[str], subject: Subject
) -> dict[str, tuple[int, ...]]:
    """Return, by segment, the numbers of the subject's objects of the segment's kind."""
    states = record.segments if record is not None else {}
    numbers = {name: subject.indexes.get(states[name].object, ()) for name in segments if name in states}
    return {name: found for name, found in sorted(numbers.items()) if found}


def _record(before: RunRecord, changed: list[str], mentions: Mentions, erasure_id: str) -> RunRecord:
    states = {name: _without(state, mentions) for name, state in before.segments.items()}
    return before.model_copy(
        update={
            "run_id": erasure_id,
            "segments": states,
            "changed": tuple(changed),
            "reasons": dict.fromkeys(changed, ERASED),
            "pinned_out": {},
        }
    )


def _without(state: SegmentState, mentions: Mentions) -> SegmentState:
    kept = tuple(key for key in state.pending if not mentions.is_key(key) and not mentions.in_text(key))
    cause = None if state.cause is None else mentions.without(state.cause)
    return state.model_copy(update={"pending": kept, "cause": cause})


def _clean_definitions(store: DeltaStore, mentions: Mentions) -> None:
    """Take the subject out of the texts of definitions that were once evaluated."""
    if not store.exists(DEFINITION_VERSIONS.name):
        return
    rows = store.scan(DEFINITION_VERSIONS.name).collect()
    texts = [without(text or "", mentions) for text in rows["definition"]]
    if texts != rows["definition"].fill_null("").to_list():
        store.replace(DEFINITION_VERSIONS, rows.with_columns(pl.Series("definition", texts, pl.String)))
