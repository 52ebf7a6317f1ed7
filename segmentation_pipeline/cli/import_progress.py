"""How far an import is: a bar on a terminal, else a line a batch that a program can read."""

from __future__ import annotations

import contextlib
import sys
from typing import TYPE_CHECKING

from segmentation_pipeline.cli.output import progress_bar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from segmentation_pipeline.ingest.run import Step

COUNTS = ("read", "landed", "unchanged", "rejected", "orphaned", "duplicates")


@contextlib.contextmanager
def import_progress(name: str) -> Iterator[Callable[[Step], None]]:
    """Give a function that is told every batch of the import of ``name``."""
    with progress_bar() as move:
        if move is None:
            yield _Lines()
            return

        def show(step: Step) -> None:
            rows = "validating" if step.status == "validating" else f"{step.counts.read:,} rows"
            rejected = f", {step.counts.rejected:,} rejected" if step.counts.rejected else ""
            move(f"{name}: {rows}{rejected}", int(step.share * 100), 100)

        yield show


class _Lines:
    """Prints one line on standard error for every batch that is written.

    The first one waits for the second: of an only batch the result says the same.
    """

    def __init__(self) -> None:
        self._first = ""

    def __call__(self, step: Step) -> None:
        if step.status != "processing":
            return
        said = {"job": step.job, "table": step.table, "batch": step.counts.batches}
        counts = {name: getattr(step.counts, name) for name in COUNTS}
        named = {**said, **counts, "share": f"{step.share:.3f}"}
        line = " ".join(f"{name}={value}" for name, value in named.items()) + "\n"
        if step.counts.batches == 1:
            self._first = line
            return
        sys.stderr.write(self._first + line)
        self._first = ""
