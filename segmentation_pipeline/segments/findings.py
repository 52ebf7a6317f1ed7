"""Everything that is wrong with the files of a workspace, as values: what `segmentation validate` prints."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segmentation_pipeline.catalog.reading import load_catalog_node, read_catalog
from segmentation_pipeline.diagnostics import Diagnostic
from segmentation_pipeline.documents import locate, read_file
from segmentation_pipeline.errors import DefinitionError, DocumentError, Position
from segmentation_pipeline.ingest.mapping_file import load_mapping
from segmentation_pipeline.ingest.sources import load_sources
from segmentation_pipeline.segments.basis import read_definitions
from segmentation_pipeline.segments.testing import is_nothing
from segmentation_pipeline.segments.trial import Bench, read_trial

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from segmentation_pipeline.catalog.model import Catalog
    from segmentation_pipeline.documents import Node
    from segmentation_pipeline.ingest.sources import FileSource
    from segmentation_pipeline.workspace import Workspace


def catalog_node(workspace: Workspace) -> Node:
    """Return the catalog's document, unread; segment tests lay theirs over it."""
    return load_catalog_node(workspace.catalog_file, workspace.file_name(workspace.catalog_file))


def collect_findings(workspace: Workspace) -> list[Diagnostic]:
    """Return every finding on catalog, definitions, sources, mappings and tests, by file and line.

    Without a good catalog nothing else can be read.
    """
    node: list[Node] = []
    catalogs: list[Catalog] = []
    found = list(_raised(lambda: node.append(catalog_node(workspace))))
    found += [] if found else _raised(lambda: catalogs.append(read_catalog(node[0])))
    if not found:
        (catalog,) = catalogs
        found += read_definitions(workspace, catalog).diagnostics
        found += _sources(workspace, catalog)
        found += _tests(workspace, Bench(node[0], workspace.definitions, workspace.time_zone))
    found += _unread(workspace)
    return sorted(found, key=lambda finding: (finding.at, finding.rule))


def _sources(workspace: Workspace, catalog: Catalog) -> Iterator[Diagnostic]:
    """Check ``sources.yaml``, every mapping it names, and every mapping beside."""
    file, sources = workspace.sources_file, {}
    name = workspace.file_name(file)
    yield from _raised(lambda: sources.update(load_sources(file, catalog, name)))
    tables: dict[Path, str] = {}
    yield from _raised(lambda: tables.update(_mappings(workspace, catalog)))
    del tables
    for source in sources.values():
        yield from _mapping_of(workspace, catalog, source)
