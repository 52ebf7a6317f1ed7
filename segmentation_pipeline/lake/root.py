"""Where a lake may lie: the characters that the Delta library or its readers mistake."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from segmentation_pipeline.errors import Forbidden, LakeError
from segmentation_pipeline.lake.tables import check_name

_REASONS = (
    (re.compile(r"[\[\]|^]"), "the Delta library stops the process on it"),
    (re.compile(r"[\\\x00-\x1f\x7f]"), "the Delta library takes it for a separator or refuses it"),
    (re.compile(r"%[0-9A-Fa-f]{2}"), "it is decoded, and another folder's table is read instead"),
    (re.compile(r"="), "readers take it for a partition column of every table"),
)
_PLAIN = re.compile(r"[A-Za-z0-9/._+,:;~&'()@!$-]*")


@dataclass(frozen=True, slots=True)
class Root:
    """A checked place: ``text`` without a last slash; ``local`` a folder, else an object store.

    ``plain`` says that Polars' own Delta reader understands the path; it takes `a b` for `a%20b`.
    """

    text: str
    local: bool
    plain: bool

    @property
    def folder(self) -> Path:
        """The lake's folder, for whoever locks or cleans it; raise `LakeError` for an object store."""
        if not self.local:
            raise LakeError(
                "a lake in an object store can be neither locked nor cleaned yet", where=self.text
            )
        return Path(self.text)

    def table(self, name: str) -> str:
        """Return where a table lies; raise `Forbidden` for a name or a link that leads elsewhere."""
        check_name(name)
        place = f"{self.text}/{name}"
        if self.local and Path(place).is_symlink():
            raise Forbidden(
                "a table of the lake is no link",
                where=place,
                hint="put the folder there, or set another `lake` for the workspace",
            )
        return place


def check_root(root: str | Path) -> Root:
    """Return ``root`` as a place for tables; raise `LakeError` with the reason if it cannot be one.

    A local path is made absolute, links followed, as the Delta library does.

    >>> check_root("s3://bucket/lake/")
    Root(text='s3://bucket/lake', local=False, plain=True)
    """
    given = str(root)
    if given.startswith("file:"):
        raise LakeError("a lake on disk is named by its path", where=given, hint="leave out `file://`")
    local = "://" not in given
    text = str(Path(given).resolve()) if local else given.rstrip("/")
    for pattern, reason in _REASONS:
        if found := pattern.search(text):
            raise LakeError(
                f"a lake cannot lie under a path with {found[0]!r}: {reason}",
                where=text,
                hint="rename the folder, or set another `lake` for the workspace",
            )
    plain = _PLAIN.fullmatch(text) is not None
    if not (local or plain):
        raise LakeError(
            "an object store's path may hold letters, digits and -_.+,:;~&'()@!$ only, or readers miss it",
            where=text,
        )
    return Root(text, local, plain)
