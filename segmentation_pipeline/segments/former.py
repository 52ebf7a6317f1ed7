"""What a past run read: definitions as they were, and tables at the versions they had."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from segmentation_pipeline.documents import read_documents as read_text
from segmentation_pipeline.errors import LakeError
from segmentation_pipeline.evaluation.evaluate import evaluate_index
from segmentation_pipeline.features.unstored import features_at
from segmentation_pipeline.index.stored import read_index
from segmentation_pipeline.lake.reading import Snapshot
from segmentation_pipeline.rules.definition import Setting, read_definition
from segmentation_pipeline.rules.definitions import link
from segmentation_pipeline.rules.graph import closure_hashes, dependencies, embeddings
from segmentation_pipeline.segments.documents import read_documents
from segmentation_pipeline.segments.published import read_published, record_of_run, records

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Collection, Iterable
    from pathlib import Path

    import polars as pl

    from segmentation_pipeline.evaluation.evaluate import Evaluation
    from segmentation_pipeline.index.build import Index
    from segmentation_pipeline.lake.store import DeltaStore
    from segmentation_pipeline.rules.segment import Definitions, Segment
    from segmentation_pipeline.segments.record import RunRecord


@dataclass(frozen=True, slots=True)
class FormerRun:
    """A run that was published, over the catalog of now; ``folder`` is where files are that texts name.

    What maintenance has removed since raises `LakeError` where it is read.
    """

    store: DeltaStore
    present: Definitions
    record: RunRecord
    folder: Path

    def definitions(self, names: Iterable[str]) -> Definitions:
        """Return segments, and all that they named, as the run evaluated them.

        A text that can no longer be read is left out.
        """
        catalog = self.present.catalog
        texts = read_documents(self.store)
        segments: dict[str, Segment] = {}
        waiting = list(names)
        while waiting:
            name = waiting.pop()
            state = self.record.segments.get(name)
            text = texts.get((name, state.document)) if state is not None else None
            if name in segments or text is None:
                continue
            setting = Setting(catalog, text["time_zone"], self.folder)
            (node,) = read_text(text["definition"], f"{name}.yaml")
            segment, _ = read_definition(node, setting, segment=name, source=text["definition"], named=False)
            if segment is not None:
                segments[name] = segment
                waiting += [found.segment for found in embeddings(segment)]
        return link(catalog, segments, (), {}, self.present.week_starts)

    def exact(self, names: Iterable[str]) -> Definitions:
        """Return the definitions; raise `LakeError` for one that is not what the run evaluated."""
        wanted = list(names)
        found = self.definitions(wanted)
        hashes = closure_hashes(found.segments)
        for name in wanted:
            state = self.record.segments.get(name)
            if state is None or state.run_id != self.record.run_id:
                raise LakeError(f"{self.record.run_id} did not evaluate `{name}`")
            if hashes.get(name) != state.hash:
                hint = "it names a file of members or values that is no longer what it was"
                raise LakeError(f"the definition of `{name}` in {self.record.run_id} is gone", hint=hint)
        return found

    @property
    def inputs(self) -> Snapshot:
        """The tables at the versions that the run read."""
        versions = self.record.inputs.items()
        return Snapshot(self.store.root, {name: self.store.open(name, version) for name, version in versions})

    def frames(self) -> dict[str, pl.LazyFrame]:
        inputs = self.inputs
        return {name: inputs.scan(name) for name in inputs.versions}

    def index(self, as_of: dt.datetime) -> Index:
        """Return the data of the run, features as of an instant."""
        inputs = self.inputs
        features = features_at(self.store, self.present.catalog, inputs, as_of)
        return read_index(self.store, self.present.catalog, inputs, features)

    def evaluate(self, names: Collection[str]) -> Evaluation:
        """Return what the run found for segments it evaluated, by evaluating them again."""
        definitions = self.exact(names)
        only = {*names, *dependencies(definitions.segments, names)}
        return evaluate_index(definitions, self.index(self.record.as_of), self.record.as_of, only=only)


def run_at(
    store: DeltaStore, present: Definitions, segment: str, instant: dt.datetime, folder: Path
) -> FormerRun | None:
    """Return the run whose result for a segment was published at an instant, None where there is none."""
    last = read_published(store)
    if last.record is None or instant > last.record.as_of:
        return None
    for record in records(store, last.version):
        if record.as_of <= instant:
            state = record.segments.get(segment)
            if state is None or not state.run_id:
                return None
            made = record if state.run_id == record.run_id else record_of_run(store, state.run_id)
            return None if made is None else FormerRun(store, present, made, folder)
    return None


def former_run(store: DeltaStore, present: Definitions, run_id: str, folder: Path) -> FormerRun:
    """Return a run by its id; raise `LakeError` for one that the log does not have (any more)."""
    record = record_of_run(store, run_id)
    if record is None:
        raise LakeError(f"there is no run `{run_id}`, or it is no longer remembered")
    return FormerRun(store, present, record, folder)
