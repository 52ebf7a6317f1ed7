from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from segmentation_pipeline.catalog.reading import load_catalog
from segmentation_pipeline.evaluation.evaluate import evaluate
from segmentation_pipeline.features.refresh import refresh_features
from segmentation_pipeline.ingest.sources import import_source, load_sources
from segmentation_pipeline.lake.store import DeltaStore
from segmentation_pipeline.rules.definitions import load_definitions
from segmentation_pipeline.sample import AS_OF, make_sample

PROJECT = Path(__file__).parents[2]
DEFINITIONS = PROJECT / "segment_definitions"
NOW = dt.datetime(2026, 6, 30, 0, 5, tzinfo=dt.UTC)


@pytest.fixture(scope="session")
def folder():
    return PROJECT / "data" / "sample"


@pytest.fixture(scope="session")
def definitions_folder():
    return DEFINITIONS


@pytest.fixture(scope="session")
def sample():
    return make_sample()


@pytest.fixture(scope="session")
def catalog():
    return load_catalog(DEFINITIONS / "catalog.yaml", "catalog.yaml")


@pytest.fixture(scope="session")
def sources(catalog):
    return load_sources(DEFINITIONS / "sources.yaml", catalog, "sources.yaml")


@pytest.fixture(scope="session")
def definitions(catalog):
    return load_definitions(DEFINITIONS, catalog, time_zone="UTC")


@pytest.fixture(scope="session")
def imported(tmp_path_factory, catalog, sources):
    """The jobs that import the committed files by sources.yaml, and the lake they made."""
    store = DeltaStore(tmp_path_factory.mktemp("lake"))
    jobs = {
        name: import_source(
            store, catalog, source, project=PROJECT, definitions=DEFINITIONS, time_zone="UTC", now=lambda: NOW
        )
        for name, source in sources.items()
    }
    return jobs, store


@pytest.fixture(scope="session")
def evaluation(imported, catalog, definitions):
    _, store = imported
    refresh_features(store, catalog, AS_OF)
    lake = store.snapshot(catalog.table_names())
    frames = {name: lake.scan(name) for name in catalog.table_names() if name in lake}
    return evaluate(definitions, frames, AS_OF)
