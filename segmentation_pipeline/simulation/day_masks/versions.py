"""Which version of a table was the latest at the end of every day, as far as its log and files remember."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from segmentation_pipeline.errors import LakeError
from segmentation_pipeline.lake.log import commit_info
from segmentation_pipeline.lake.reading import Snapshot

if TYPE_CHECKING:
    from collections.abc import Sequence

    from segmentation_pipeline.lake.store import DeltaStore

_MILLISECOND = 1000
_SAME_ROWS = frozenset({"OPTIMIZE", "VACUUM START", "VACUUM END", "FSCK", "SET TBLPROPERTIES"})


@dataclass(frozen=True, slots=True)
class Versions:
    """The version of every day, None where it is not known any more, or none was there.

    ``latest`` has the rows of today: its number stands for every later version that only moved them.
    """

    by_day: tuple[int | None, ...]
    latest: int

    @property
    def moved(self) -> bool:
        """Whether some day had other rows than today."""
        return any(version is not None and version < self.latest for version in self.by_day)

    @property
    def complete(self) -> bool:
        return None not in self.by_day


def versions_then(store: DeltaStore, inputs: Snapshot, name: str, ends: Sequence[int]) -> Versions:
    """Return the versions of a pinned table at instants (µs), ascending."""
    pinned = inputs.versions[name]
    commits: list[tuple[int, int, str]] = []
    for version in range(pinned, -1, -1):
        try:
            said = commit_info(store.root, name, version, store.storage_options)
        except LakeError:
            break
        at = said.get("timestamp")
        if not isinstance(at, int):
            break
        commits.append((version, at * _MILLISECOND, str(said.get("operation"))))
        if ends and at * _MILLISECOND <= ends[0]:
            break
    latest = next((version for version, _, operation in commits if operation not in _SAME_ROWS), pinned)
    then = [next((min(version, latest) for version, at, _ in commits if at <= end), None) for end in ends]
    gone = {version for version in set(then) if version is not None and version < latest}
    gone -= {version for version in gone if _is_readable(store, name, version)}
    return Versions(tuple(None if version in gone else version for version in then), latest)


def created(inputs: Snapshot, name: str) -> int:
    """Return when a pinned table was made, in µs."""
    at = inputs.tables[name].metadata().created_time
    return (at or 0) * _MILLISECOND


def _is_readable(store: DeltaStore, name: str, version: int) -> bool:
    """Whether no file of a version was removed since; in an object store that is not looked for."""
    try:
        return Snapshot(store.root, {name: store.open(name, version)}).files(name).lost() is None
    except LakeError:
        return False
