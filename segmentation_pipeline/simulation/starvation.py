"""Which segments reach the customers they want, which starve, and which never can win, by proof."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from segmentation_pipeline.conflicts.findings.rivalry import find_rivals
from segmentation_pipeline.conflicts.proofs.proof import prove
from segmentation_pipeline.simulation.replay.tally import FLOWS
from segmentation_pipeline.simulation.tables import CLAIMS, REASONS

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from segmentation_pipeline.rules.segment import Definitions
    from segmentation_pipeline.simulation.replay.tally import Tally
    from segmentation_pipeline.simulation.variants import Side

LEAST = 0.1
"""Who reaches a smaller share of those they want starves."""
_COSTLY = [name for name in REASONS if name not in ("won", "spent", "expired")]


def find_shadows(side: Side, as_of: dt.datetime, never: Collection[str]) -> dict[str, tuple[str, ...]]:
    """Return, of segments that won nobody, those whose group always has somebody better in them, and who.

    Nothing is proved where nobody is in question, or the policy keeps no group to one membership.
    """
    policy = side.policy
    groups = set(policy.exclusive_groups) if policy.exclusive == "membership" else set()
    asked = {
        one.segment_id
        for one in side.ranking.contenders
        if one.segment_id in never and one.delivery.exclusivity_group in groups
    }
    if not asked:
        return {}
    return {name: found for name, found in _shadows(side.definitions, as_of).items() if name in asked}


def _shadows(definitions: Definitions, as_of: dt.datetime) -> dict[str, tuple[str, ...]]:
    proof = prove(definitions, as_of)
    return {
        finding.segment: finding.culprits
        for kind in proof.objects.values()
        for finding in find_rivals(kind)
        if finding.finding == "shadowed" and finding.segment is not None
    }


def never_won(tally: Tally) -> list[str]:
    """Return the segments that wanted somebody and won nobody."""
    won = tally.reasons[REASONS.index("won")].sum(axis=0)
    return [name for rank, name in enumerate(tally.ranking.ids) if tally.wanting[rank] and not won[rank]]


def starvation_rows(
    tally: Tally, days: Sequence[dt.date], shadows: Mapping[str, tuple[str, ...]]
) -> Iterator[dict[str, Any]]:
    """Yield a row of `simulation_starvation` a segment, in rank order."""
    totals = tally.reasons.sum(axis=1)
    claims = tally.reasons[: len(CLAIMS)].sum(axis=0)
    won = tally.reasons[REASONS.index("won")]
    members = tally.flows[FLOWS.index("size")]
    costs = np.array([totals[REASONS.index(name)] for name in _COSTLY])
    for rank, name in enumerate(tally.ranking.ids):
        first = np.flatnonzero(won[:, rank])
        wanted, got = int(claims[:, rank].sum()), int(won[:, rank].sum())
        yield {
            "segment_id": name,
            "status": _status(tally, rank, got, shadowed=name in shadows),
            "days_with_members": int((members[:, rank] > 0).sum()),
            "days_with_claims": int((claims[:, rank] > 0).sum()),
            "claims": wanted,
            "won": got,
            "win_rate": got / wanted if wanted else None,
            "first_win_day": days[first[0]] if first.size else None,
            "contacts_wanting": int(tally.wanting[rank]),
            "contacts_won": int(tally.reached[rank]),
            "contacts_never_won": int(tally.missed[rank]),
            "held_back_by": _COSTLY[int(costs[:, rank].argmax())] if costs[:, rank].any() else None,
            "culprits": list(shadows.get(name, ())),
        }


def _status(tally: Tally, rank: int, won: int, *, shadowed: bool) -> str:
    wanting = int(tally.wanting[rank])
    if not wanting:
        return "idle"
    if not won:
        return "shadowed_by_proof" if shadowed else "never_won"
    return "starved" if wanting - int(tally.missed[rank]) < LEAST * wanting else "ok"
