"""Every database writes the members that the engine finds, and loads its rows once."""

from __future__ import annotations

import importlib
import tempfile
from pathlib import Path

import polars as pl
import pytest

from benchmarks.data.activity_rows import activity_chunks
from benchmarks.data.contact_rows import contact_chunks
from benchmarks.data.dataset import AS_OF
from benchmarks.data.generate import SEED, dataset
from benchmarks.data.segments import write_definitions
from benchmarks.peer import Tally
from segmentation_pipeline.evaluation.evaluate import evaluate

CONTACTS, EVENTS, SEGMENTS = 1500, 22_500, 40
PEERS = [
    "duckdb_parquet",
    "duckdb_native",
    pytest.param("clickhouse", marks=pytest.mark.integration),
    pytest.param("postgres", marks=pytest.mark.integration),
]


@pytest.fixture(scope="module")
def root():
    """A folder that another user may enter: PostgreSQL's server does not run as root."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@pytest.fixture(scope="module")
def data(root):
    return dataset(root, CONTACTS, EVENTS)


@pytest.fixture(scope="module")
def definitions(data):
    return write_definitions(data.definitions(SEGMENTS), SEGMENTS)


@pytest.fixture(scope="module")
def expected(definitions):
    frames = {
        "contacts": pl.concat(contact_chunks(CONTACTS, SEED)),
        "activities": pl.concat(activity_chunks(CONTACTS, EVENTS, SEED)),
    }
    evaluation = evaluate(definitions, frames, AS_OF)
    return {name: Tally(len(ids), ids.sum()) for name, ids in evaluation.members.items()}


def engine(name):
    pytest.importorskip({"clickhouse": "chdb", "postgres": "psycopg"}.get(name, "duckdb"))
    if name == "postgres":
        from benchmarks.loading.postgres_server import binaries

        if binaries() is None:
            pytest.skip("PostgreSQL is not installed")
    return importlib.import_module(f"benchmarks.peers.{name}")


@pytest.mark.parametrize("name", PEERS)
def test_members_are_the_engines(name, root, data, definitions, expected):
    peer, workspace, output = engine(name), root / name, root / f"{name}-output"
    workspace.mkdir()
    output.mkdir()
    peer.prepare(data, workspace)
    peer.run(data, definitions, AS_OF, workspace, output)
    assert peer.tally(definitions, workspace, output) == expected
    assert sum(tally.members for tally in expected.values()) > CONTACTS


def test_rows_are_loaded_once(root, data):
    peer, workspace = engine("duckdb_native"), root / "once"
    workspace.mkdir()
    (workspace / "half.duckdb").write_text("left by a load that was killed")
    peer.prepare(data, workspace)
    (loaded,) = workspace.iterdir()
    before = loaded.stat()
    peer.prepare(data, workspace)
    assert loaded.stat() == before
