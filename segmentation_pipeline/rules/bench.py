"""What stays the same while one rule is examined."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from segmentation_pipeline.rules.clock import Clock
    from segmentation_pipeline.rules.tree import Condition
    from segmentation_pipeline.rules.world import Subject, World


@dataclass(frozen=True, slots=True)
class Bench:
    """The rows and the clock; ``examined`` says whether a condition holds on a row."""

    world: World
    clock: Clock
    examined: Callable[[Condition, Subject, Bench], bool]

    def meets(self, condition: Condition | None, subject: Subject) -> bool:
        """Return whether a row meets a condition; where there is none, every row does."""
        return condition is None or self.examined(condition, subject, self)
