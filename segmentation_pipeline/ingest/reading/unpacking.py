"""The content of a file, unpacked on the way; what it is compressed with is told by its first bytes."""

from __future__ import annotations

import bz2
import gzip
import io
import zlib
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

import pyarrow as pa

from segmentation_pipeline.errors import ImportFailed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import BinaryIO

_PACKED = {b"\x1f\x8b": "gzip", b"BZh": "bz2", b"\x28\xb5\x2f\xfd": "zstd"}
_AS_CSV = "save the sheet as CSV (UTF-8)"
_UNPACK = "unpack it, or compress the CSV file itself with gzip, bz2 or zstd"
_FOREIGN = (
    (b"PK\x03\x04", "a ZIP archive", _UNPACK),
    (b"\xd0\xcf\x11\xe0", "an old Office document, such as an Excel workbook (.xls)", _AS_CSV),
    (b"\xfd7zXZ", "compressed with xz", _UNPACK),
    (b"7z\xbc\xaf", "a 7-Zip archive", _UNPACK),
    (b"Rar!", "a RAR archive", _UNPACK),
    (b"%PDF-", "a PDF document", "ask for the data as CSV"),
    (b"SQLite format 3\x00", "a SQLite database", "read it as a source with a URL and a query"),
    (b"Obj\x01", "an Avro file", "convert it to Parquet"),
    (b"ORC", "an ORC file", "convert it to Parquet"),
    (b"<!doctype html", "a web page", "the download was perhaps a page to log in"),
    (b"<html", "a web page", "the download was perhaps a page to log in"),
    (b"<?xml", "an XML document", "convert it to CSV or JSON lines"),
)
_WORKBOOK = (b"[Content_Types].xml", b"xl/")
PARQUET = b"PAR1"
_LOOK = 4096
_PIECE = 1 << 20


class Content:
    """What a file holds, unpacked: ``file`` to read from, and how far it has been read."""

    def __init__(self, raw: BinaryIO, file: BinaryIO, size: int) -> None:
        self.file = file
        self._raw = raw
        self._size = size

    def share(self, taken: int) -> float:
        """Return which share (0 to 1) has been read, ``taken`` bytes of the content being used."""
        read = taken if self._raw is self.file else self._raw.tell()
        return min(read / self._size, 1.0)


class _Reader(Protocol):
    def read(self, size: int, /) -> bytes: ...


class _Unpacked(io.RawIOBase):
    """Packed bytes, unpacked a bounded piece at a time; damage is an `ImportFailed`."""

    def __init__(self, packed: _Reader, compression: str, name: str) -> None:
        self._packed = packed
        self._compression = compression
        self._name = name

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override] # any writable buffer
        try:
            found = self._packed.read(len(buffer))
        except (OSError, EOFError, zlib.error, pa.ArrowException) as error:
            reason = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise ImportFailed(
                f"damaged or cut off: not readable as {self._compression}: {reason}",
                where=self._name,
                hint="fetch the file again, and look whether it arrived whole",
            ) from error
        buffer[: len(found)] = found
        return len(found)


def compression_of(start: bytes) -> str:
    """Return what content that begins with ``start`` is packed with: `none`, or a name of `FileFormat`."""
    return next((name for magic, name in _PACKED.items() if start.startswith(magic)), "none")


@contextmanager
def unpacked(path: Path, name: str, compression: str) -> Iterator[Content]:
    """Give the content of a file; whatever is wrong with the disk or the packing is an `ImportFailed`."""
    try:
        with path.open("rb") as raw:
            size = path.stat().st_size or 1
            if compression == "none":
                yield Content(raw, raw, size)
                return
            with io.BufferedReader(_Unpacked(_opened(raw, compression), compression, name), _PIECE) as file:
                yield Content(raw, file, size)
    except OSError as error:
        raise ImportFailed(f"cannot be read: {error.strerror or error}", where=name) from error


def refuse_foreign(start: bytes, name: str) -> None:
    """Raise `ImportFailed` for content that is known and no table of text."""
    low = start[:_LOOK].lstrip()
    for magic, what, hint in _FOREIGN:
        if start.startswith(magic) or low[: len(magic)].lower() == magic:
            book = magic.startswith(b"PK") and any(part in start[:_LOOK] for part in _WORKBOOK)
            raise ImportFailed(
                f"the file is {'an Excel workbook (.xlsx)' if book else what}",
                where=name,
                allowed=("CSV", "JSON lines", "Parquet"),
                hint=_AS_CSV if book else hint,
            )


def _opened(raw: BinaryIO, compression: str) -> _Reader:
    match compression:
        case "gzip":
            return gzip.GzipFile(fileobj=raw)
        case "bz2":
            return bz2.BZ2File(raw)
        case _:
            reader: _Reader = pa.CompressedInputStream(pa.PythonFile(raw, "r"), compression)
            return reader
