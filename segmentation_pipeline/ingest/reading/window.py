"""The bytes of a file as UTF-8, looked at in blocks and taken as far as they are understood."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_LINES = 1 << 20
_LONGEST_LINE = 1 << 26


class Bytes(Protocol):
    """What a window reads: at least ``size`` bytes at a time, fewer only at the end."""

    def read(self, size: int, /) -> bytes: ...


class Recoded:
    """A file in any encoding, read as UTF-8."""

    def __init__(self, file: BinaryIO, encoding: str) -> None:
        self._text = io.TextIOWrapper(file, encoding, newline="")

    def read(self, size: int, /) -> bytes:
        return self._text.read(size).encode()


class Window:
    """Reads ahead in a file; ``taken`` counts bytes, ``lines`` the lines in them."""

    def __init__(self, file: Bytes) -> None:
        self._file = file
        self._held = b""
        self._at = 0
        self.taken = 0
        self.lines = 0
        if self.ahead(len(BYTE_ORDER_MARK)).startswith(BYTE_ORDER_MARK):
            self.take(len(BYTE_ORDER_MARK))

    def ahead(self, size: int) -> bytes:
        """Return what comes next: ``size`` bytes, fewer only at the end of the file."""
        missing = size - (len(self._held) - self._at)
        if missing > 0:
            self._held = self._held[self._at :] + self._file.read(missing)
            self._at = 0
        # Of bytes the whole is itself, not a copy.
        return self._held[self._at : self._at + size]

    def take(self, size: int, lines: int = 0) -> None:
        """Move on by ``size`` bytes that hold ``lines`` ends of lines."""
        self._at += size
        self.taken += size
        self.lines += lines

    def skip(self, lines: int) -> None:
        """Take ``lines`` lines, whatever stands in them."""
        for _ in zip(range(lines), self._each_line(), strict=False):
            pass

    def each_line(self) -> Iterator[str]:
        """Take line after line, each with what ends it: a newline, a carriage return or both.

        Raises `UnicodeDecodeError` for a line that is no UTF-8, `csv.Error` for one without an end.
        """
        return (line.decode() for line in self._each_line())

    def _each_line(self) -> Iterator[bytes]:
        size = _LINES
        while held := self.ahead(size):
            whole = held.splitlines(keepends=True)
            if len(held) == size:
                # The last line may go on, or end with the first half of its end.
                whole.pop()
            for line in whole:
                self.take(len(line), 1)
                yield line
            size = _LINES if whole else size * 2
            if size > _LONGEST_LINE:
                raise csv.Error(f"a line is longer than {_LONGEST_LINE:,} bytes")
