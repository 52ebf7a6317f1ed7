"""``python -m segmentation_pipeline.schemas [PROJECT]``: write the schemas of a project's definitions."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from segmentation_pipeline.catalog.reading import load_catalog
from segmentation_pipeline.catalog.reference import reference_page
from segmentation_pipeline.errors import SegmentationError
from segmentation_pipeline.schemas.writing import FOLDER, write_schemas
from segmentation_pipeline.workspace import open_workspace


def main() -> int:
    """Write what changed and name it; return the exit status."""
    parser = argparse.ArgumentParser(prog="segmentation_pipeline.schemas", description=__doc__)
    parser.add_argument("project", nargs="?", type=Path, default=Path(), help="the project's folder")
    parser.add_argument("--reference", type=Path, metavar="FILE", help="write the reference page too")
    options = parser.parse_args()
    try:
        workspace = open_workspace(options.project, None, env=os.environ)
        catalog = load_catalog(workspace.catalog_file)
    except SegmentationError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_status
    changed = write_schemas(catalog, workspace.definitions / FOLDER)
    if options.reference is not None:
        options.reference.write_text(reference_page(catalog), encoding="utf-8")
        changed.append(options.reference)
    for path in changed:
        sys.stdout.write(f"{path}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
