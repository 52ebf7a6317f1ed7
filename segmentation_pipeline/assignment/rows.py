"""A day's decisions as rows of `contact_assignments`, contact by contact and in rank order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from segmentation_pipeline.assignment.reasons import Reason
from segmentation_pipeline.assignment.tables import ASSIGNMENTS, DAY

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from segmentation_pipeline.assignment.contenders import Ranking, Sources
    from segmentation_pipeline.assignment.decisions import Decisions
    from segmentation_pipeline.assignment.people import People
    from segmentation_pipeline.assignment.runs import AssignmentRun

_STEP = 1 << 20
"""The decisions of so many contacts are held at once."""
_REASONS = tuple(Reason)


@dataclass(frozen=True, slots=True, eq=False)
class Ledger:
    """What turns positions, ranks and sources into words."""

    ranking: Ranking
    sources: Sources
    people: People
    contacts: NDArray[np.int64]

    def rows(self, decisions: Decisions, run: AssignmentRun) -> Iterator[pl.DataFrame]:
        """Yield the rows of a day without its column, few contacts at a time."""
        for start in range(0, self.contacts.size, _STEP):
            found = self._part(decisions, np.arange(start, min(start + _STEP, self.contacts.size)))
            if found.height:
                yield found.select(
                    *(
                        _word(run.policy).alias(name) if name == "policy"
                        else _word(run.run_id).alias(name) if name == "run_id"
                        else pl.lit(run.decided_at).cast(kind).alias(name) if name == "decided_at"
                        else pl.col(name)
                        for name, kind in ASSIGNMENTS.schema.items() if name != DAY
                    )
                )  # fmt: skip

    def _part(self, decisions: Decisions, among: NDArray[np.int64]) -> pl.DataFrame:
        each = [decisions.pairs(reason, among) for reason in _REASONS]
        positions = np.concatenate([one.positions for one in each])
        ranks = np.concatenate([one.ranks for one in each])
        reasons = np.repeat(np.arange(len(each)), [one.positions.size for one in each])
        order = np.lexsort((ranks, positions))
        positions, ranks = positions[order], ranks[order]
        blockers = np.concatenate([one.blockers for one in each])[order]
        rules = pl.Series(np.concatenate([one.rules for one in each])[order])
        indexes = self.contacts[positions]
        contenders = self.ranking.contenders
        return pl.DataFrame(
            {
                "object_index": indexes,
                "contact_id": self.people.keys_of(indexes),
                "segment_id": _words([one.segment_id for one in contenders], ranks),
                "channel": _words([one.delivery.channel for one in contenders], ranks),
                "decision": _words([reason.value for reason in _REASONS], reasons[order]),
                "blocked_by": _words([*self.sources.segment_ids, None], blockers),
                "rule": rules.set(rules < 0, None),
                "rank": ranks,
            }
        )


def counts_of(decisions: Decisions, ranking: Ranking) -> dict[str, dict[str, int]]:
    """Return how many contacts every segment has of each decision; what nobody has is left out."""
    counted = {reason: decisions.counts(reason) for reason in _REASONS}
    each = {
        name: {reason.value: int(found[rank]) for reason, found in counted.items() if found[rank]}
        for rank, name in enumerate(ranking.ids)
    }
    return {name: found for name, found in each.items() if found}


def _words(words: Sequence[str | None], places: NDArray[np.int64]) -> pl.Series:
    """Return words by their places; -1 is the last one."""
    known = pl.Enum(list(dict.fromkeys(word for word in words if word is not None)))
    return pl.Series(words, dtype=known).gather(np.where(places < 0, len(words) - 1, places))


def _word(text: str) -> pl.Expr:
    return pl.lit(text).cast(pl.Enum([text]))
