"""One writer of a lake at a time: an advisory lock that dies with its holder."""

from __future__ import annotations

import fcntl
import json
import os
import time
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from segmentation_pipeline.errors import LakeError, LockedError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_NAME = ".lock"
_POLL_SECONDS = 0.05


@contextmanager
def lake_lock(root: Path, holder: str, wait_seconds: float = 0, name: str = _NAME) -> Iterator[None]:
    """Hold the lock of the lake on disk at ``root``, or raise `LockedError` naming who holds it.

    ``holder`` says what the lock is for (``run``, ``import of contacts``); another ``name`` is the lock
    of something else in the lake, such as a queue, and leaves its tables free. Waits at most
    ``wait_seconds``; raises `LakeError` where the lock's file cannot be written. The operating system
    frees the lock of a process that ends, however it ends; the file stays, and says nothing by itself.
    """
    with _wrapping(root):
        root.mkdir(parents=True, exist_ok=True)
        # Not inheritable: a child that outlives a killed holder would keep the lock.
        descriptor = os.open(root / name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        _acquire(descriptor, root, time.monotonic() + wait_seconds)
        with _wrapping(root):
            _write(descriptor, {"pid": os.getpid(), "holder": holder, "since": _now()})
        try:
            yield
        finally:
            os.ftruncate(descriptor, 0)
    finally:
        os.close(descriptor)


@contextmanager
def _wrapping(root: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise LakeError(f"the lake cannot be locked: {error.strerror}", where=str(root)) from error


def _acquire(descriptor: int, root: Path, deadline: float) -> None:
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            left = deadline - time.monotonic()
            if left <= 0:
                raise LockedError(
                    f"the lake is held by {_holder(descriptor)}",
                    where=str(root),
                    hint="wait for it to end, or stop that process; a lock never outlives its holder",
                ) from None
            time.sleep(min(_POLL_SECONDS, left))
        else:
            return


def _holder(descriptor: int) -> str:
    try:
        said = json.loads(os.pread(descriptor, 4096, 0))
    except ValueError:
        return "another process that is just starting or ending"
    return f"`{said['holder']}` (process {said['pid']}, since {said['since']})"


def _write(descriptor: int, said: dict[str, object]) -> None:
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, json.dumps(said).encode(), 0)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
