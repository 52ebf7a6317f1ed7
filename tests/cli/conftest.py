"""A command as a user runs it, in process: what it printed, and how it ended."""

from __future__ import annotations

import contextlib
import io
import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from segmentation_pipeline.cli.main import main

ROOT = Path(__file__).parents[2]
GOLDEN = Path(__file__).parent / "golden"
REFRESH = "REFRESH_GOLDEN"


@dataclass(frozen=True)
class Outcome:
    status: int
    out: str
    err: str
    bytes: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.out)


def invoke(*arguments: object) -> Outcome:
    out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", newline="")
    err = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", newline="")
    with (
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
        pytest.raises(SystemExit) as ended,
    ):
        main([str(argument) for argument in arguments])
    out.flush()
    err.flush()
    printed = out.buffer.getvalue()
    text = printed.decode(errors="replace")
    return Outcome(int(ended.value.code or 0), text, err.buffer.getvalue().decode(), printed)


@pytest.fixture(scope="session", autouse=True)
def _no_settings():
    """A developer's own settings do not reach the tests."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("SEGMENTATION_")]:
            patch.delenv(name)
        yield


@pytest.fixture(scope="session")
def segmentation():
    """Run `segmentation` with arguments."""
    return invoke


@pytest.fixture
def project(segmentation, tmp_path):
    """A new project as `init` makes it, with nothing imported."""
    folder = tmp_path / "new project"
    assert segmentation("init", folder).status == 0
    return folder


@pytest.fixture(scope="session")
def made(tmp_path_factory):
    """This project with its sample imported and evaluated by `demo`: the folder, and what it printed."""
    folder = tmp_path_factory.mktemp("sample") / "the sample"
    shutil.copytree(ROOT / "segment_definitions", folder / "segment_definitions")
    shutil.copytree(ROOT / "data" / "sample", folder / "data" / "sample")
    shutil.copy(ROOT / "segmentation.toml", folder)
    return folder, invoke("demo", "--project", folder)


@pytest.fixture(scope="session")
def sample(made):
    """The evaluated sample; for reading only."""
    return made[0]


@pytest.fixture
def copied(sample, tmp_path):
    """A copy of the evaluated sample that a test may change."""
    return Path(shutil.copytree(sample, tmp_path / "copy"))


@pytest.fixture
def golden():
    """Compare with a file of `golden/`; REFRESH_GOLDEN=1 in the environment writes it anew."""

    def compare(name: str, text: str) -> None:
        file = GOLDEN / f"{name}.txt"
        if os.environ.get(REFRESH):
            GOLDEN.mkdir(exist_ok=True)
            file.write_text(text, encoding="utf-8")
        assert text == file.read_text(encoding="utf-8")

    return compare


@pytest.fixture
def imported(segmentation, project):
    """The new project with three contacts (two from Germany) and a segment `german`."""
    rows = project / "contacts.csv"
    rows.write_text(
        "contact_id,email,country,plan\na,a@x.org,de,pro\nb,b@x.org,de,free\nc,c@x.org,fr,pro\n",
        encoding="utf-8",
    )
    assert segmentation("import", "contacts", rows, "--project", project).status == 0
    german = project / "segment_definitions" / "segments" / "german.yaml"
    german.write_text(
        "segment: german\nwhere: {field: country, operator: equals, value: de}\n", encoding="utf-8"
    )
    return project
