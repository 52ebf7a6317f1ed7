"""Everything that is decided about a few contacts: who they are is drawn by lot, the same in every run."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from segmentation_pipeline.assignment.hashing import salted
from segmentation_pipeline.simulation.tables import REASONS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from segmentation_pipeline.assignment.decisions import Layer
    from segmentation_pipeline.assignment.reasons import Reason

    Masks = NDArray[np.uint64]
    Numbers = NDArray[np.int64]

_SALT = "trace"
_FOR_ONE, _FOR_ALL = 50, 1000
"""So many contacts are watched for one that is shown, as most have nothing to show; or so many at least."""
COLUMNS = ("day", "contact", "rank", "reason", "blocker", "rule")


def watched(contacts: Numbers, samples: int) -> Numbers:
    """Return the positions of the contacts that may be shown, ascending."""
    most = min(samples * _FOR_ONE, max(2 * samples, _FOR_ALL), contacts.size)
    if not most:
        return np.zeros(0, dtype=np.int64)
    lots = salted(contacts, _SALT)
    return np.sort(np.argpartition(lots, most - 1)[:most])


def shown(contacts: Numbers, samples: int) -> Numbers:
    """Return those of some contacts, numbers, that are shown: the first by lot."""
    found = np.unique(contacts)
    return found[np.argsort(salted(found, _SALT))][:samples]


@dataclass(slots=True)
class Trace:
    """The decisions about watched contacts, ``positions`` ascending, as rows of numbers (`COLUMNS`).

    Contacts are named by their number, days and reasons by their place, blockers by their source; -1
    is none.
    """

    contacts: Numbers
    positions: Numbers
    rows: list[Numbers] = field(default_factory=list)
    _is_watched: NDArray[np.bool_] = field(init=False)

    def __post_init__(self) -> None:
        self._is_watched = np.zeros(self.contacts.size, dtype=np.bool_)
        self._is_watched[self.positions] = True

    def note(self, day: int, masks: Mapping[Reason, Masks], left_out: frozenset[Reason]) -> None:
        """Note the decisions that nobody in particular blocked."""
        if not self.positions.size:
            return
        for place, reason in enumerate(REASONS):
            if reason in left_out:
                continue
            found, ranks = _spread(masks[reason][:, self.positions])  # type: ignore[index]  # a reason is its text
            blockers = ranks if reason == "gap" else np.full(ranks.size, -1)
            self._add(self.positions[found], (day, ranks, place, blockers, -1))

    def note_layer(self, day: int, reason: Reason, layer: Layer) -> None:
        """Note decisions with what blocked them."""
        at = np.flatnonzero(self._is_watched[layer.positions]) if self.positions.size else self.positions
        if at.size:
            found, ranks = _spread(layer.mask[:, at])
            rows = at[found]
            place = REASONS.index(reason)
            told = (day, ranks, place, layer.blockers[rows], layer.rule)
            self._add(layer.positions[rows], told)

    def _add(self, positions: Numbers, told: tuple[Numbers | int, ...]) -> None:
        """Note rows: all columns but the contact."""
        if positions.size:
            columns = np.broadcast_arrays(told[0], self.contacts[positions], *told[1:])
            self.rows.append(np.stack(columns, axis=1).astype(np.int64))

    def found(self) -> Numbers:
        """Return all rows, shape (rows, columns), by day, contact and rank."""
        if not self.rows:
            return np.zeros((0, len(COLUMNS)), dtype=np.int64)
        rows = np.concatenate(self.rows)
        return rows[np.lexsort((rows[:, 2], rows[:, 1], rows[:, 0]))]


def _spread(masks: Masks) -> tuple[Numbers, Numbers]:
    """Return the columns and ranks of all bits of masks, shape (words, columns)."""
    octets = np.ascontiguousarray(masks.T).astype("<u8", copy=False).view(np.uint8)
    columns, ranks = np.nonzero(np.unpackbits(octets, axis=1, bitorder="little"))
    return columns, ranks
