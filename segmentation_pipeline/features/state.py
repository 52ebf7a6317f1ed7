"""What a commit of a feature table says of itself: from which tables, merges, weights and instant it is."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from segmentation_pipeline.errors import LakeError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from segmentation_pipeline.lake.reading import Snapshot
    from segmentation_pipeline.lake.store import DeltaStore

_SAID = "feature"
_LOOK_BACK = 50


@dataclass(frozen=True, slots=True)
class FeatureState:
    """From which tables (identity, version), merges (a digest) and declarations (``made``) a table is.

    ``as_of`` (µs) is the instant after which nothing was seen, None where time plays no part; until
    ``fresh_until`` time alone changes nothing. ``strays`` counts the events of unknown contacts.
    """

    inputs: Mapping[str, tuple[str, int]]
    made: str
    merged: str
    as_of: int | None = None
    fresh_until: int | None = None
    strays: int = 0

    def metadata(self) -> dict[str, str]:
        """Return what the commit carries."""
        said = {
            "inputs": self.inputs,
            "made": self.made,
            "merged": self.merged,
            "as_of": self.as_of,
            "fresh_until": self.fresh_until,
            "strays": self.strays,
        }
        return {_SAID: json.dumps(said, sort_keys=True)}

    def is_still(self, as_of: int) -> bool:
        """Whether time alone changes nothing until ``as_of``."""
        if self.as_of is None or as_of == self.as_of:
            return True
        return as_of > self.as_of and (self.fresh_until is None or as_of < self.fresh_until)


def read_state(store: DeltaStore, name: str, latest: int) -> FeatureState | None:
    """Return what the table at version ``latest`` is from; None where that cannot be trusted.

    Commits of maintenance, which leave the rows as they are, are looked through.
    """
    for version in range(latest, max(-1, latest - _LOOK_BACK), -1):
        try:
            said = store.commit_metadata(name, version)
        except LakeError:
            return None
        if _SAID in said:
            found = json.loads(said[_SAID])
            inputs = {table: (identity, at) for table, (identity, at) in found.pop("inputs").items()}
            return FeatureState(inputs, **found)
        if "maintenance" not in said:
            return None
    return None


def pinned(tables: Snapshot, names: Iterable[str]) -> dict[str, tuple[str, int]]:
    """Return identity and version of those of the tables that are there."""
    return {name: (tables.identity(name), tables.versions[name]) for name in names if name in tables}


def digest(*said: object) -> str:
    return hashlib.sha256(repr(said).encode()).hexdigest()[:16]
