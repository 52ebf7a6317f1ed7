"""Everything that is wrong with the files of a workspace, as values: what `segmentation validate` prints."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from segmentation_pipeline.catalog.reading import load_catalog_node, read_catalog
from segmentation_pipeline.diagnostics import Diagnostic
from segmentation_pipeline.documents import locate, read_file
from segmentation_pipeline.enrichment.providers import FOLDER as PROVIDERS
from segmentation_pipeline.enrichment.providers import load_providers
from segmentation_pipeline.errors import DefinitionError, DocumentError, Position
from segmentation_pipeline.ingest.mapping_file import load_mapping
from segmentation_pipeline.ingest.sources import load_sources
from segmentation_pipeline.partners.webhooks import load_webhooks
from segmentation_pipeline.segments.basis import read_definitions
from segmentation_pipeline.segments.saved_reports import faults as report_faults
from segmentation_pipeline.segments.testing import is_nothing
from segmentation_pipeline.segments.trial import Bench, read_trial

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from segmentation_pipeline.catalog.model import Catalog
    from segmentation_pipeline.documents import Node
    from segmentation_pipeline.rules.segment import Definitions
    from segmentation_pipeline.workspace import Workspace

    Finder = Callable[[Workspace, Definitions], Iterable[Diagnostic]]


def catalog_node(workspace: Workspace) -> Node:
    """Return the catalog's document, unread; segment tests lay theirs over it."""
    return load_catalog_node(workspace.catalog_file, workspace.file_name(workspace.catalog_file))


def collect_findings(workspace: Workspace, others: Sequence[Finder] = ()) -> list[Diagnostic]:
    """Return every finding on catalog, definitions, sources, mappings and tests, by file and line.

    ``others`` look at files of other parts. Without a good catalog nothing else can be read.
    """
    found: list[Diagnostic] = []
    with _collecting(found):
        node = catalog_node(workspace)
        catalog = read_catalog(node)
        definitions = read_definitions(workspace, catalog)
        found += definitions.diagnostics
        found += _sources(workspace, catalog)
        found += partner_findings(workspace, definitions)
        known = {*definitions.segments, *definitions.broken}
        found += report_faults(workspace.definitions, known, workspace.file_name)
        for finder in others:
            found += finder(workspace, definitions)
        found += _tests(workspace, Bench(node, workspace.definitions, workspace.time_zone))
        found += _overlooked(workspace)
    return sorted(found, key=lambda finding: (finding.at, finding.rule))


@contextlib.contextmanager
def _collecting(found: list[Diagnostic]) -> Iterator[None]:
    """Turn what is raised inside into findings; what stands after it inside is left out."""
    try:
        yield
    except DefinitionError as error:
        found += error.diagnostics
    except DocumentError as error:
        at = error.where if isinstance(error.where, Position) else Position(str(error.where), 1, 1)
        found.append(Diagnostic("yaml", error.what, at, error.hint))


def _sources(workspace: Workspace, catalog: Catalog) -> list[Diagnostic]:
    """Check ``sources.yaml``, and every mapping: those it names and those that lie ready."""
    found: list[Diagnostic] = []
    tables: dict[str, str] = {}
    for path in sorted(workspace.mappings_folder.rglob("*.yaml")):
        with _collecting(found):
            mapping = load_mapping(path, catalog, workspace.file_name(path))
            tables[path.relative_to(workspace.definitions).as_posix()] = mapping.table
    with _collecting(found):
        file = workspace.sources_file
        for source in load_sources(file, catalog, workspace.file_name(file)).values():
            if source.mapping is None:
                continue
            place = read_file(file, workspace.file_name(file))[0]
            at = locate(place, ("sources", source.name, "mapping"))
            path = workspace.definitions / source.mapping
            if not path.is_file():
                message = f"there is no mapping file `{source.mapping}`"
                found.append(Diagnostic("mapping-not-found", message, at))
                continue
            if not path.is_relative_to(workspace.mappings_folder):
                with _collecting(found):
                    mapping = load_mapping(path, catalog, workspace.file_name(path))
                    tables[source.mapping] = mapping.table
            table = tables.get(source.mapping, source.table)
            if table != source.table:
                message = f"the mapping is for `{table}`, the source for `{source.table}`"
                found.append(Diagnostic("mapping-of-another-table", message, at))
    return found


def partner_findings(workspace: Workspace, definitions: Definitions) -> list[Diagnostic]:
    """Check the files of enrichment providers and webhooks."""
    found: list[Diagnostic] = []
    if (workspace.definitions / PROVIDERS).is_dir():
        with _collecting(found):
            load_providers(workspace.definitions, definitions.catalog, workspace.file_name)
    with _collecting(found):
        load_webhooks(
            workspace.definitions, objects_of(definitions), definitions.catalog, workspace.file_name
        )
    return found


def objects_of(definitions: Definitions) -> dict[str, str | None]:
    """Return every segment with the object it is a segment of, None where it cannot be read."""
    readable = {name: segment.object for name, segment in definitions.segments.items()}
    return {**dict.fromkeys(definitions.broken), **readable}


def _tests(workspace: Workspace, bench: Bench) -> list[Diagnostic]:
    """Check that every segment test can be read and means something; not whether it passes."""
    found: list[Diagnostic] = []
    for path in sorted(workspace.tests_folder.rglob("*.yaml")):
        with _collecting(found):
            for node in read_file(path, workspace.file_name(path)):
                if not is_nothing(node):
                    with _collecting(found):
                        found += read_trial(node, bench).findings()
    return found


def _overlooked(workspace: Workspace) -> list[Diagnostic]:
    """Name the files that nothing reads, though whoever wrote them thinks so."""
    return [
        Diagnostic(
            "file-name",
            "this file is never read: definitions end in `.yaml`",
            Position(workspace.file_name(path), 1, 1),
            f"rename it to `{path.stem}.yaml`",
        )
        for path in sorted(workspace.definitions.rglob("*.yml"))
    ]
