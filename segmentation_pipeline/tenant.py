"""What code that serves one workspace may know of the others: that a place is theirs, and not where it is."""

from __future__ import annotations

import hashlib
import itertools
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeGuard

from segmentation_pipeline.errors import Forbidden, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from segmentation_pipeline.workspace import Workspace

PLACES = ("definitions", "lake", "inbox")
"""What belongs to one workspace alone."""


@dataclass(frozen=True, slots=True)
class Tenant:
    """Whom a workspace serves, as code beside it may know: not where others are, only what is not theirs.

    ``names`` are what a column ``workspace_id`` may call it. ``foreign`` are hashes of the folders of
    other workspaces: they tell whether a path leads there, and not where `there` is.
    """

    id: str
    names: frozenset[str] = frozenset()
    foreign: frozenset[str] = frozenset()

    def own(self, place: Path | str) -> Path | str:
        """Return a path with every link followed, or a URL; raise `Forbidden` for another workspace's."""
        found = place if _is_url(place) else Path(place).resolve()
        if not self.foreign.isdisjoint(hashes(found)):
            raise Forbidden(
                "this belongs to another workspace",
                where=str(place),
                hint="a workspace reads and writes its own files only; choose another with --workspace",
            )
        return found


ALONE = Tenant("default", frozenset({"default"}))
"""That of a project without settings."""


def tenant_of(workspace: Workspace, known: Sequence[Workspace]) -> Tenant:
    """Return whom a workspace serves, told from all of the project."""
    others = [other for other in known if other.id != workspace.id]
    places = [place for other in others for kind in PLACES if (place := getattr(other, kind)) is not None]
    return Tenant(
        workspace.id,
        frozenset({workspace.id, *workspace.known_as}),
        frozenset(hashed(parts(place)) for place in places),
    )


def refuse_shared(workspaces: Sequence[Workspace], file: Path) -> None:
    """Isolation is physical: no workspace's folder may be another's, nor lie inside it."""
    for one, other in itertools.combinations(workspaces, 2):
        for kind, theirs in itertools.product(PLACES, PLACES):
            first, second = parts(getattr(one, kind)), parts(getattr(other, theirs))
            if first and second and (first[: len(second)] == second or second[: len(first)] == first):
                shared = f"their {kind}" if kind == theirs else f"a folder: its {kind}, and its {theirs}"
                raise UsageError(
                    f"workspaces `{one.id}` and `{other.id}` share {shared}",
                    where=str(file),
                    hint=f'give each its own folder, e.g. `{theirs} = "{other.id}/{theirs}"`',
                )


def hashes(place: Path | str) -> set[str]:
    """Return a hash of a place and of every place above it."""
    named = parts(place)
    return {hashed(named[:count]) for count in range(1, len(named) + 1)}


def hashed(named: tuple[str, ...]) -> str:
    return hashlib.sha256("\0".join(named).encode(errors="surrogateescape")).hexdigest()


def parts(place: Path | str | None) -> tuple[str, ...]:
    """Return the folders of a path or a URL from the top down; nothing for no place."""
    if place is None:
        return ()
    return place.parts if isinstance(place, Path) else tuple(part for part in place.split("/") if part)


def _is_url(place: Path | str) -> TypeGuard[str]:
    return isinstance(place, str) and "://" in place
