"""What a piece of work costs in this process: wall and CPU seconds, peak memory."""

from __future__ import annotations

import resource
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Usage:
    """Seconds of one piece of work, and the highest memory of its process so far, in megabytes."""

    wall_s: float
    cpu_s: float
    peak_mb: float


def measured(work: Callable[[], Result]) -> tuple[Result, Usage]:
    """Do the work; children that it waited for count, with the largest of them beside this process."""
    wall, cpu = time.perf_counter(), _cpu_seconds()
    result = work()
    return result, Usage(time.perf_counter() - wall, _cpu_seconds() - cpu, peak_mb() + _largest_child_mb())


def peak_mb() -> float:
    """Return the highest resident memory that this process had, in 10⁶ bytes."""
    status = Path("/proc/self/status")
    if status.exists():
        # `ru_maxrss` counts what the parent had when this process was forked from it; this does not.
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) * 1024 / 1e6
    return _megabytes(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)


def _largest_child_mb() -> float:
    return _megabytes(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)


def _megabytes(maxrss: int) -> float:
    return maxrss * (1 if sys.platform == "darwin" else 1024) / 1e6


def _cpu_seconds() -> float:
    uses = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(use.ru_utime + use.ru_stime for use in uses)
