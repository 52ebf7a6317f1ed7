"""Which separator and which quotation mark a sample is written with, where only one reading fits."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from segmentation_pipeline.errors import ImportFailed
from segmentation_pipeline.ingest.dialect.tables import cut

if TYPE_CHECKING:
    from collections.abc import Sequence

    from segmentation_pipeline.ingest.dialect.tables import Cut

SEPARATORS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "pipe"}
_SAID = re.compile(r"sep=(.)\r?\n|sep=(.)\r", re.IGNORECASE)
_NEARLY = 0.9


def said_separator(text: str) -> str | None:
    """Return the separator that a first line such as ``sep=;`` names, as Excel writes and reads it."""
    match = _SAID.match(text)
    return (match[1] or match[2]) if match else None


def find_cut(
    text: str, name: str, *, separator: str | None, quote: str | None, skip: int | None, whole: bool
) -> tuple[Cut, str, str]:
    """Return how a sample is cut, and how its separator and its quotation mark are known.

    Raises:
        ImportFailed: two readings fit, or the one that fits breaks off.
    """
    tried = [separator] if separator is not None else [mark for mark in SEPARATORS if mark in text] or [","]
    found = [_quoted(text, mark, quote, skip=skip, whole=whole) for mark in tried]
    if separator is not None:
        (chosen, quoting), how = found[0], "declared"
    else:
        chosen, how = _chosen([one for one, _ in found], name)
        quoting = next(why for one, why in found if one is chosen)
    return chosen, how, quoting


def _quoted(
    text: str, separator: str, quote: str | None, *, skip: int | None, whole: bool
) -> tuple[Cut, str]:
    if quote is not None:
        return cut(text, separator, quote, whole=whole, skip=skip), "declared"
    usual = cut(text, separator, '"', whole=whole, skip=skip)
    if "'" in text:
        single = cut(text, separator, "'", whole=whole, skip=skip)
        top = cut(text, separator, "", whole=whole, skip=skip).top
        if single.failure is None and top is not None and all(_stands_in(cell, "'") for cell in top.cells):
            return single, "every name of the heading stands in it"
        if '"' not in text and single.whole and single.width > 1 and not usual.whole:
            return single, "with it all rows have as many cells as the heading"
    return usual, "as usual" if '"' in text else "as usual; there is none so far"


def _stands_in(cell: str, mark: str) -> bool:
    return len(cell) > 1 and cell[0] == cell[-1] == mark


def _chosen(cuts: Sequence[Cut], name: str) -> tuple[Cut, str]:
    dividing = [one for one in cuts if one.width > 1]
    if not dividing:
        comma = next((one for one in cuts if one.separator == ","), None)
        return comma or cuts[0], "as usual; the heading is one cell"
    if len(dividing) == 1:
        return dividing[0], f"nothing else divides the heading, into {dividing[0].width} cells"
    whole = [one for one in dividing if one.whole]
    if len(whole) > 1:
        # A title above the heading may hold what the values below hold too.
        first = min(one.heading for one in whole)
        whole = [one for one in whole if one.heading == first]
    if len(whole) == 1:
        return whole[0], f"only so all rows have as many cells as the heading, {whole[0].width}"
    nearly = [one for one in dividing if one.share >= _NEARLY and one.failure is None]
    if not whole and len(nearly) == 1:
        return nearly[0], f"only so most rows have as many cells as the heading, {nearly[0].width}"
    readings = ", ".join(f"{SEPARATORS[one.separator]} ({one.width} cells)" for one in whole or dividing)
    raise ImportFailed(
        f"the separator can be {readings}: each divides the heading",
        where=f"{name}, line {dividing[0].rows[dividing[0].heading].line + 1}",
        allowed=tuple(SEPARATORS.values()),
        hint='say which, such as `format: {separator: ";"}`',
    )
