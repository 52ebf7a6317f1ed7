"""Where an evaluation spent its time, and what it read: leaf by leaf, summed over buckets."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import polars as pl

    from segmentation_pipeline.evaluation.memory import MemoryLimit


@dataclass(slots=True)
class Cost:
    """What one step came to: wall seconds, rows looked at, and the bytes they took in memory."""

    phase: str
    what: str
    seconds: float = 0.0
    rows: int = 0
    bytes: int = 0

    def saw(self, rows: pl.DataFrame) -> None:
        self.rows += rows.height
        self.bytes += int(rows.estimated_size())


@dataclass(slots=True)
class Profile:
    """Collects the cost of every step. Leaves are then computed one by one, which takes longer."""

    clock: Callable[[], float] = time.perf_counter
    _costs: dict[tuple[str, str], Cost] = field(default_factory=dict)

    @property
    def costs(self) -> list[Cost]:
        """Every step, in the order in which they were first taken."""
        return list(self._costs.values())

    def of(self, phase: str, what: str) -> Cost:
        return self._costs.setdefault((phase, what), Cost(phase, what))


@dataclass(frozen=True, slots=True)
class Watch:
    """What looks at an evaluation while it goes on: a profile, a limit of memory, both or neither."""

    profile: Profile | None = None
    memory: MemoryLimit | None = None

    @contextmanager
    def step(self, phase: str, what: str | Callable[[], str]) -> Iterator[Cost]:
        """Time a step, and check memory after it; ``what`` is only asked if anyone looks on.

        Raises `OutOfMemory`.
        """
        if self.profile is None and self.memory is None:
            yield Cost(phase, "")
            return
        said = what if isinstance(what, str) else what()
        if self.profile is None:
            yield Cost(phase, said)
        else:
            cost, started = self.profile.of(phase, said), self.profile.clock()
            yield cost
            cost.seconds += self.profile.clock() - started
        if self.memory is not None:
            self.memory.check(f"{phase}: {said}")

    def groups(self, masks: dict[str, pl.Expr]) -> list[dict[str, pl.Expr]]:
        """Return masks in the groups they are computed in: all at once, or each alone to be timed."""
        if self.profile is None:
            return [masks] if masks else []
        return [{name: mask} for name, mask in masks.items()]


UNWATCHED = Watch()
