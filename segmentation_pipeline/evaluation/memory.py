"""A limit of memory that a user sets, and the error that comes instead of the kernel's killer."""

from __future__ import annotations

import resource
import sys
from dataclasses import dataclass
from pathlib import Path

from segmentation_pipeline.errors import OutOfMemory

_STATM = Path("/proc/self/statm")


@dataclass(frozen=True, slots=True)
class MemoryLimit:
    """So many bytes this process may hold in memory, as the operating system counts them.

    What is about to be read can be announced (`expect`): what would not fit is then not even begun.
    """

    bytes: int

    def check(self, doing: str) -> None:
        """Raise `OutOfMemory` if the process holds more than the limit after ``doing`` something."""
        self.expect(doing, 0)

    def expect(self, doing: str, needed: int) -> None:
        """Raise `OutOfMemory` if ``doing`` something would need more bytes than are left."""
        used = memory_used()
        if used + needed <= self.bytes:
            return
        more = f" and {in_words(needed)} more would be needed" if needed else ""
        raise OutOfMemory(
            f"out of memory: {in_words(used)} are in use{more}, the limit is {in_words(self.bytes)}",
            where=doing,
            hint="set a smaller `bucket_size`, or a larger `memory_limit`, in segmentation.toml",
        )


def memory_used() -> int:
    """Return the bytes of this process that are in memory now; where that is unknown, the most ever."""
    try:
        pages = int(_STATM.read_text(encoding="ascii").split()[1])
    except (OSError, IndexError, ValueError):
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return most if sys.platform == "darwin" else most * 1024
    return pages * resource.getpagesize()


def in_words(count: int) -> str:
    """Return a number of bytes as people say it.

    >>> in_words(1_234_000_000), in_words(650_000_000)
    ('1.23 GB', '650 MB')
    """
    return f"{count / 10**9:.2f} GB" if count >= 10**9 else f"{count / 10**6:.0f} MB"
