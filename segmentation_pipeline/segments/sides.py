"""Two sets of definitions on the same data at the same instant: which segments differ, and who moves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import polars as pl

from segmentation_pipeline.index.stored import catalog_hash
from segmentation_pipeline.rules.graph import closure_hashes, dependencies, embeds
from segmentation_pipeline.segments.masks import aligned

if TYPE_CHECKING:
    from collections.abc import Collection

    from segmentation_pipeline.evaluation.evaluate import Evaluation
    from segmentation_pipeline.index.build import Index
    from segmentation_pipeline.rules.segment import Definitions, Segment
    from segmentation_pipeline.segments.dry_run import Standing

Kind = Literal["added", "removed", "changed", "through", "catalog", "mended", "broken"]
Change = Literal["entered", "exited", "retained"]


@dataclass(frozen=True, slots=True)
class Side:
    """One set of definitions, evaluated as far as the comparison needs it.

    Segments that are the ``same`` on the other side are evaluated there alone, by the ``lender``.
    """

    definitions: Definitions
    evaluation: Evaluation
    hashes: dict[str, str]
    lender: Evaluation
    same: frozenset[str] = frozenset()

    def evaluated(self, name: str) -> Evaluation:
        """Return what evaluated a segment."""
        return self.lender if name in self.same else self.evaluation

    def segment(self, name: str) -> Segment | None:
        return self.definitions.segments.get(name)

    def known(self, name: str) -> bool:
        return name in self.definitions.segments or name in self.definitions.broken

    def mask(self, name: str) -> pl.Series | None:
        """Return the members as a mask; nobody of an inactive segment, None where it has no answer."""
        segment = self.segment(name)
        if segment is not None and not segment.active:
            return _nobody()
        return self.evaluated(name).masks.get(name)

    def fault(self, name: str) -> str | None:
        if name in self.definitions.broken:
            return self.definitions.broken[name].message
        failure = self.evaluated(name).failed.get(name)
        return None if failure is None else failure.cause

    def signature(self, name: str) -> tuple[str | None, bool]:
        """Return what decides the members of a segment beside data, the segments it embeds included."""
        segment = self.segment(name)
        return self.hashes.get(name), segment is not None and segment.active


@dataclass(frozen=True, slots=True)
class Moves:
    """One segment that differs: how, and who enters, exits and stays, as masks over its objects.

    ``before`` and ``after`` count the members, None where there is no answer to compare; then nobody
    moves. ``through`` are the embedded segments that changed, where the rule itself did not. ``broken``
    says why it can no longer be evaluated.
    """

    segment: str
    kind: Kind
    before: int | None
    after: int | None
    entered: pl.Series
    exited: pl.Series
    retained: pl.Series
    through: tuple[str, ...] = ()
    broken: str | None = None

    @property
    def compared(self) -> bool:
        """Whether both sides have an answer."""
        return self.kind not in ("broken", "mended")

    def count(self, change: Change) -> int:
        """Return how many enter, exit or stay."""
        return _size(self.mask(change))

    def mask(self, change: Change) -> pl.Series:
        return {"entered": self.entered, "exited": self.exited, "retained": self.retained}[change]

    @property
    def churn(self) -> float | None:
        """How many members move, against the size before (a fraction of 1); None without one."""
        return (self.count("entered") + self.count("exited")) / self.before if self.before else None


@dataclass(frozen=True, slots=True)
class Sides:
    """Definitions before and after, both evaluated where they differ.

    ``names`` are all segments of any side, ``touched`` those whose members may differ.
    """

    before: Side
    after: Side
    standing: Standing
    names: tuple[str, ...]
    touched: tuple[str, ...]

    def unanswered(self, name: str) -> str | None:
        """Return why neither side can say who is in a segment; None where one of them can."""
        if self.before.mask(name) is not None or self.after.mask(name) is not None:
            return None
        faults = [side.fault(name) for side in (self.after, self.before)]
        return next((fault for fault in faults if fault is not None), "it has no members")

    def moves(self, name: str) -> Moves | None:
        """Return what moves in a touched segment; None where a change of the catalog moves nobody."""
        old, new = self.before.mask(name), self.after.mask(name)
        if new is None and self.after.known(name):
            size = None if old is None else _size(old)
            cause = self.after.fault(name) or "it cannot be evaluated"
            return Moves(name, "broken", size, None, *_none_move(), broken=cause)
        kind, through = self._kind(name)
        if kind == "mended":
            return Moves(name, kind, None, None if new is None else _size(new), *_none_move())
        before, after = aligned(old if old is not None else _nobody(), new if new is not None else _nobody())
        first, second = self.before.segment(name), self.after.segment(name)
        if first is not None and second is not None and first.object != second.object:
            entered, exited, retained = after, before, before & ~before
        else:
            entered, exited, retained = after & ~before, before & ~after, before & after
        if kind == "catalog" and not entered.any() and not exited.any():
            return None
        sizes = (None if kind == "added" else _size(before), None if kind == "removed" else _size(after))
        return Moves(name, kind, *sizes, entered, exited, retained, through)

    def _kind(self, name: str) -> tuple[Kind, tuple[str, ...]]:
        first, second = self.before.segment(name), self.after.segment(name)
        if second is None:
            return "removed", ()
        if first is None:
            return ("mended" if self.before.known(name) else "added"), ()
        if self.before.mask(name) is None:
            return "mended", ()
        if first.hash != second.hash or first.active != second.active:
            return "changed", ()
        through = tuple(
            one for one in embeds(second) if self.before.signature(one) != self.after.signature(one)
        )
        return ("through" if through else "catalog"), through


def set_against(
    before: Definitions, after: Definitions, standing: Standing, also: Collection[str] = ()
) -> Sides:
    """Evaluate two sets of definitions where they differ, and the segments ``also`` named."""
    names = tuple(sorted({*before.segments, *before.broken, *after.segments, *after.broken}))
    hashes = (closure_hashes(before.segments), closure_hashes(after.segments))
    same_catalog = catalog_hash(before.catalog) == catalog_hash(after.catalog)

    def touched(name: str) -> bool:
        (old, was), (new, now) = [
            (side.segments.get(name), found.get(name))
            for side, found in zip((before, after), hashes, strict=True)
        ]
        return not same_catalog or old is None or new is None or was != now or old.active != new.active

    asked = tuple(name for name in names if touched(name))
    index = standing.index(after.catalog)
    other = index if same_catalog else standing.index(before.catalog)
    same = frozenset(also).difference(asked)

    def evaluate(definitions: Definitions, rows: Index, wanted: set[str]) -> Evaluation:
        below = dependencies(definitions.segments, wanted)
        return standing.evaluate(definitions, {*wanted, *below}, rows)

    new = evaluate(after, index, {*asked, *same})
    old = evaluate(before, other, set(asked))
    return Sides(
        Side(before, old, hashes[0], new, same), Side(after, new, hashes[1], new), standing, names, asked
    )


def _nobody() -> pl.Series:
    return pl.Series([], dtype=pl.Boolean)


def _none_move() -> tuple[pl.Series, pl.Series, pl.Series]:
    return _nobody(), _nobody(), _nobody()


def _size(mask: pl.Series) -> int:
    return int(mask.sum())
