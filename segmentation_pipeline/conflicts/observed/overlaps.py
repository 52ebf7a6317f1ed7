"""What the data shows: how many members every two segments share."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from segmentation_pipeline.conflicts.observed.bits import count_pairs

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from segmentation_pipeline.conflicts.observed.bits import Bits
    from segmentation_pipeline.rules.segment import Segment


@dataclass(frozen=True, slots=True)
class Overlap:
    """The members of two segments of one object, ``segment_a`` < ``segment_b``.

    Shares are null where there is nothing to share.

    >>> pair = Overlap("a", "b", 4, 8, 2)
    >>> pair.jaccard, pair.share_of_a, pair.share_of_b
    (0.2, 0.5, 0.25)
    """

    segment_a: str
    segment_b: str
    size_a: int
    size_b: int
    overlap: int

    @property
    def pair(self) -> tuple[str, str]:
        return self.segment_a, self.segment_b

    @property
    def jaccard(self) -> float | None:
        """What both have of what any has."""
        return _share(self.overlap, self.size_a + self.size_b - self.overlap)

    @property
    def share_of_a(self) -> float | None:
        """What part of a's members b has too: 1 where a is contained in b."""
        return _share(self.overlap, self.size_a)

    @property
    def share_of_b(self) -> float | None:
        """What part of b's members a has too."""
        return _share(self.overlap, self.size_b)


def find_overlaps(segments: Iterable[Segment], bits: Bits) -> list[Overlap]:
    """Return every two of the segments that hold one kind of object and have members to look at."""
    seen = sorted(
        (segment for segment in segments if segment.id in bits), key=lambda one: (one.object, one.id)
    )
    found = [
        overlap
        for _, alike in groupby(seen, key=lambda segment: segment.object)
        for overlap in _pairs([segment.id for segment in alike], bits)
    ]
    return sorted(found, key=lambda overlap: overlap.pair)


def _pairs(names: list[str], bits: Bits) -> Iterator[Overlap]:
    shared = count_pairs([bits[name] for name in names]).tolist()
    for line, name in enumerate(names):
        for column in range(line + 1, len(names)):
            sizes = shared[line][line], shared[column][column]
            yield Overlap(name, names[column], *sizes, shared[line][column])


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
