"""Reads the keys of a static segment from a CSV file inside the definitions folder."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

from segmentation_pipeline.diagnostics import Diagnostic, did_you_mean
from segmentation_pipeline.errors import DefinitionError

if TYPE_CHECKING:
    from pathlib import Path

    from segmentation_pipeline.errors import Position


def read_member_file(name: str, column: str, folder: Path | None, at: Position) -> tuple[str, ...]:
    """Return the non-empty values of one column, in file order, each once.

    The file must lie inside ``folder`` after every link is followed, so that a definition cannot
    read another workspace.
    """
    if folder is None:
        raise _problem("this definition has no folder to read files from", at)
    root = folder.resolve()
    path = (root / name).resolve()
    if not path.is_relative_to(root):
        raise _problem(f"`{name}` lies outside the definitions folder", at)
    if not path.is_file():
        raise _problem(f"there is no file `{name}` in the definitions folder", at)
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            rows = csv.DictReader(lines, strict=True)
            if column not in (rows.fieldnames or ()):
                raise _problem(
                    f"`{name}` has no column `{column}`", at, did_you_mean(column, rows.fieldnames or ())
                )
            values = [(row[column] or "").strip() for row in rows]
    except (UnicodeDecodeError, csv.Error) as error:
        raise _problem(f"`{name}` is not readable as CSV: {error}", at) from error
    return tuple(dict.fromkeys(value for value in values if value))


def _problem(message: str, at: Position, hint: str | None = None) -> DefinitionError:
    return DefinitionError([Diagnostic("csv-file", message, at, hint)])
