"""Members as bits: one mask a segment over every position of its object, and their ids on demand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from segmentation_pipeline.evaluation.positions import as_ids

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True, slots=True, eq=False)
class MemberIds(Mapping[str, "pl.Series"]):
    """The members of segments as sorted ``object_index``: made anew from the masks at every access."""

    masks: Mapping[str, pl.Series]

    def __getitem__(self, segment: str) -> pl.Series:
        return as_ids(self.masks[segment])

    def __iter__(self) -> Iterator[str]:
        return iter(self.masks)

    def __len__(self) -> int:
        return len(self.masks)

    def __contains__(self, segment: object) -> bool:
        return segment in self.masks
