"""Text in NFC, quickly: most text is ASCII, which is in NFC already."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl


def in_nfc(text: pl.Series) -> pl.Series:
    """Return a column of text in NFC."""
    if text.str.len_bytes().sum() == text.str.len_chars().sum():
        return text
    return text.str.normalize("NFC")
