"""What a run reads, pinned at its start: definitions, input versions, and the last published run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from segmentation_pipeline.catalog.reading import load_catalog
from segmentation_pipeline.errors import RunFailed
from segmentation_pipeline.evaluation.evaluate import Evaluation, evaluate_index
from segmentation_pipeline.evaluation.stored_index import input_tables, open_index
from segmentation_pipeline.rules.definitions import load_definitions
from segmentation_pipeline.rules.graph import embeds
from segmentation_pipeline.segments.followers import catch_up, last_record
from segmentation_pipeline.segments.tables import MEMBERSHIPS

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Collection, Iterable, Mapping
    from pathlib import Path

    from segmentation_pipeline.catalog.model import Catalog
    from segmentation_pipeline.evaluation.evaluate import Progress
    from segmentation_pipeline.lake.store import DeltaStore, Snapshot
    from segmentation_pipeline.rules.segment import Definitions
    from segmentation_pipeline.segments.record import RunRecord
    from segmentation_pipeline.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Basis:
    """Everything that decides a run: the same basis gives the same members.

    ``rows`` counts the rows of every input table; ``previous`` is the last published run.
    """

    store: DeltaStore
    definitions: Definitions
    inputs: Snapshot
    rows: Mapping[str, int]
    previous: RunRecord | None
    as_of: dt.datetime

    @property
    def catalog(self) -> Catalog:
        return self.definitions.catalog

    @property
    def known(self) -> set[str]:
        """Every segment that has a definition, readable or not."""
        return {*self.definitions.segments, *self.definitions.broken}

    @property
    def is_preview(self) -> bool:
        """Whether the instant lies before the published one, which never goes backwards."""
        return self.previous is not None and self.as_of < self.previous.as_of


def read_definitions(workspace: Workspace) -> Definitions:
    """Return a workspace's definitions; raise `DefinitionError` for a catalog that cannot be read."""
    catalog = load_catalog(workspace.catalog_file, _name(workspace.catalog_file, workspace.project))
    return load_definitions(
        workspace.definitions,
        catalog,
        time_zone=workspace.time_zone,
        week_starts=workspace.week_starts,
        root=workspace.project,
    )


def open_basis(workspace: Workspace, store: DeltaStore, as_of: dt.datetime) -> Basis:
    """Pin what a run reads. Raises `RunFailed` where nothing has been imported."""
    definitions = read_definitions(workspace)
    inputs = store.snapshot(input_tables(definitions.catalog))
    if not inputs.versions:
        hint = "segmentation import TABLE FILE"
        raise RunFailed("there is nothing to evaluate: no table has been imported", where=str(workspace.lake), hint=hint)
    rows = {name: inputs.scan(name).select(pl.len()).collect().item() for name in inputs.versions}
    return Basis(store, definitions, inputs, rows, last_record(store), as_of)


def repair(store: DeltaStore, catalog: Catalog) -> int:
    """Bring the tables that follow the memberships up to them; return how many versions were behind."""
    return catch_up(store, object_keys(store, catalog))


def object_keys(store: DeltaStore, catalog: Catalog) -> Callable[[str], pl.LazyFrame]:
    """Return what gives, by object, a frame of ``object_index`` and ``object_key``."""

    def keys(name: str) -> pl.LazyFrame:
        kind = catalog.objects[name]
        return store.scan(kind.table).select("object_index", pl.col(kind.key).alias("object_key"))

    return keys


def evaluate_basis(
    basis: Basis, only: Collection[str], refused: Mapping[str, str], progress: Progress | None = None
) -> Evaluation:
    """Evaluate segments on pinned inputs; those they embed outside ``only`` are read as published."""
    index = open_index(basis.store, basis.catalog, basis.inputs)
    segments = basis.definitions.segments
    outside = {name for chosen in only if chosen in segments for name in embeds(segments[chosen])} - set(only)
    evaluated = {name for name, state in (basis.previous.segments if basis.previous else {}).items() if state.evaluated_at}
    return evaluate_index(
        basis.definitions,
        index,
        basis.as_of,
        only=only,
        published=published_members(basis.store, outside & evaluated),
        refused=refused,
        progress=progress,
    )


def published_members(store: DeltaStore, segments: Iterable[str]) -> dict[str, pl.Series]:
    """Return the published members of segments as sorted ``object_index``."""
    return {name: published_rows(store, name)["object_index"] for name in segments}


def published_rows(store: DeltaStore, segment: str) -> pl.DataFrame:
    """Return the published memberships of one segment, sorted by ``object_index``."""
    if not store.exists(MEMBERSHIPS.name):
        return pl.DataFrame(schema=MEMBERSHIPS.schema)
    rows = store.scan(MEMBERSHIPS.name).filter(pl.col("segment_id") == segment)
    return rows.sort("object_index").collect()


def _name(file: Path, root: Path) -> str:
    return file.relative_to(root).as_posix() if file.is_relative_to(root) else str(file)
