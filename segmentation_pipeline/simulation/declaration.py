"""The shape of a simulation, ``simulations/<simulation>.yaml``, as pydantic reads it."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

Mode = Literal["what_if", "replay", "forecast", "compare"]
Operator = Literal[
    "equals", "not_equals", "greater_than", "greater_than_or_equal", "less_than", "less_than_or_equal"
]
Side = Literal["baseline", "proposed", "delta", "delta_percent"]
GIT = "git:"
FOLDER = "folder:"
WORKTREE = "worktree"
MOST_DAYS = 400
NAME = r"^[a-z][a-z0-9_]*$"


def _place(text: str) -> str:
    if text == WORKTREE or any(text.startswith(kind) and text != kind for kind in (GIT, FOLDER)):
        return text
    raise ValueError(f"`{text}` is no place of definitions: worktree, git:REF or folder:PATH")


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, coerce_numbers_to_str=True)


class Variant(_Strict):
    """A policy over definitions: those of the work tree, of a revision of git, or of another folder.

    The policy is read where the definitions are.
    """

    policy: str = Field(default="default", pattern=NAME)
    definitions: Annotated[
        str, AfterValidator(_place), Field(examples=["worktree", "git:main", "folder:../next"])
    ] = WORKTREE


class Condition(_Strict):
    """A figure that must not be: ``of`` the proposed variant, or of the only one, unless it says another.

    ``channel`` and ``segment`` narrow a figure that is counted by them.
    """

    metric: str
    operator: Operator
    value: float
    of: Side | None = None
    channel: str | None = None
    segment: str | None = None

    def __str__(self) -> str:
        whose = "".join(f" of {name}" for name in (self.channel, self.segment, self.of) if name is not None)
        return f"{self.metric}{whose} {self.operator.replace('_', ' ')} {self.value:g}"


class Simulation(_Strict):
    """What is simulated: the last ``days``, to the last day that is over, or to ``to``.

    ``breakdowns`` are fields of contacts, for ``what_if``. ``samples`` is how many contacts are traced;
    of all contacts ``sample_percent`` are simulated, and capacities scaled with them. ``horizon`` is
    how many days a forecast looks ahead.
    """

    simulation: str = Field(pattern=NAME)
    description: str = ""
    mode: Mode
    days: int = Field(default=90, ge=1, le=MOST_DAYS)
    to: dt.date | None = None
    baseline: Variant = Variant()
    proposed: Variant | None = None
    breakdowns: tuple[str, ...] = ()
    samples: int = Field(default=20, ge=0, le=10_000)
    sample_percent: float = Field(default=100, gt=0, le=100)
    horizon: int = Field(default=14, ge=1, le=MOST_DAYS)
    fail_if: tuple[Condition, ...] = ()

    @property
    def variants(self) -> dict[str, Variant]:
        """The variants by name, the baseline first."""
        found = {"baseline": self.baseline}
        return found if self.proposed is None else {**found, "proposed": self.proposed}
