"""What segments compete in: a channel, and an exclusivity group. The order among them is strict."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable

    from segmentation_pipeline.rules.segment import Segment


@dataclass(frozen=True, order=True, slots=True)
class Scope:
    """An exclusivity group or a channel.

    >>> str(Scope("group", "lifecycle"))
    'group:lifecycle'
    """

    kind: Literal["group", "channel"]
    name: str

    def __str__(self) -> str:
        return f"{self.kind}:{self.name}"


def group_of(segment: Segment) -> Scope | None:
    group = None if segment.delivery is None else segment.delivery.exclusivity_group
    return None if group is None else Scope("group", group)


def channel_of(segment: Segment) -> Scope | None:
    return None if segment.delivery is None else Scope("channel", segment.delivery.channel)


def share(one: Scope | None, other: Scope | None) -> bool:
    """Return whether both are the same, and there."""
    return one is not None and one == other


def priority_of(segment: Segment) -> int:
    return 0 if segment.delivery is None else segment.delivery.priority


def ranked(segments: Iterable[Segment]) -> list[Segment]:
    """Return segments as they go first: priority descending, then id ascending."""
    return sorted(segments, key=lambda segment: (-priority_of(segment), segment.id))


def delivers_on(segment: Segment, day: dt.date) -> bool:
    """Return whether a segment claims its members on a local day: from ``starts`` to ``ends``."""
    return segment.active and segment.delivery is not None and segment.delivery.is_active_on(day)
