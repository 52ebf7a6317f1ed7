"""A server starts in a folder of its own, keeps what it is told to keep, and is gone afterwards."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from segmentation_pipeline.errors import UsageError

psycopg = pytest.importorskip("psycopg")
from benchmarks.loading import postgres_server as module  # noqa: E402 — it imports psycopg
from benchmarks.loading.postgres_server import binaries, postgres_server  # noqa: E402

INSTALLED = pytest.mark.skipif(binaries() is None, reason="PostgreSQL is not installed")
SMALL = {"shared_buffers": "16MB", "fsync": "off"}


@pytest.fixture
def reachable():
    """A folder that the user whom root's server runs as may enter; pytest's own is closed."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


def own_folder(conninfo: str) -> Path:
    return Path(conninfo.split(maxsplit=1)[0].removeprefix("host="))


@INSTALLED
@pytest.mark.integration
def test_a_server_is_gone_with_its_data_after_an_error():
    used = []

    def use():
        with postgres_server(settings=SMALL) as server:
            used.append(server.conninfo)
            psycopg.connect(server.conninfo).close()
            assert own_folder(server.conninfo).is_dir()
            raise RuntimeError("ours")

    with pytest.raises(RuntimeError, match="ours"):
        use()
    (conninfo,) = used
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(conninfo)
    assert not own_folder(conninfo).exists()


@INSTALLED
@pytest.mark.integration
def test_data_in_a_folder_stay(reachable):
    for expected in (None, (7,)):
        with postgres_server(reachable, SMALL) as server, psycopg.connect(server.conninfo) as connection:
            if expected is None:
                connection.execute("CREATE TABLE kept AS SELECT 7 AS one")
            else:
                assert connection.execute("SELECT one FROM kept").fetchone() == expected


@INSTALLED
@pytest.mark.integration
def test_what_a_server_costs_counts_its_processes():
    with postgres_server(settings=SMALL) as server:
        before = server.cpu_seconds()
        with psycopg.connect(server.conninfo) as connection:
            connection.execute("SELECT sum(sqrt(n)) FROM generate_series(1, 1000000) AS numbers(n)")
            assert server.memory_bytes() > 2**20
        assert server.cpu_seconds() > before


@INSTALLED
@pytest.mark.integration
def test_a_server_that_does_not_start_says_why():
    with pytest.raises(UsageError, match="shared_buffers"), postgres_server(settings={"shared_buffers": "x"}):
        pass


def test_without_postgres_it_says_what_to_install(monkeypatch):
    monkeypatch.setattr(module, "binaries", lambda: None)
    with pytest.raises(UsageError, match="not installed"), postgres_server():
        pass
