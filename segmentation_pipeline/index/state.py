"""What a commit of the stored index says of itself: from which inputs it was built, and how it is coded."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import polars as pl

from segmentation_pipeline.errors import LakeError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from segmentation_pipeline.index.dictionaries import Shape
    from segmentation_pipeline.lake.store import DeltaStore

_SAID = "index"
_MAINTENANCE = "maintenance"
_LOOK_BACK = 50
_SLICE_ROWS = 1 << 20


@dataclass(frozen=True, slots=True)
class Keys:
    """The objects that events were given to: how many indexes there were, and a digest of key and index.

    ``unmatched`` counts the events whose key no object had.
    """

    next: int
    digest: str
    unmatched: int


@dataclass(frozen=True, slots=True)
class PartState:
    """From which tables (identity, version) a part was built, by which program, and its coding.

    ``dictionary`` is the version of the table of dictionaries that has its values. ``merged`` is a digest
    of the merges that it follows, read from the tables ``followed``.
    """

    inputs: Mapping[str, tuple[str, int]]
    made: str
    shapes: Mapping[str, Shape] = field(default_factory=dict)
    dictionary: int | None = None
    keys: Keys | None = None
    merged: str = ""
    followed: Mapping[str, tuple[str, int]] = field(default_factory=dict)

    def metadata(self, *, maintenance: str | None = None) -> dict[str, str]:
        """Return what the commit carries."""
        keys = self.keys
        said = {
            "inputs": self.inputs,
            "made": self.made,
            "shapes": self.shapes,
            "dictionary": self.dictionary,
            "keys": keys and [keys.next, keys.digest, keys.unmatched],
            "merged": self.merged,
            "followed": self.followed,
        }
        more = {_MAINTENANCE: maintenance} if maintenance is not None else {}
        return {_SAID: json.dumps(said, sort_keys=True), **more}


def read_state(store: DeltaStore, name: str, latest: int | None = None) -> PartState | None:
    """Return the state of a part, at version ``latest`` or now; None where none can be trusted.

    Commits of maintenance, which leave the rows as they are, are looked through.
    """
    if latest is None:
        if not store.exists(name):
            return None
        latest = store.version(name)
    for version in range(latest, max(-1, latest - _LOOK_BACK), -1):
        try:
            said = store.commit_metadata(name, version)
        except LakeError:
            return None
        if _SAID in said:
            return _read(json.loads(said[_SAID]))
        if _MAINTENANCE not in said:
            return None
    return None


def digest(keys: pl.DataFrame, key: str, index: str) -> str:
    """Return a digest of keys and indexes, in order of the index."""
    said = hashlib.sha256()
    for part in (
        keys.sort(index, maintain_order=True)
        .select(pl.col(index).cast(pl.Int64), key)
        .iter_slices(_SLICE_ROWS)
    ):
        said.update(part[index].to_numpy().tobytes())
        text = part[key].cast(pl.String)
        said.update(text.str.len_bytes().fill_null(0).to_numpy().tobytes())
        said.update("".join(text.fill_null("").to_list()).encode())
    return said.hexdigest()


def _read(said: dict[str, object]) -> PartState:
    inputs, shapes, keys = said["inputs"], said["shapes"], said["keys"]
    followed = said.get("followed", {})
    assert isinstance(followed, dict)
    assert isinstance(inputs, dict)
    assert isinstance(shapes, dict)
    dictionary = said["dictionary"]
    return PartState(
        {name: (identity, version) for name, (identity, version) in inputs.items()},
        str(said["made"]),
        {name: (kind, size) for name, (kind, size) in shapes.items()},
        dictionary if isinstance(dictionary, int) else None,
        Keys(*keys) if isinstance(keys, list) else None,
        str(said.get("merged", "")),
        {name: (identity, version) for name, (identity, version) in followed.items()},
    )
