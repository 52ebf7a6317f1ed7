"""Which events count, and for what: the catalog's meanings, source by source."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from segmentation_pipeline.catalog.scores import CONTACT, COUNTS, TIMES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from segmentation_pipeline.catalog.model import Catalog, EventSource


@dataclass(frozen=True, slots=True, eq=False)
class Counted:
    """The types of one source that count, each by its place in ``types``.

    ``meanings`` says, by meaning, of every type whether it has it; ``revenue`` the same by column.
    """

    source: EventSource
    types: tuple[str, ...]
    meanings: Mapping[str, np.ndarray]
    revenue: Mapping[str, np.ndarray]


def counted_sources(catalog: Catalog) -> list[Counted]:
    """Return the sources of contacts that have events of any meaning."""
    wanted = {meaning: set(catalog.meanings.get(meaning, ())) for meaning in (*COUNTS, *TIMES)}
    sums = [name.split(".", 1) for name in catalog.meanings.get("revenue", ())]
    found = []
    for name in catalog.objects[CONTACT].events:
        source = catalog.events[name]
        named = {*(event for events in wanted.values() for event in events), *(event for event, _ in sums)}
        types = tuple(kind for kind in source.types if kind in named)
        if types:
            meanings = {meaning: _among(types, events) for meaning, events in wanted.items()}
            mine = [(event, column) for event, column in sums if event in types]
            columns = dict.fromkeys(column for _, column in mine)
            revenue = {of: _among(types, {event for event, column in mine if column == of}) for of in columns}
            found.append(Counted(source, types, meanings, revenue))
    return found


def _among(types: tuple[str, ...], chosen: set[str]) -> np.ndarray:
    return np.array([kind in chosen for kind in types], dtype=bool)
