"""A history of contacts as an arbiter takes it in: day by day, positions and numbers of sources."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from segmentation_pipeline.assignment.contenders import Sources
from segmentation_pipeline.assignment.history import CHANNEL, SEGMENT
from segmentation_pipeline.assignment.people import positions_of
from segmentation_pipeline.assignment.tables import DAY
from segmentation_pipeline.catalog.contracts import OBJECT_INDEX

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray

    from segmentation_pipeline.assignment.contenders import Ranking
    from segmentation_pipeline.rules.segment import Definitions

_SOURCE = "source"


@dataclass(frozen=True, slots=True, eq=False)
class Remembered:
    """Contacts of `HISTORY` with the number of each one's source, and these sources."""

    frame: pl.DataFrame
    sources: Sources

    @classmethod
    def of(cls, history: pl.DataFrame, ranking: Ranking, definitions: Definitions) -> Remembered:
        """Return a history in terms of contenders, and of other sources that it names."""
        pairs = history.select(CHANNEL, SEGMENT).unique()
        deliveries = {
            name: segment.delivery
            for name, segment in definitions.segments.items()
            if segment.delivery is not None
        }
        sources = Sources.of(ranking, pairs.iter_rows(), deliveries)
        numbers = [sources.number_of(*pair) for pair in pairs.iter_rows()]
        numbered = pairs.with_columns(pl.Series(_SOURCE, numbers, dtype=pl.Int64))
        told = history.join(numbered, on=[CHANNEL, SEGMENT], how="left", nulls_equal=True)
        return cls(told.select(DAY, OBJECT_INDEX, _SOURCE).sort(DAY), sources)

    def days(
        self, contacts: NDArray[np.int64]
    ) -> Iterator[tuple[dt.date, NDArray[np.int64], NDArray[np.int64]]]:
        """Yield the days that had contacts, in order, with positions in ``contacts`` and sources."""
        for (day,), rows in self.frame.partition_by(DAY, as_dict=True, maintain_order=True).items():
            positions, known = positions_of(contacts, rows[OBJECT_INDEX].to_numpy())
            yield day, positions, rows[_SOURCE].to_numpy()[known]
