"""Windows as rules write them; `clock` resolves them at an ``as_of``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from segmentation_pipeline.rules.moments import Moment, Unit

Direction = Literal["last", "next"]


@dataclass(frozen=True, slots=True)
class Rolling:
    """``last N units`` = (as_of − N, as_of]; ``next N units`` = [as_of, as_of + N)."""

    direction: Direction
    amount: int
    unit: Unit


@dataclass(frozen=True, slots=True)
class Complete:
    """``last N complete units``: the N whole local units before (or after) the current one."""

    direction: Direction
    amount: int
    unit: Unit


@dataclass(frozen=True, slots=True)
class Period:
    """One whole local unit: 0 is this one (``today``, ``this week``), −1 the previous one."""

    offset: int
    unit: Unit


@dataclass(frozen=True, slots=True)
class Bounds:
    """``between``, ``since``, ``until`` (ends included); ``before``, ``after`` (excluded)."""

    lower: Moment | None = None
    upper: Moment | None = None
    closed: bool = True


@dataclass(frozen=True, slots=True)
class Ever:
    """No bounds."""


Window = Rolling | Complete | Period | Bounds | Ever
