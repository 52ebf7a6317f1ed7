"""The files of an example, read by whatever reads such files in a project."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from segmentation_pipeline.catalog.reading import read_catalog
from segmentation_pipeline.components.blueprint import read_blueprint
from segmentation_pipeline.documents import read_documents
from segmentation_pipeline.errors import DefinitionError
from segmentation_pipeline.rules.checks.rule import EXAMPLE_CATALOG
from segmentation_pipeline.rules.dialects.names import Names, read_names
from segmentation_pipeline.rules.dialects.translation import DIALECTS, read_rule, translate
from segmentation_pipeline.segments.basis import read_definitions
from segmentation_pipeline.validation import validate
from segmentation_pipeline.workspace import open_workspace

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from segmentation_pipeline.diagnostics import Diagnostic


def translated(dialect: str, files: Mapping[str, str]) -> list[Diagnostic]:
    catalog = read_catalog(read_documents(EXAMPLE_CATALOG, "catalog.yaml")[0])
    try:
        names = Names()
        if "names.yaml" in files:
            names = read_names(read_rule(files["names.yaml"], "names.yaml"))
        translate(read_rule(files[f"{dialect}.yaml"], f"{dialect}.yaml"), dialect, catalog, names=names)
    except DefinitionError as error:
        return list(error.diagnostics)
    return []


def validated(files: Mapping[str, str], project: Path) -> list[Diagnostic]:
    for name, text in {"catalog.yaml": EXAMPLE_CATALOG, **files}.items():
        folder = project if name == "segmentation.toml" else project / "segment_definitions"
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    workspace = open_workspace(project, env={})
    if "segmentation.toml" in files:
        return list(read_blueprint(workspace).findings)
    found = validate(workspace)
    if "catalog.yaml" in files:
        return found
    # What holds a segment back because of another is no finding of its own: `status` shows it.
    catalog = read_catalog(read_documents(EXAMPLE_CATALOG, "catalog.yaml")[0])
    held_back = read_definitions(workspace, catalog).broken.values()
    return [*found, *(one for one in held_back if one not in found)]


@pytest.fixture
def findings(tmp_path):
    """Every finding on the files of an example."""

    def of(files: Mapping[str, str]) -> list[Diagnostic]:
        dialect = next((name for name in DIALECTS if f"{name}.yaml" in files), None)
        return translated(dialect, files) if dialect else validated(files, tmp_path)

    return of
