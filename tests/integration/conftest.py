"""The Dagster UI over a copy of the shipped project, started as `make ui` starts it, and a browser."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

REPOSITORY = Path(__file__).parents[2]
LOCATION = "segmentation_pipeline.definitions"
START_SECONDS = 180
RUN_SECONDS = 240
PAGE_SECONDS = 90
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@dataclass(frozen=True)
class Ui:
    """A running Dagster: its address and the project it shows."""

    address: str
    project: Path

    def ask(self, query: str, **variables: object) -> Any:
        body = json.dumps({"query": query, "variables": variables}).encode()
        request = urllib.request.Request(
            f"{self.address}/graphql", body, {"content-type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)["data"]

    def runs(self) -> list[dict[str, str]]:
        """Every run, the last one first."""
        query = "{runsOrError{... on Runs{results{runId jobName status}}}}"
        return self.ask(query)["runsOrError"]["results"]

    def wait_for_run(self, number: int) -> dict[str, str]:
        """Wait until there have been so many runs and the last one has ended."""
        deadline = time.monotonic() + RUN_SECONDS
        while time.monotonic() < deadline:
            runs = self.runs()
            if len(runs) >= number and runs[0]["status"] in ("SUCCESS", "FAILURE", "CANCELED"):
                return runs[0]
            time.sleep(1)
        raise TimeoutError(f"run {number} did not end in {RUN_SECONDS} s: {self.runs()}")


@pytest.fixture(scope="session")
def chromium():
    found = os.environ.get("CHROMIUM") or shutil.which("chromium")
    if found is None:
        pytest.skip("chromium is missing: install Debian's package, or name one in CHROMIUM")
    return found


@pytest.fixture(scope="session")
def ui(chromium, tmp_path_factory):
    """Dagster over a project that nobody has run yet."""
    project = tmp_path_factory.mktemp("project")
    for name in ("segmentation.toml", "workspace.yaml"):
        shutil.copy(REPOSITORY / name, project)
    shutil.copytree(REPOSITORY / "segment_definitions", project / "segment_definitions")
    shutil.copytree(REPOSITORY / "data" / "sample", project / "data" / "sample")
    home = tmp_path_factory.mktemp("home")
    shutil.copy(REPOSITORY / "dagster.yaml", home)
    with served(project, home) as address:
        yield Ui(address, project)


@contextmanager
def served(project: Path, home: Path) -> Iterator[str]:
    """Run the command of `make ui` in a project; yield its address once the code location is loaded."""
    port = free_port()
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SEGMENTATION_")}
    env = {**kept, "DAGSTER_HOME": str(home)}
    log = home / "log.txt"
    with log.open("w") as output:
        process = subprocess.Popen(
            command(port), cwd=project, env=env, stdout=output, stderr=output, start_new_session=True
        )
        try:
            address = f"http://127.0.0.1:{port}"
            wait_until_loaded(Ui(address, project), process, log)
            yield address
        finally:
            stop(process)


def command(port: int) -> list[str]:
    """The command of `make ui`, as the Makefile has it."""
    found = re.search(r"\$\(BIN\)/(dagster dev .*)", (REPOSITORY / "Makefile").read_text())
    assert found, "`make ui` starts no `dagster dev`"
    words = found[1].replace("$(PORT)", str(port)).split()
    return [str(Path(sys.executable).with_name(words[0])), *words[1:]]


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def wait_until_loaded(ui: Ui, process: subprocess.Popen[bytes], log: Path) -> None:
    query = """{workspaceOrError{... on Workspace{locationEntries{
        locationOrLoadError{__typename ... on PythonError{message}}}}}}"""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            entries = ui.ask(query)["workspaceOrError"]["locationEntries"]
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            entries = []
        loaded = [entry["locationOrLoadError"] for entry in entries if entry["locationOrLoadError"]]
        if loaded:
            assert loaded[0]["__typename"] == "RepositoryLocation", loaded[0]["message"]
            return
        time.sleep(0.5)
    raise RuntimeError(f"Dagster did not start:\n{log.read_text()[-4000:]}")


def stop(process: subprocess.Popen[bytes]) -> None:
    """End Dagster politely, then whatever of its processes is left."""
    process.send_signal(signal.SIGINT)
    with suppress(subprocess.TimeoutExpired):
        process.wait(30)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(30)


@pytest.fixture(scope="module")
def browser(chromium):
    """A browser for one module: while it is open, its event loop runs in this thread, and no other can."""
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=PAGE_SECONDS * 1000)
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium, headless=True, args=list(FLAGS))
        yield opened
        opened.close()


@pytest.fixture
def page(browser: Browser, tmp_path, request) -> Iterator[Page]:
    """A fresh profile; what it showed last is kept as a picture beside the test's files."""
    context = browser.new_context(viewport={"width": 1600, "height": 1000})
    context.set_default_timeout(PAGE_SECONDS * 1000)
    opened = context.new_page()
    yield opened
    opened.screenshot(path=tmp_path / f"{request.node.name}.png")
    context.close()
