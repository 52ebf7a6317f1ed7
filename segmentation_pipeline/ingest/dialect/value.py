"""How a file is written, as one value: what was found or declared, and how it is known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

MAXIMUM_COLUMNS = 10_000
"""More than this no table has, and no reader of one bears."""


class Shown(NamedTuple):
    """One property of a file as people are shown it, and how it came to be known."""

    property: str
    value: str
    how: str

    def __str__(self) -> str:
        return f"{self.property}: {self.value} ({self.how})"

    def is_plain(self) -> bool:
        """Whether it is declared, or as most files have it, so that a result need not tell."""
        return self.how == "declared" or (self.property, self.value) in _PLAIN


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a CSV file is written, wholly decided.

    ``compression`` is `none` or a name of `FileFormat`; ``separator`` one character or
    ``whitespace``; ``quote`` one character or none; ``skip`` the lines before the heading (or before
    the first row, where ``header`` is false). ``shown`` says of each property how it is known.
    """

    encoding: str = "utf-8"
    separator: str = ","
    quote: str = '"'
    header: bool = True
    skip: int = 0
    null_values: tuple[str, ...] = ("",)
    compression: str = "none"
    shown: tuple[Shown, ...] = ()


_PLAIN = {
    ("type", "Parquet"),
    ("type", "JSON lines"),
    ("encoding", "utf-8"),
    ("separator", "comma `,`"),
    ("quote", '"'),
    ("line ends", "none"),
    ("line ends", "LF"),
    ("line ends", "CRLF"),
    ("heading", "line 1"),
}
