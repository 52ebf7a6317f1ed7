"""Files that change together: all are written beside their places first, then put there."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

from segmentation_pipeline.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class FileChanges:
    """``texts`` are the new contents by path, None for a file that goes.

    ``done`` says what changes, or is so already; ``notes`` what else a person must know.
    """

    texts: Mapping[Path, str | None]
    done: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def write_files(texts: Mapping[Path, str | None]) -> None:
    """Write files and remove others, each in one step.

    Whatever cannot be written stops it before the first file is touched; what fails later is undone.
    Raises `UsageError` for a folder that cannot be written.
    """
    ready: dict[Path, Path] = {}
    kept = {path.resolve(): path.read_bytes() if path.exists() else None for path in texts}
    try:
        for path, text in texts.items():
            if text is not None:
                ready[path.resolve()] = _beside(path.resolve(), text)
        for path, new in ready.items():
            new.replace(path)
        for path, text in texts.items():
            if text is None:
                path.unlink()
    except OSError as error:
        for path, content in kept.items():
            _restore(path, content)
        where = str(error.filename) if error.filename is not None else None
        raise UsageError(f"nothing was changed: {error.strerror}", where=where) from error
    finally:
        for new in ready.values():
            new.unlink(missing_ok=True)


def _beside(path: Path, text: str) -> Path:
    """Return a file in the same folder with the text, safe on the disk; its name ends in no `.yaml`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f".{path.name}.{os.getpid()}.new")
    with new.open("w", encoding="utf-8", newline="") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    if path.exists():
        shutil.copymode(path, new)
    return new


def _restore(path: Path, content: bytes | None) -> None:
    if content is None:
        path.unlink(missing_ok=True)
    elif not path.exists() or path.read_bytes() != content:
        path.write_bytes(content)
