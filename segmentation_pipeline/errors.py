"""The one tree of errors: each says what is wrong, where, what is allowed, and one hint."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from segmentation_pipeline.diagnostics import Diagnostic


@dataclass(frozen=True, order=True, slots=True)
class Position:
    """A place in a text file; lines and columns count from 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


class SegmentationError(Exception):
    """Root of every error this package raises on purpose.

    ``what`` is one sentence; ``where`` a `Position`, a path or a table; ``allowed`` what would be
    accepted; ``hint`` the next thing to try.
    """

    exit_status = 3

    def __init__(
        self,
        what: str,
        *,
        where: Position | str | None = None,
        allowed: Sequence[str] | None = None,
        hint: str | None = None,
    ) -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.allowed = tuple(allowed) if allowed is not None else None
        self.hint = hint

    def __str__(self) -> str:
        text = f"{self.where}: {self.what}" if self.where is not None else self.what
        if self.allowed:
            text += f" (allowed: {', '.join(self.allowed)})"
        if self.hint:
            text += f"\nhint: {self.hint}"
        return text


class UsageError(SegmentationError, ValueError):
    """A command or a call was given something it cannot work with."""

    exit_status = 2


class DocumentError(SegmentationError, ValueError):
    """A YAML document cannot be read; ``where`` is a `Position`."""

    exit_status = 1


class DefinitionError(SegmentationError, ValueError):
    """Definitions do not validate; carries every finding, not the first."""

    exit_status = 1

    def __init__(self, diagnostics: Sequence[Diagnostic]) -> None:
        self.diagnostics = tuple(diagnostics)
        first = self.diagnostics[0]
        more = f" (and {len(self.diagnostics) - 1} more)" if len(self.diagnostics) > 1 else ""
        super().__init__(first.message + more, where=first.at, hint=first.hint)


class LakeError(SegmentationError):
    """A table of the lake cannot be read or written."""


class ContractError(LakeError, ValueError):
    """A frame does not have the schema of the table it is written to."""


class LockedError(LakeError):
    """Another process holds the lake; the message names it."""


class ImportFailed(SegmentationError):  # noqa: N818 — it says what happened, as RunFailed
    """An import could not start or had to stop; what it had committed stays."""


class RunFailed(SegmentationError):  # noqa: N818 — as ImportFailed
    """A run could not publish; the last good state stays."""


class OutOfMemory(RunFailed):
    """A run was about to need more memory than it may have; ``where`` says what it was doing."""


class Forbidden(SegmentationError, PermissionError):  # noqa: N818 — the word of the contract
    """A path, row or option reaches outside its workspace."""

    exit_status = 2
