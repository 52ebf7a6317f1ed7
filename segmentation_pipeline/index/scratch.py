"""Frames put aside by bucket: in memory while they are few, then in files that are gone afterwards."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Self

import polars as pl

from segmentation_pipeline.lake.guard import wrapping

if TYPE_CHECKING:
    from collections.abc import Iterator

    from segmentation_pipeline.lake.store import DeltaStore

PREFIX = ".index-build-"
HELD_BYTES = 256_000_000
"""What is kept in memory before files are used."""


class Scratch:
    """Keeps frames until they are taken, bucket by bucket; a context that leaves nothing behind.

    Files lie beside the tables of a lake on disk, which has the room; those of a process that was
    killed are removed by the next one, which holds the lake's lock.
    """

    def __init__(self, store: DeltaStore) -> None:
        self._place = Path(store.root.text) if store.root.local else None
        self._folder: Path | None = None
        self._held: dict[int, list[pl.DataFrame | Path]] = {}
        self._bytes = 0
        self._files = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._held.clear()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)

    def put(self, bucket: int, frame: pl.DataFrame) -> None:
        size = int(frame.estimated_size())
        kept: pl.DataFrame | Path = frame
        if self._bytes + size > HELD_BYTES:
            with wrapping("cannot put rows of the index aside", str(self._place or tempfile.gettempdir())):
                self._files += 1
                kept = self._made() / f"{self._files}.arrow"
                frame.write_ipc(kept, compression="lz4")
        else:
            self._bytes += size
        self._held.setdefault(bucket, []).append(kept)

    def buckets(self) -> list[int]:
        return sorted(self._held)

    def take(self, bucket: int) -> Iterator[pl.DataFrame]:
        """Yield the frames of a bucket and forget them."""
        for kept in self._held.pop(bucket):
            if isinstance(kept, Path):
                yield pl.read_ipc(kept)
                kept.unlink()
            else:
                yield kept

    def _made(self) -> Path:
        if self._folder is None:
            if self._place is not None:
                for left in self._place.glob(f"{PREFIX}*"):
                    shutil.rmtree(left, ignore_errors=True)
            self._folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=self._place))
        return self._folder
