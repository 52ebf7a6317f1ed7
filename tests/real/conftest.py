from __future__ import annotations

import datetime as dt

import pytest

from segmentation_pipeline.catalog.reading import load_catalog
from segmentation_pipeline.ingest.job import import_files
from segmentation_pipeline.ingest.mapping_file import load_mapping
from segmentation_pipeline.lake.store import DeltaStore
from segmentation_pipeline.workspace import open_workspace

NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


class Project:
    """A project in a folder of its own, with the catalog and the segments it is given as texts."""

    def __init__(self, folder, catalog, segments, settings=""):
        definitions = folder / "segment_definitions"
        (definitions / "segments").mkdir(parents=True)
        (folder / "segmentation.toml").write_text(f"[workspaces.default]\n{settings}", encoding="utf8")
        (definitions / "catalog.yaml").write_text(catalog, encoding="utf8")
        for name, text in segments.items():
            (definitions / "segments" / f"{name}.yaml").write_text(text, encoding="utf8")
        self.workspace = open_workspace(folder, env={})
        self.catalog = load_catalog(self.workspace.catalog_file)
        self.store = DeltaStore(self.workspace.lake)

    def load(self, table, mapping, *files):
        chosen = load_mapping(mapping, self.catalog)
        return import_files(self.store, self.catalog, table, files, chosen, time_zone="UTC", now=lambda: NOW)

    def publish(self, as_of):
        # Here, because what only imports must not depend on what only publishes.
        from segmentation_pipeline.segments.publish import publish

        return publish(self.workspace, now=lambda: NOW, as_of=as_of)

    def rows(self, table):
        return self.store.scan(table).collect()


@pytest.fixture(scope="session")
def make_project(tmp_path_factory):
    """Make a project: ``make_project(name, catalog, segments)``, and ``settings`` of its workspace."""
    return lambda name, *texts, **more: Project(tmp_path_factory.mktemp(name), *texts, **more)
