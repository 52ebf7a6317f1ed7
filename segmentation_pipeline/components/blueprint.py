"""What the files of a workspace say when Dagster loads them. Nothing that people write can raise here."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from segmentation_pipeline.catalog.reading import load_catalog
from segmentation_pipeline.diagnostics import Diagnostic
from segmentation_pipeline.errors import DefinitionError, DocumentError, Position, SegmentationError
from segmentation_pipeline.evaluation.estimate import tables_read
from segmentation_pipeline.features.tables import computable, feature_tables
from segmentation_pipeline.ingest.sources import load_sources
from segmentation_pipeline.lake.opening import open_lake
from segmentation_pipeline.segments.basis import read_definitions
from segmentation_pipeline.segments.findings import partner_findings
from segmentation_pipeline.simulation.reading import read_simulations, simulation_files
from segmentation_pipeline.workspace import SETTINGS_FILE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from segmentation_pipeline.catalog.model import Catalog, ObjectType
    from segmentation_pipeline.ingest.sources import Source
    from segmentation_pipeline.rules.segment import Definitions, Segment
    from segmentation_pipeline.simulation.declaration import Simulation
    from segmentation_pipeline.workspace import Workspace

_ID = re.compile(r"[a-z][a-z0-9_]*")


@dataclass(frozen=True, slots=True)
class Blueprint:
    """The catalog, sources, segments and simulations that could be read, and every finding on the others.

    ``segments`` stand in dependency order; ``tables`` are those of the catalog that are fed, there,
    or read by segments. Without a readable catalog all are empty, and every segment and simulation is broken.
    """

    workspace: Workspace
    catalog: Catalog | None
    sources: Mapping[str, Source] = field(default_factory=dict)
    tables: tuple[str, ...] = ()
    segments: Mapping[str, Segment] = field(default_factory=dict)
    broken: Mapping[str, Diagnostic] = field(default_factory=dict)
    simulations: Mapping[str, Simulation] = field(default_factory=dict)
    broken_simulations: Mapping[str, Diagnostic] = field(default_factory=dict)
    findings: tuple[Diagnostic, ...] = ()

    @property
    def errors(self) -> tuple[Diagnostic, ...]:
        return tuple(finding for finding in self.findings if finding.severity == "error")

    @property
    def derived(self) -> tuple[str, ...]:
        """The tables that are computed from others."""
        computed = feature_tables(self.catalog) if self.catalog is not None else {}
        return tuple(table for table in self.tables if table in computed)

    @property
    def fed(self) -> tuple[str, ...]:
        """The tables with a source, in the order in which sources.yaml names them."""
        return tuple(dict.fromkeys(source.table for source in self.sources.values()))


def read_blueprint(workspace: Workspace) -> Blueprint:
    """Return what a workspace's files say now."""
    if links := workspace.foreign_links():
        at = Position(workspace.file_name(links[0]), 1, 1)
        found = Diagnostic("path-outside", "the link leads into another workspace", at)
        return Blueprint(workspace, None, findings=(found,))
    try:
        catalog = load_catalog(workspace.catalog_file, workspace.file_name(workspace.catalog_file))
    except (DefinitionError, DocumentError, OSError) as error:
        findings = _findings(error, workspace.file_name(workspace.catalog_file))
        return Blueprint(
            workspace,
            None,
            broken=_all_broken(workspace.segments_folder.rglob("*.yaml"), findings[0]),
            broken_simulations=_all_broken(simulation_files(workspace.definitions), findings[0]),
            findings=findings,
        )
    sources, bad_sources = _sources(workspace, catalog)
    there, bad_lake = _tables_there(workspace, catalog)
    definitions = read_definitions(workspace, catalog)
    bad = partner_findings(workspace, definitions)
    simulations, bad_simulations = read_simulations(workspace, definitions)
    bad += [finding for findings in bad_simulations.values() for finding in findings]
    return Blueprint(
        workspace,
        catalog,
        sources,
        _shown(catalog, there.union(source.table for source in sources.values()), definitions),
        definitions.segments,
        {name: finding for name, finding in definitions.broken.items() if _ID.fullmatch(name)},
        simulations,
        {name: findings[0] for name, findings in bad_simulations.items() if _ID.fullmatch(name)},
        tuple(sorted({*definitions.diagnostics, *bad_sources, *bad_lake, *bad}, key=_place)),
    )


def _place(finding: Diagnostic) -> tuple[Position, str]:
    return finding.at, finding.rule


def _sources(workspace: Workspace, catalog: Catalog) -> tuple[dict[str, Source], tuple[Diagnostic, ...]]:
    name = workspace.file_name(workspace.sources_file)
    try:
        return load_sources(workspace.sources_file, catalog, name), ()
    except (DefinitionError, DocumentError, OSError) as error:
        return {}, _findings(error, name)


def _tables_there(workspace: Workspace, catalog: Catalog) -> tuple[set[str], tuple[Diagnostic, ...]]:
    try:
        store = open_lake(workspace)
        return {table for table in catalog.table_names() if store.exists(table)}, ()
    except SegmentationError as error:
        at = Position(SETTINGS_FILE, 1, 1)
        return set(), (Diagnostic("lake", f"{error.where}: {error.what}", at, error.hint),)


def _shown(catalog: Catalog, known: set[str], definitions: Definitions) -> tuple[str, ...]:
    read = known.union(*(tables_read(segment, catalog) for segment in definitions.segments.values()))
    held = {
        table for kind in catalog.objects.values() if kind.table in read for table in satellite_tables(kind)
    }
    computed = set(computable(catalog, read | held))
    return tuple(table for table in catalog.table_names() if table in read | held | computed)


def satellite_tables(kind: ObjectType) -> set[str]:
    """Return the tables that hold fields of an object beside its own."""
    return {field.satellite.table for field in kind.fields.values() if field.satellite is not None}


def _all_broken(files: Iterable[Path], finding: Diagnostic) -> dict[str, Diagnostic]:
    stems = sorted({path.stem for path in files})
    return {stem: finding for stem in stems if _ID.fullmatch(stem)}


def _findings(error: DefinitionError | DocumentError | OSError, file: str) -> tuple[Diagnostic, ...]:
    if isinstance(error, DefinitionError):
        return error.diagnostics
    at = Position(file, 1, 1)
    if isinstance(error, OSError):
        return (Diagnostic("yaml", f"not readable: {error.strerror}", at),)
    return (
        Diagnostic("yaml", error.what, error.where if isinstance(error.where, Position) else at, error.hint),
    )
