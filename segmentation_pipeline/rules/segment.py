"""A segment as read from its file: the rule, and everything around it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping

    from segmentation_pipeline.catalog.model import Catalog
    from segmentation_pipeline.diagnostics import Diagnostic
    from segmentation_pipeline.errors import Position
    from segmentation_pipeline.rules.delivery import Delivery
    from segmentation_pipeline.rules.tree import Condition

Kind = Literal["dynamic", "static", "suppression"]


@dataclass(frozen=True, slots=True)
class Pin:
    """Forces one member in or out, to the end of the local day ``until`` (None: for good)."""

    key: str
    put: Literal["in", "out"]
    reason: str
    until: dt.date | None
    at: Position


@dataclass(frozen=True, slots=True)
class Segment:
    """One definition. ``where`` is None for a static segment, ``members`` for the others.

    ``members`` are keys or e-mails, resolved at every run. ``hash`` covers what decides
    membership (rule, exclusions, pins, members, object, zone), not the description. ``delivery`` is None
    for one that does not deliver, as those of type suppression.
    """

    id: str
    name: str
    type: Kind
    object: str
    time_zone: str
    hash: str
    at: Position
    where: Condition | None = None
    exclude: Condition | None = None
    members: tuple[str, ...] | None = None
    pins: tuple[Pin, ...] = ()
    description: str = ""
    owner: str | None = None
    active: bool = True
    publish: bool = True
    labels: tuple[str, ...] = ()
    expect: Mapping[str, Any] | None = None
    delivery: Delivery | None = None
    source: str = ""
    """The YAML text of the definition."""


@dataclass(frozen=True, slots=True)
class Definitions:
    """A folder of definitions as read: the good ones, in dependency order, and every finding.

    ``broken`` maps the id of each segment that cannot be evaluated to the finding that says why;
    a segment that embeds a broken one is broken itself.
    """

    catalog: Catalog
    segments: Mapping[str, Segment]
    diagnostics: tuple[Diagnostic, ...]
    broken: Mapping[str, Diagnostic]
    week_starts: int = 0
    """The first day of a week as ``date.weekday()`` counts: 0 is Monday."""

    @property
    def errors(self) -> tuple[Diagnostic, ...]:
        return tuple(finding for finding in self.diagnostics if finding.severity == "error")
