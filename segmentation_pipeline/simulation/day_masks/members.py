"""Who was a member of which segment at the end of every past day: all days in one pass.

Contacts are computed a block at a time, and only one block is held: whoever walks through them slice by
slice needs no more memory for many contacts than for few.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from segmentation_pipeline.assignment.contenders import Ranking
from segmentation_pipeline.assignment.counting import segment_counts
from segmentation_pipeline.catalog.contracts import OBJECT_INDEX
from segmentation_pipeline.evaluation.positions import buckets
from segmentation_pipeline.simulation.day_masks.bits import by_day, day_before, words_for
from segmentation_pipeline.simulation.day_masks.program import compile_program

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from segmentation_pipeline.evaluation.evaluate import Failure
    from segmentation_pipeline.rules.segment import Definitions
    from segmentation_pipeline.simulation.day_masks.bits import Array, Words
    from segmentation_pipeline.simulation.day_masks.past import BasisWord, Past
    from segmentation_pipeline.simulation.day_masks.program import Program

CONTACT = "contact"
Counts = tuple["Array", "Array", "Array"]


class PastMembers:
    """The members of segments of contacts on past days.

    ``contacts`` are the ``object_index`` of all there are now, sorted: a contact is named by its place
    among them. ``failed`` are the segments that cannot be evaluated, and why; ``segments`` the others.
    """

    def __init__(self, program: Program, segments: Sequence[str]) -> None:
        self._program = program
        self.days = program.past.days.dates
        self.failed: Mapping[str, Failure] = {n: program.failed[n] for n in segments if n in program.failed}
        self.segments = tuple(name for name in segments if name not in self.failed)
        self.basis: Mapping[str, BasisWord] = program.past.basis
        rows = program.past.index.stored(program.kind).rows
        self.contacts = (
            rows.select(pl.col(OBJECT_INDEX).cast(pl.Int64).sort()).collect().to_series().to_numpy()
        )
        self._blocks = buckets(program.past.positions(program.kind), program.past.size)
        starts = np.array([block.start for block in self._blocks], dtype=np.int64)
        self._edges = [*np.searchsorted(self.contacts, starts).tolist(), len(self.contacts)]
        shape = (2, len(self._blocks), len(self.segments), len(self.days))
        self._counted = np.zeros(shape, dtype=np.int64)
        self._is_counted = [False] * len(self._blocks)
        self._block: tuple[int, dict[str, Words]] | None = None
        self._turned: tuple[tuple[tuple[str, ...], int, int], dict[int, Words]] | None = None

    def slices(self, size: int) -> Iterator[slice]:
        """Yield slices of at most ``size`` contacts, ascending; each lies in one block."""
        for first, after in pairwise(self._edges):
            for start in range(first, after, size):
                yield slice(start, min(start + size, after))

    def words(self, ranking: Ranking | Sequence[str], day_at: int, part: slice | None = None) -> Words:
        """Return the members of one day as bits of ranks, uint64 of shape (words, contacts of the part).

        Bit ``r % 64`` of word ``r // 64`` is the ``r``-th segment; what is not among ``segments`` has no
        members. All days of a part are turned round at once, of all contacts 8 bytes a day and word each,
        and are held until another part or a later day is asked for: go through days as they come.
        """
        ids = ranking.ids if isinstance(ranking, Ranking) else tuple(ranking)
        start, stop, _ = (part or slice(None)).indices(len(self.contacts))
        if self._turned is None or self._turned[0] != (ids, start, stop) or day_at not in self._turned[1]:
            self._turned = None
            self._turned = (ids, start, stop), self._turn(ids, start, stop)
        held = self._turned[1]
        for day in [day for day in held if day < day_at]:
            del held[day]
        return held[day_at]

    def masks(self, segment: str, part: slice | None = None) -> Words:
        """Return the days on which contacts were members, uint64 of shape (words, contacts of the part).

        Bit ``d % 64`` of word ``d // 64`` is the ``d``-th day.
        """
        start, stop, _ = (part or slice(None)).indices(len(self.contacts))
        parts = [masks[segment][:, mine] for masks, mine, _ in self._held(start, stop)]
        empty = np.zeros((words_for(len(self.days)), 0), dtype=np.uint64)
        return np.concatenate([empty, *parts], axis=1)

    @property
    def by_day(self) -> tuple[str, ...]:
        """The conditions that were evaluated day by day, in English."""
        return self._program.by_day

    @property
    def sizes(self) -> Array:
        """How many members a segment had on a day, int64 of shape (segments, days).

        To count is to compute every block, if only for that.
        """
        return self._counts(0)

    @property
    def entered(self) -> Array:
        """How many were members that were none the day before; on the first day all enter."""
        return self._counts(1)

    @property
    def exited(self) -> Array:
        """How many were members the day before and are none."""
        nobody = np.zeros((len(self.segments), 1), dtype=np.int64)
        before = np.concatenate([nobody, self.sizes[:, :-1]], axis=1)
        gone: Array = before + self.entered - self.sizes
        return gone

    def _counts(self, which: int) -> Array:
        for number, counted in enumerate(self._is_counted):
            if not counted:
                self._count(number)
        total: Array = self._counted[which].sum(axis=0)
        return total

    def _turn(self, ids: tuple[str, ...], start: int, stop: int) -> dict[int, Words]:
        shape = words_for(len(ids)), stop - start
        turned: dict[int, Words] = {day: np.zeros(shape, dtype=np.uint64) for day in range(len(self.days))}
        for masks, mine, at in self._held(start, stop):
            nobody = np.zeros((words_for(len(self.days)), mine.stop - mine.start), dtype=np.uint64)
            rows = [masks[name][:, mine] if name in masks else nobody for name in ids]
            for day, words in enumerate(by_day(rows, len(self.days))):
                turned[day][:, at] = words
        if stop - start > max(after - first for first, after in pairwise(self._edges)):
            # Nobody asks for this block again before the first one.
            self._block = None
        return turned

    def _held(self, start: int, stop: int) -> Iterator[tuple[Mapping[str, Words], slice, slice]]:
        """Yield the masks of the blocks that a part touches, its place in them and their place in it."""
        for number, (first, after) in enumerate(pairwise(self._edges)):
            low, high = max(first, start), min(after, stop)
            if low < high:
                yield (
                    self._masks_of(number),
                    slice(low - first, high - first),
                    slice(low - start, high - start),
                )

    def _masks_of(self, number: int) -> dict[str, Words]:
        if self._block is None or self._block[0] != number:
            self._block = None
            self._block = number, self._program.masks(self._blocks[number], self.segments)
        return self._block[1]

    def _count(self, number: int) -> None:
        masks = self._masks_of(number)
        for place, name in enumerate(self.segments):
            for which, words in enumerate((masks[name], masks[name] & ~day_before(masks[name]))):
                self._counted[which, number, place] = segment_counts([words], len(self.days))[0]
        self._is_counted[number] = True


def past_members(definitions: Definitions, past: Past, segments: Sequence[str]) -> PastMembers:
    """Return who was a member of segments of contacts at the end of every day of the past.

    It is what evaluating each day by itself gives (`Past.index_at`). Conditions that look at whole
    populations are evaluated here, the rest when it is asked for.
    """
    return PastMembers(compile_program(definitions, past, CONTACT, segments), segments)
