"""Texts that name somebody: a cell, a rejected row, a definition, a message."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from segmentation_pipeline.erasure.subject import Subject

ERASED = "erased"


@dataclass(frozen=True)
class Mentions:
    """Whether texts name a subject: by an address anywhere, by a key as a whole.

    A key may be as short as `7`. It counts where keys stand, and not wherever the text has a 7. A
    personal value such as a name counts only in rejected rows, which are rows about somebody.
    """

    keys: frozenset[str]
    words: tuple[str, ...]
    traces: tuple[str, ...]

    @classmethod
    def of(cls, subject: Subject) -> Mentions:
        return cls(frozenset(subject.keys), subject.addresses, subject.traces)

    @cached_property
    def _anywhere(self) -> re.Pattern[str] | None:
        return _as_words(self.words) if self.words else None

    @cached_property
    def _in_rows(self) -> re.Pattern[str] | None:
        personal = (*self.words, *self.traces)
        return _as_words(personal) if personal else None

    @cached_property
    def _with_keys(self) -> re.Pattern[str]:
        return _as_words([*self.words, *self.keys])

    @property
    def terms(self) -> list[str]:
        """What a text that names the subject must hold, in small letters."""
        return sorted({text.lower() for text in (*self.keys, *self.words, *self.traces)})

    def in_cell(self, text: str | None) -> bool:
        """Whether a cell of a rejected row holds an address or a personal value."""
        return text is not None and self._in_rows is not None and self._in_rows.search(text) is not None

    def in_text(self, text: str | None) -> bool:
        """Whether a free text holds an address."""
        return text is not None and self._anywhere is not None and self._anywhere.search(text) is not None

    def in_line(self, text: str | None) -> bool:
        """Whether a text holds any of it as a word, keys too: of a line nobody can tell the columns."""
        return text is not None and self._with_keys.search(text) is not None

    def is_key(self, text: object) -> bool:
        """Whether a cell of a column of keys is one; ``17850.0`` is 17850."""
        said = str(text).strip()
        return said in self.keys or said.removesuffix(".0") in self.keys

    def in_row(self, row: str | None, key_columns: Collection[str] | None) -> bool:
        """Whether a row as JSON names the subject; without ``key_columns`` any cell may be a key."""
        try:
            cells = json.loads(row or "null")
        except ValueError:
            return self.in_line(row) or self.in_cell(row)
        if not isinstance(cells, dict):
            return self.in_line(row) or self.in_cell(row)
        return any(
            self.in_cell(str(cell)) or ((key_columns is None or name in key_columns) and self.is_key(cell))
            for name, cell in cells.items()
            if cell is not None
        )

    def in_json(self, text: str | None) -> bool:
        """Whether any text within a JSON document is a key or holds an address."""
        if text is None:
            return False
        try:
            said = json.loads(text)
        except ValueError:
            return self.in_line(text)
        return any(self.is_key(leaf) or self.in_text(leaf) for leaf in _leaves(said))

    def without(self, text: str) -> str:
        """Return a free text with its addresses replaced."""
        return text if self._anywhere is None else self._anywhere.sub(ERASED, text)


def _as_words(texts: Iterable[str]) -> re.Pattern[str]:
    """Return what finds one of the texts where it is no part of a longer word, number or address."""
    longest_first = sorted(set(texts), key=lambda text: (-len(text), text))
    return re.compile(
        rf"(?<![\w@.+-])(?:{'|'.join(re.escape(text) for text in longest_first)})(?![\w@+-]|\.\w)",
        re.IGNORECASE,
    )


def _leaves(value: Any) -> Iterable[str]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield str(name)
            yield from _leaves(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _leaves(inner)
    elif value is not None:
        yield str(value)
