"""Which encoding a file is written in: proved by its bytes, or refused.

Only Windows-1252 is no proof but what is left: no UTF-8, and reading like Western text. Latin-1 is
read by it as well, the two differ in control characters only.
"""

from __future__ import annotations

import codecs
import re

from segmentation_pipeline.errors import ImportFailed

ENCODINGS = ("utf-8", "utf-16", "utf-16-le", "utf-16-be", "windows-1252", "latin-1")
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_MULTIBYTE = re.compile(rb"[\xc3-\xf4][\x80-\xbf]")
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f]")
# A sign between two letters, as no word of a Western language has it, a capital after a small
# letter, four letters with accents in a row.
_NOT_WESTERN = re.compile(
    r"[^\W\d_](?:[\x80-\xbf€‚ƒ„†‡ˆ‰‹‘“”•˜™›](?<![’\xa0\xad´·ªº]))[^\W\d_]"
    r"|[a-z][ŠŒŽŸ]|[À-ÖØ-öø-ÿ]{4}"
)
_ACCENTED = re.compile(r"[À-ÖØ-öø-ÿŠŒŽšœžŸ]")
_IN_A_WORD = re.compile(rf"(?<=[A-Za-z]){_ACCENTED.pattern}|{_ACCENTED.pattern}(?=[A-Za-z])")
_EVIDENCE = 0.1


def find_encoding(start: bytes, name: str, *, whole: bool) -> tuple[str, str]:
    """Return the encoding of a file that begins with ``start``, and how it is known.

    ``whole`` says that the file has nothing more.

    Raises:
        ImportFailed: the bytes fit no encoding that can be told.
    """
    for mark, encoding in _MARKS:
        if start.startswith(mark):
            return encoding, "by its byte order mark"
    if b"\0" in start:
        wide = [encoding for encoding in ("utf-16-le", "utf-16-be") if _is_wide(start, encoding, whole=whole)]
        if len(wide) == 1:
            return wide[0], "by the zero bytes of its plain letters; there is no byte order mark"
    try:
        text, _ = codecs.utf_8_decode(start, "strict", whole)
    except UnicodeDecodeError as error:
        return _fallback(start, name, error)
    if text.isascii():
        return "utf-8", "plain ASCII so far" if not whole else "plain ASCII"
    return "utf-8", "every byte fits"


def check_encoding(encoding: str, name: str) -> str:
    """Return the canonical name of a declared encoding; raise `ImportFailed` for one that is none."""
    try:
        found = codecs.lookup(encoding)
        # What is no encoding of text (`base64`) is found as well.
        "".encode(found.name)
    except (LookupError, ValueError) as error:
        raise ImportFailed(f"`{encoding}` is no encoding", where=name, allowed=ENCODINGS) from error
    return found.name


def _is_wide(start: bytes, encoding: str, *, whole: bool) -> bool:
    """Whether the bytes are text in two bytes a letter, with lines and without control characters."""
    units = len(start) // 2
    zeros = start[1::2].count(0) if encoding.endswith("le") else start[0::2].count(0)
    if zeros < units * _EVIDENCE or (whole and len(start) % 2):
        return False
    try:
        text = codecs.getincrementaldecoder(encoding)().decode(start, whole)
    except UnicodeDecodeError:
        return False
    return ("\n" in text or "\r" in text) and _CONTROL.search(text) is None


def _is_western(text: str) -> bool:
    if _NOT_WESTERN.search(text) or _CONTROL.search(text):
        return False
    return 2 * len(_IN_A_WORD.findall(text)) >= len(_ACCENTED.findall(text))


def _fallback(start: bytes, name: str, error: UnicodeDecodeError) -> tuple[str, str]:
    line = start.count(b"\n", 0, error.start) + 1
    hint = "say how it is written, such as `format: {encoding: windows-1252}`"
    if _MULTIBYTE.search(start) is not None:
        raise ImportFailed(
            f"line {line} is not UTF-8, and other places are: the file mixes encodings, or has another one",
            where=name,
            allowed=ENCODINGS,
            hint=hint,
        ) from error
    try:
        text = start.decode("windows-1252")
    except UnicodeDecodeError:
        text = None
    if text is None or not _is_western(text):
        raise ImportFailed(
            f"line {line} is not UTF-8, and as Windows-1252 it does not read like text",
            where=name,
            allowed=ENCODINGS,
            hint=hint,
        ) from error
    return "windows-1252", f"line {line} is not UTF-8, and all of it reads as Western text"
