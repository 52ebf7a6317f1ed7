"""What can become of an active segment's member on one day."""

from __future__ import annotations

from enum import StrEnum


class Reason(StrEnum):
    """Every active (contact, segment) of a day has exactly one, in the order in which they are found."""

    GROUP_LOSER = "group_loser"
    SPENT = "spent"
    EXPIRED = "expired"
    SUPPRESSED = "suppressed"
    HOLDOUT = "holdout"
    QUIET = "quiet"
    GAP = "gap"
    COOLDOWN = "cooldown"
    CAP = "cap"
    OUTRANKED = "outranked"
    CAPACITY = "capacity"
    WON = "won"


NO_CLAIMS = (Reason.GROUP_LOSER, Reason.SPENT, Reason.EXPIRED)
"""The customer is in another segment of the group, or the segment has had its say."""
CLAIMS = tuple(reason for reason in Reason if reason not in NO_CLAIMS)
"""A day's claims are the sum of these."""
WITH_BLOCKER = (Reason.GROUP_LOSER, Reason.GAP, Reason.COOLDOWN, Reason.CAP, Reason.OUTRANKED)
"""Those for which one contact or segment can be named that stood in the way."""
