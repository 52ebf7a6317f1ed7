"""A command as a user runs it, in process: what it printed, and how it ended."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pytest

from segmentation_pipeline.cli.main import main


@dataclass(frozen=True)
class Outcome:
    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@pytest.fixture
def segmentation(capsys, monkeypatch):
    """Run `segmentation` with arguments; a user's own settings do not reach it."""
    for name in ("SEGMENTATION_PROJECT", "SEGMENTATION_WORKSPACE"):
        monkeypatch.delenv(name, raising=False)

    def run(*arguments: object) -> Outcome:
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main([str(argument) for argument in arguments])
        printed = capsys.readouterr()
        return Outcome(int(ended.value.code or 0), printed.out, printed.err)

    return run


@pytest.fixture
def project(segmentation, tmp_path):
    """A new project as `init` makes it."""
    folder = tmp_path / "project"
    assert segmentation("init", folder).status == 0
    return folder
