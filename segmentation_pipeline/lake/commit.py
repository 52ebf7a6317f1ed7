"""What a commit says of itself, in the table's log beside the rows."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from deltalake import CommitProperties, Transaction

from segmentation_pipeline.errors import ContractError

if TYPE_CHECKING:
    from collections.abc import Mapping

# The library's default of 15 loses commits from 16 writers on.
_RETRIES = 100
CREATION = "creation"
_RESERVED = frozenset(
    {
        "clientVersion",
        "engineInfo",
        "isBlindAppend",
        "isolationLevel",
        "operation",
        "operationMetrics",
        "operationParameters",
        "readVersion",
        "timestamp",
        "userId",
        "userMetadata",
        "userName",
        "version",
        CREATION,
    }
)


@dataclass(frozen=True, slots=True)
class Commit:
    """Text by name that a commit carries, and an application transaction.

    ``transaction`` is (application id, version): the table remembers the last version of each id,
    and of two simultaneous commits with one id the second fails. ``mark`` is a second one.
    Whether a version was there before is the caller's to ask (`DeltaStore.transaction`).
    """

    metadata: Mapping[str, str] = field(default_factory=dict)
    transaction: tuple[str, int] | None = None
    mark: tuple[str, int] | None = None

    def __post_init__(self) -> None:
        taken = sorted(_RESERVED & set(self.metadata))
        if taken:
            raise ContractError(f"a commit's {', '.join(taken)} is the Delta library's to write")
        odd = sorted(name for name, value in self.metadata.items() if not isinstance(value, str))
        if odd:
            raise ContractError(f"a commit's {', '.join(odd)} is not text", hint="write it as text")

    @property
    def says_nothing(self) -> bool:
        return not (self.metadata or self.transaction or self.mark)


def commit_properties(commit: Commit, **more: str) -> CommitProperties:
    return CommitProperties(
        custom_metadata={**commit.metadata, **more},
        max_commit_retries=_RETRIES,
        app_transactions=[Transaction(*it) for it in (commit.transaction, commit.mark) if it] or None,
    )


def said(info: Mapping[str, object]) -> dict[str, str]:
    """Return what `Commit.metadata` put into a log's ``commitInfo``."""
    return {name: str(value) for name, value in info.items() if name not in _RESERVED}
