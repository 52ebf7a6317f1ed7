"""What was measured, where and when; kept as JSON."""

from __future__ import annotations

import dataclasses
import importlib.metadata
import json
import os
import platform
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

RESULTS = Path(__file__).parents[1] / "results"
PRINTED = ("engine", "contacts", "events", "segments", "output", "wall_s", "cpu_s", "peak_mb", "identical")
_PACKAGES = ("polars", "deltalake", "numpy", "duckdb", "chdb", "psycopg")


@dataclass(frozen=True, slots=True)
class Row:
    """One engine's run. ``identical`` says whether its members are those of the project's engine.

    ``output`` is ``memberships`` (integers only), ``everything`` (what a run publishes),
    ``changes`` (who entered and left) or ``load`` (what it took to bring the rows into the engine's own
    form, the index here). ``phases`` are CPU seconds of parts of the run.
    """

    engine: str
    contacts: int
    events: int
    segments: int
    output: str
    wall_s: float
    cpu_s: float
    peak_mb: float
    identical: bool | None
    memberships: int = 0
    hash: str = ""
    round: int = 1
    phases: Mapping[str, float] = field(default_factory=dict)

    def printed(self) -> dict[str, Any]:
        """Return the row with the keys that `--json` promises."""
        values = dataclasses.asdict(self)
        return {name: values[name] for name in PRINTED}


def by_size(rows: Iterable[Row]) -> dict[tuple[int, int, int], list[Row]]:
    """Return the rows by (contacts, events, segments), in the order in which the sizes come."""
    groups: dict[tuple[int, int, int], list[Row]] = {}
    for row in rows:
        groups.setdefault((row.contacts, row.events, row.segments), []).append(row)
    return groups


def machine() -> dict[str, Any]:
    """Return what the figures depend on beside the code."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    found = {}
    for name in _PACKAGES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return {
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "memory_gb": round(memory / 1e9, 1),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "packages": found,
    }


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def save(path: Path, rows: Iterable[Row], taken: str) -> None:
    """Write rows with the machine and the day they were taken."""
    document = {"taken": taken, "machine": machine(), "rows": [dataclasses.asdict(row) for row in rows]}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document, indent=1) + "\n")


def load(path: Path) -> tuple[dict[str, Any], list[Row]]:
    """Return what is said of the rows, and the rows."""
    document = json.loads(path.read_text())
    rows = [Row(**row) for row in document.pop("rows")]
    return document, rows
