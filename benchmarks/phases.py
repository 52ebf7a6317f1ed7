"""What the parts of one call cost: CPU seconds of their own, and the highest memory while they ran."""

from __future__ import annotations

import contextlib
import functools
import importlib
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.measure import peak_mb

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

_RESET = Path("/proc/self/clear_refs")
_PEAK = "5"
"""Written there, it sets the highest resident memory to what it is now."""


@dataclass(slots=True)
class Phase:
    cpu_s: float = 0.0
    peak_mb: float = 0.0
    calls: int = 0


@dataclass(slots=True)
class Phases:
    """Phases within phases: time counts for the innermost, memory where it was highest."""

    found: dict[str, Phase] = field(default_factory=dict)
    _open: list[str] = field(default_factory=list)
    _since: float = 0.0

    @contextlib.contextmanager
    def phase(self, name: str) -> Iterator[None]:
        self._turn()
        self._open.append(name)
        self.found.setdefault(name, Phase()).calls += 1
        try:
            yield
        finally:
            self._turn()
            self._open.pop()

    def _turn(self) -> None:
        """Charge what was spent since the last turn to the phase that is open."""
        now = time.process_time()
        if self._open:
            phase = self.found[self._open[-1]]
            phase.cpu_s += now - self._since
            phase.peak_mb = max(phase.peak_mb, peak_mb())
        self._since = now
        with contextlib.suppress(OSError):
            _RESET.write_text(_PEAK)

    @contextlib.contextmanager
    def within(self, calls: Mapping[str, str]) -> Iterator[None]:
        """Make a phase of every call of some functions: ``package.module:Class.method`` by phase.

        Raises `AttributeError` for a function that there is not.
        """
        with contextlib.ExitStack() as stack:
            for place, name in calls.items():
                module, _, path = place.partition(":")
                owner: Any = importlib.import_module(module)
                *outer, last = path.split(".")
                for part in outer:
                    owner = getattr(owner, part)
                stack.callback(setattr, owner, last, getattr(owner, last))
                setattr(owner, last, self._timed(getattr(owner, last), name))
            yield

    def _timed(self, function: Callable[..., Any], name: str) -> Callable[..., Any]:
        @functools.wraps(function)
        def timed(*arguments: Any, **named: Any) -> Any:
            with self.phase(name):
                return function(*arguments, **named)

        return timed
