"""How a CSV file is written: what the mapping declares, and of the rest what the file itself shows.

A sample decides, `SAMPLE` bytes of the unpacked content (more only where the first line is longer),
but for the encoding: UTF-8 is checked over the first `ENCODED` bytes.
"""

from __future__ import annotations

import codecs
import re
from typing import TYPE_CHECKING, NamedTuple

from segmentation_pipeline.errors import ImportFailed
from segmentation_pipeline.ingest.dialect.encodings import check_encoding, find_encoding
from segmentation_pipeline.ingest.dialect.separators import SEPARATORS, find_cut, said_separator
from segmentation_pipeline.ingest.dialect.tables import like_data
from segmentation_pipeline.ingest.dialect.value import MAXIMUM_COLUMNS, Dialect, Shown

if TYPE_CHECKING:
    from typing import BinaryIO

    from segmentation_pipeline.ingest.dialect.tables import Cut
    from segmentation_pipeline.ingest.mapping import FileFormat

SAMPLE = 1 << 18
ENCODED = 1 << 24
_END = re.compile(r"\r\n|\r|\n")
_ENDS = {"\n": "LF", "\r\n": "CRLF", "\r": "CR"}
_MARKS = {**{mark: f"{name} `{mark}`" for mark, name in SEPARATORS.items()}, "\t": "tab", "": "none"}


class Detected(NamedTuple):
    """How a file is written, and the names of its columns in order."""

    dialect: Dialect
    headings: tuple[str, ...]


class _Sample(NamedTuple):
    text: str
    encoding: str
    how: str
    whole: bool


def detect(file: BinaryIO, name: str, declared: FileFormat, compression: Shown, suffix: str) -> Detected:
    """Return how ``file`` (unpacked) is written; ``suffix`` is that of its name, less the packing's.

    Raises:
        ImportFailed: it cannot be told, the message says what is to be declared; or the heading
            cannot be used.
    """
    sample = _sample(file, name, declared)
    separator, said = declared.separator, None
    skip = declared.skip_lines if declared.header is not False else declared.skip_lines or 0
    text = sample.text
    if separator is None and skip is None and (said := said_separator(text)) is not None:
        text = text[_END.search(text).end() :]  # type: ignore[union-attr] # the line that says it ends
        separator = said
    elif separator is None and suffix == ".tsv" and "\t" in text:
        separator = "\t"
    first = 1 if said else 0
    chosen, how, quoting = find_cut(
        text, name, separator=separator, quote=declared.quote, skip=skip, whole=sample.whole
    )
    if said is not None:
        how = f"line 1 says `sep={said}`"
    elif separator is not None and declared.separator is None:
        how = "by the suffix .tsv"
    header, heading_how = _header(chosen, name, declared)
    headings, naming = _headings(chosen, name, declared, first)
    if skip is not None:
        first = skip
    elif chosen.top is not None:
        first += chosen.top.line
    shown = (
        *((compression,) if compression.value != "none" else ()),
        Shown("encoding", sample.encoding, sample.how),
        Shown("separator", _MARKS.get(chosen.separator, chosen.separator), how),
        Shown("quote", chosen.quote or "none", quoting),
        Shown("line ends", *_line_ends(sample)),
        Shown("heading", f"line {first + 1}" if header else "none", heading_how),
        *naming,
    )
    dialect = Dialect(
        encoding=sample.encoding,
        separator=chosen.separator,
        quote=chosen.quote,
        header=header,
        skip=first,
        null_values=declared.null_values,
        compression=compression.value,
        shown=shown,
    )
    return Detected(dialect, headings)


def _sample(file: BinaryIO, name: str, declared: FileFormat) -> _Sample:
    start = file.read(ENCODED)
    whole = len(start) < ENCODED
    if declared.encoding is not None:
        encoding, how = check_encoding(declared.encoding, name), "declared"
    else:
        encoding, how = find_encoding(start, name, whole=whole)
    size = SAMPLE
    while True:
        part = start[:size]
        # What is not readable in its encoding is found, with its line, where it is read.
        decoder = codecs.getincrementaldecoder(encoding)("replace")
        text = decoder.decode(part, len(part) == len(start) and whole).removeprefix("\ufeff")
        if len(part) == len(start) and whole:
            return _Sample(text, encoding, how, whole=True)
        ends = [match.end() for match in _END.finditer(text)]
        # A carriage return at the end may be half of an end.
        if ends and ends[-1] == len(text) and text.endswith("\r"):
            ends.pop()
        if ends:
            return _Sample(text[: ends[-1]], encoding, how, whole=False)
        if len(part) == len(start):
            raise ImportFailed(
                f"the first line is longer than {ENCODED:,} bytes",
                where=name,
                hint="is this a CSV file? It has no end of a line",
            )
        size *= 4


def _header(chosen: Cut, name: str, declared: FileFormat) -> tuple[bool, str]:
    if declared.header is not None or chosen.top is None:
        return declared.header is not False, "declared"
    value = like_data(chosen.top.cells)
    if value is not None:
        raise ImportFailed(
            f"line {chosen.top.line + 1} stands where the heading should, and `{value}` reads like data",
            where=name,
            hint="say `format: {header: false, columns: [...]}`, or `header: true` if it is the heading",
        )
    if declared.skip_lines is not None:
        return True, "declared by `skip_lines`"
    if chosen.heading:
        return True, f"above it stand {chosen.heading} lines with one cell filled at most, or remarks"
    return True, "the first line that is not blank"


def _headings(
    chosen: Cut, name: str, declared: FileFormat, lines: int
) -> tuple[tuple[str, ...], tuple[Shown, ...]]:
    if chosen.top is None:
        if chosen.failure is not None:
            raise ImportFailed(
                f"not readable as CSV: {chosen.failure}",
                where=name,
                hint="look for a quotation mark that is not closed, or set `format: {quote: ...}`",
            )
        raise ImportFailed("the file has no rows", where=name, hint="a CSV file has at least its heading")
    first, line = chosen.top.cells, chosen.top.line + lines + 1
    if len(first) > MAXIMUM_COLUMNS:
        raise ImportFailed(
            f"line {line}, the heading, has {len(first):,} cells",
            where=name,
            allowed=(f"up to {MAXIMUM_COLUMNS:,} columns",),
            hint="is the separator right?",
        )
    if declared.columns is not None:
        if len(declared.columns) != len(first):
            raise ImportFailed(
                f"`columns` names {len(declared.columns)}, and line {line} has {len(first)}: "
                f"{', '.join(first[:20])}",
                where=name,
            )
        return _distinct(declared.columns, name), ()
    if (other := chosen.other_width()) is not None:
        raise ImportFailed(
            f"line {line}, the heading, has {len(first)} cells, and all lines below it have {other}",
            where=name,
            hint="if the heading stands further down, say `format: {skip_lines: ...}`",
        )
    return _named(first, name, line)


def _named(cells: tuple[str, ...], name: str, line: int) -> tuple[tuple[str, ...], tuple[Shown, ...]]:
    """Return the names of the columns: one without is called by its place."""
    if any("\0" in cell for cell in cells):
        raise ImportFailed(
            f"line {line}, the heading, has a null byte",
            where=name,
            hint="a file in UTF-16 without a byte order mark has them: say `format: {encoding: utf-16-le}`",
        )
    headings = [cell.strip() for cell in cells]
    if not any(headings):
        raise ImportFailed(f"line {line}, the heading, has no name", where=name)
    blank = [at for at, heading in enumerate(headings, 1) if not heading]
    for at in blank:
        headings[at - 1] = f"column {at}"
    shown = (Shown("columns without a name", ", ".join(f"column {at}" for at in blank), "by their place"),)
    return _distinct(headings, name), shown if blank else ()


def _distinct(headings: tuple[str, ...] | list[str], name: str) -> tuple[str, ...]:
    if len(set(headings)) < len(headings):
        seen: set[str] = set()
        twice = sorted({heading for heading in headings if heading in seen or seen.add(heading)})  # type: ignore[func-returns-value] # adds
        raise ImportFailed(
            f"the heading has {', '.join(f'`{heading}`' for heading in twice)} more than once",
            where=name,
            hint="name the columns by position with `format: {header: true, columns: [...]}`",
        )
    return tuple(headings)


def _line_ends(sample: _Sample) -> tuple[str, str]:
    found = dict.fromkeys(_END.findall(sample.text))
    if not found:
        return "none", "there is one line"
    return " and ".join(_ENDS[end] for end in found), "as they stand in the sample"
