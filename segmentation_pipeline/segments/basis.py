"""What a run reads, pinned at its start: definitions, input versions, and the last published run."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

import polars as pl

from segmentation_pipeline.catalog.contracts import OBJECT_INDEX
from segmentation_pipeline.catalog.reading import load_catalog
from segmentation_pipeline.errors import RunFailed
from segmentation_pipeline.evaluation.estimate import footprint
from segmentation_pipeline.evaluation.evaluate import Evaluation, evaluate_index
from segmentation_pipeline.evaluation.profile import UNWATCHED, Watch
from segmentation_pipeline.index.build import HISTORY
from segmentation_pipeline.index.coding import BUCKET
from segmentation_pipeline.index.stored import (
    catalog_hash,
    index_of,
    input_tables,
    open_index,
    stored_profiles,
)
from segmentation_pipeline.ingest.merges import stored_redirects
from segmentation_pipeline.rules.definitions import load_definitions
from segmentation_pipeline.rules.graph import embeds
from segmentation_pipeline.segments.freshening import features_then, freshen
from segmentation_pipeline.segments.published import Published, PublishedIds, read_published

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Collection, Mapping

    from segmentation_pipeline.catalog.model import Catalog, ObjectType
    from segmentation_pipeline.evaluation.engine import Progress
    from segmentation_pipeline.lake.store import DeltaStore, Snapshot
    from segmentation_pipeline.rules.segment import Definitions
    from segmentation_pipeline.segments.published import Memberships
    from segmentation_pipeline.segments.record import RunRecord, SegmentState
    from segmentation_pipeline.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Basis:
    """Everything that decides a run: the same basis gives the same members.

    ``rows`` counts the rows of every input table; ``unreadable`` says why those without a count have
    none. ``sizes`` counts the members of every published segment that has any. ``features`` stand, in a
    preview, in place of stored ones that are of another instant.
    """

    store: DeltaStore
    definitions: Definitions
    inputs: Snapshot
    rows: Mapping[str, int]
    unreadable: Mapping[str, str]
    published: Published
    sizes: Mapping[str, int]
    as_of: dt.datetime
    features: Mapping[str, pl.LazyFrame] = field(default_factory=dict)

    @property
    def catalog(self) -> Catalog:
        return self.definitions.catalog

    @property
    def known(self) -> set[str]:
        """Every segment that has a definition, readable or not."""
        return {*self.definitions.segments, *self.definitions.broken}

    @property
    def memberships(self) -> Memberships:
        return self.published.memberships

    @property
    def previous(self) -> RunRecord | None:
        return self.published.record

    @property
    def states(self) -> Mapping[str, SegmentState]:
        """How every segment stood after the last published run."""
        return self.previous.segments if self.previous is not None else {}

    @property
    def is_preview(self) -> bool:
        """Whether the instant lies before the published one, which never goes backwards."""
        return self.previous is not None and self.as_of < self.previous.as_of

    @property
    def number(self) -> int:
        """The number of this run: runs are counted, so that those of one instant have an order."""
        return 1 if self.previous is None else self.previous.number + 1

    @property
    def run_id(self) -> str:
        return "preview" if self.is_preview else f"run-{self.number:06d}"

    @property
    def setting(self) -> str:
        """A hash of what decides members beside rules, data and time."""
        said = f"{catalog_hash(self.catalog)} {self.definitions.week_starts}"
        return hashlib.sha256(said.encode()).hexdigest()[:16]


def read_definitions(workspace: Workspace, catalog: Catalog | None = None) -> Definitions:
    """Return a workspace's definitions; raise `DefinitionError` for a catalog that cannot be read."""
    file = workspace.catalog_file
    return load_definitions(
        workspace.definitions,
        catalog or load_catalog(file, workspace.file_name(file)),
        time_zone=workspace.time_zone,
        week_starts=workspace.week_starts,
        root=workspace.project,
    )


def open_basis(
    store: DeltaStore, definitions: Definitions, as_of: dt.datetime, select: Collection[str] | None = None
) -> Basis:
    """Pin what a run reads, after the features that ``select`` (default: all) reads are up to date.

    Raises `RunFailed` where nothing was imported, or every definition is gone.
    """
    published = read_published(store)
    is_preview = published.record is not None and as_of < published.record.as_of
    untold = {} if is_preview else freshen(store, definitions, select, as_of)
    inputs = store.snapshot([*input_tables(definitions.catalog), HISTORY])
    if not inputs.versions:
        hint = "segmentation import TABLE FILE"
        raise RunFailed(
            "there is nothing to evaluate: no table has been imported", where=store.root.text, hint=hint
        )
    rows: dict[str, int] = {}
    unreadable: dict[str, str] = {}
    for name in inputs.versions:
        try:
            rows[name] = _count(inputs, name)
        except (pl.exceptions.PolarsError, OSError) as error:
            unreadable[name] = f"table `{name}` cannot be read: {error}"
    sizes = published.memberships.sizes()
    features: Mapping[str, pl.LazyFrame] = {}
    if is_preview:
        features, untold = features_then(store, definitions, select, inputs, as_of)
    unreadable |= untold
    basis = Basis(store, definitions, inputs, rows, unreadable, published, sizes, as_of, features)
    if basis.states and not basis.known:
        raise RunFailed(
            f"not one definition is left of the {len(basis.states)} published segments",
            hint="put the folder back; to empty segments on purpose, write `active: false`",
        )
    return basis


def _count(inputs: Snapshot, name: str) -> int:
    """Return the rows of a table, from its log where that says so; raise OSError for a file that is gone."""
    files = inputs.files(name)
    if (lost := files.lost()) is not None:
        raise FileNotFoundError(f"its file {lost} is gone")
    if files.rows is not None:
        return files.rows
    return int(inputs.scan(name).select(pl.len()).collect().item())


@dataclass(frozen=True, slots=True)
class Effort:
    """How an evaluation goes about it: so many objects at once, who is told of it, who watches it."""

    bucket_size: int = BUCKET
    progress: Progress | None = None
    watch: Watch = UNWATCHED


_USUAL = Effort()


def evaluate_basis(
    basis: Basis, only: Collection[str], refused: Mapping[str, str], effort: Effort = _USUAL
) -> Evaluation:
    """Evaluate segments on pinned inputs; those they embed outside ``only`` are read as published.

    A preview builds its index in memory: it writes nothing. Raises `OutOfMemory` before anything is
    read that would not fit.
    """
    watch = effort.watch
    with watch.step("index", "open, and build what is not there"):
        index = (
            index_of(basis.catalog, basis.inputs, basis.features)
            if basis.is_preview
            else open_index(basis.store, basis.catalog, basis.inputs)
        )
    segments = basis.definitions.segments
    evaluated = [segments[name] for name in sorted(only) if name in segments and segments[name].active]
    if watch.memory is not None:
        stored = partial(_stored_widths, basis)
        needed = footprint(evaluated, basis.catalog, basis.rows, effort.bucket_size, stored)
        doing = f"evaluating {len(evaluated)} segments, {effort.bucket_size:,} objects at a time"
        watch.memory.expect(doing, needed)
    embedded = {name for segment in evaluated for name in embeds(segment)}
    outside = frozenset(name for name in embedded - set(only) if _has_members(basis, name))
    return evaluate_index(
        basis.definitions,
        index,
        basis.as_of,
        only=only,
        published=PublishedIds(basis.memberships, outside),
        refused=refused,
        bucket_size=effort.bucket_size,
        progress=effort.progress,
        profile=watch.profile,
        memory=watch.memory,
    )


def _stored_widths(basis: Basis, table: str) -> dict[str, float]:
    readable = table in basis.inputs and table not in basis.unreadable
    return basis.inputs.files(table).widths() if readable else {}


def object_keys(store: DeltaStore, catalog: Catalog) -> Callable[[str], pl.LazyFrame]:
    """Return what gives, by object, a frame of ``object_index`` and ``object_key``.

    Raises `RunFailed` for an object the catalog no longer has.
    """

    def keys(name: str) -> pl.LazyFrame:
        if name not in catalog.objects:
            hint = "put it back until its segments are deleted"
            raise RunFailed(f"segments hold members of `{name}`, which the catalog lacks", hint=hint)
        kind = catalog.objects[name]
        return object_rows(store, kind).select(OBJECT_INDEX, pl.col(kind.key).alias("object_key"))

    return keys


def object_rows(store: DeltaStore, kind: ObjectType) -> pl.LazyFrame:
    """Return the objects with what rules read of them, as the last run saw them.

    That is the profile index: it holds the last good import even where the table is broken by now.
    Before the first run it is the table itself. Of an object that is merged into another only the key
    is there: what was published of it stays its own.
    """
    stored = stored_profiles(store, kind)
    if stored is None:
        return store.scan(kind.table)
    merged = stored_redirects(store, kind)["merged"]
    if merged.is_empty():
        return stored
    former = store.scan(kind.table).filter(pl.col(kind.key).is_in(merged.implode()))
    former = former.select(kind.key, pl.col(OBJECT_INDEX).cast(stored.collect_schema()[OBJECT_INDEX]))
    fresh = former.join(stored.select(OBJECT_INDEX), on=OBJECT_INDEX, how="anti")
    return pl.concat([stored, fresh], how="diagonal")


def _has_members(basis: Basis, name: str) -> bool:
    """Whether a segment was evaluated, and for the object that its definition names now."""
    state = basis.states.get(name)
    segment = basis.definitions.segments.get(name)
    if state is None or segment is None:
        return False
    return state.evaluated_at is not None and state.object == segment.object
