"""What proving finds, as values: how two segments relate, a customer who shows it, what is wrong.

Nothing here renders or stores: tables, Markdown and the command line are made of these.
"""

from __future__ import annotations

import datetime as dt
import decimal
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from segmentation_pipeline.errors import Position

RelationName = Literal[
    "disjoint",
    "overlap",
    "a_implies_b",
    "b_implies_a",
    "equivalent",
    "possible_unverified",
    "unknown",
]
TimeScope = Literal["any_day", "as_of_only"]
WitnessSource = Literal["synthetic", "observed"]
FindingName = Literal[
    "never_matches",
    "always_matches",
    "dead_branch",
    "redundant_condition",
    "shadowed",
    "equal_priority_overlap",
    "coverage_gap",
    "null_surprise",
    "value_not_in_data",
    "window_longer_than_data",
    "unused",
    "mixed_time",
]
FindingSeverity = Literal["error", "warning", "info"]
SEVERITIES: tuple[FindingSeverity, ...] = ("error", "warning", "info")
"""From the worst to the mildest."""


@dataclass(frozen=True, slots=True)
class Reason:
    """One condition of a segment: where it stands in its YAML, and what it says in one line.

    ``path`` is written as in the file: ``where.all[0]``, ``exclude.any[1].not``. A condition that must
    not hold here, as those under ``exclude``, begins with ``not:``.
    """

    segment: str
    path: str
    condition: str


@dataclass(frozen=True, slots=True)
class Witness:
    """A customer who shows that something is possible: the rows that make them, by table.

    ``key`` is the key of the object in its table. A synthetic one was decoded from a model; an
    observed one is a real object, of which only the key is given (``rows`` is empty).
    """

    object: str
    key: str
    rows: Mapping[str, tuple[Mapping[str, Any], ...]] = field(default_factory=dict)
    source: WitnessSource = "synthetic"

    def as_json(self) -> str:
        """Return it as JSON text: dates in ISO 8601, decimals as text; values that are null left out."""
        rows = {
            table: [{name: value for name, value in row.items() if value is not None} for row in found]
            for table, found in self.rows.items()
        }
        content = {"object": self.object, "key": self.key, "rows": rows}
        return json.dumps(content, ensure_ascii=False, sort_keys=True, default=_plain)


@dataclass(frozen=True, slots=True)
class Relation:
    """How two segments of one object relate, ``segment_a`` < ``segment_b``.

    ``disjoint``, the implications and ``equivalent`` are proved, of every customer that the catalog
    allows. ``overlap`` has a witness; ``possible_unverified`` is an overlap in which something took
    part that is not looked into (a regular expression, a list of members, …). A segment that never
    matches is disjoint from all. ``explanation`` says which conditions of both sides contradict each
    other, and is empty unless ``disjoint`` and asked for.
    """

    segment_a: str
    segment_b: str
    relation: RelationName
    time_scope: TimeScope
    same_group: bool = False
    same_channel: bool = False
    explanation: tuple[Reason, ...] = ()
    witness: Witness | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong, or worth a look, in one definition.

    ``segment`` is None for a finding about a group (``coverage_gap``). ``path`` is that of the YAML
    node at ``at``, empty for the definition as a whole. ``culprits`` are the segments that cause it;
    ``conditions`` sets of conditions, each of which causes it by itself.
    """

    segment: str | None
    finding: FindingName
    severity: FindingSeverity
    message: str
    hint: str
    at: Position
    path: str = ""
    culprits: tuple[str, ...] = ()
    conditions: tuple[tuple[Reason, ...], ...] = ()
    witness: Witness | None = None
    group: str | None = None

    @property
    def rule(self) -> str:
        """What it is called where all kinds of findings are printed."""
        return self.finding


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A witness that the engine judges otherwise than the proof: one of the two is wrong."""

    witness: Witness
    segment: str
    proved: bool
    evaluated: bool


def _plain(value: object) -> object:
    if isinstance(value, dt.date | dt.datetime):
        return value.isoformat()
    if isinstance(value, decimal.Decimal):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no place in a witness")
