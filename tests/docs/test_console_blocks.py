"""Every ```console block of the docs is run, and prints what the page shows.

A page is run from top to bottom in one copy of the project with its sample evaluated. After `$` stands
a command; the lines below are its output: `…` alone on a line stands for any lines, within a line for
any text, and a run of blanks for any run of blanks. A command without output may print anything. A
block that names a file, as in ```csv merges.csv, is written there where it stands.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import shlex
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from segmentation_pipeline.cli.main import main

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
QUICK = ("CONTRIBUTING.md",)
BLOCK = re.compile(r"^```(?:console|\w+ (?P<file>\S+))\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Example:
    command: str
    shown: str


@dataclass(frozen=True)
class File:
    path: Path
    text: str


def steps(page: Path) -> list[Example | File]:
    """Return what a page runs and writes, in its order."""
    found = []
    for block in BLOCK.finditer(page.read_text(encoding="utf-8")):
        if block["file"] is not None:
            found.append(File(Path(block["file"]), block["text"]))
            continue
        before, *commands = re.split(r"^\$ ", block["text"], flags=re.MULTILINE)
        assert not before.strip(), f"{page.name}: a console block starts with `$ `"
        for command in commands:
            line, _, shown = command.partition("\n")
            found.append(Example(line, shown.rstrip("\n")))
    return found


def pattern(shown: str) -> str:
    """Return the pattern that the printed text must match."""
    lines = []
    for line in shown.splitlines():
        if line.strip() == "…":
            lines.append(r"(?:.*\n)*?")
            continue
        words = re.split(r"(\s+|…)", line)
        said = (r"\s+" if word.isspace() else ".*" if word == "…" else re.escape(word) for word in words)
        lines.append("".join(said) + r"\n")
    return "".join(lines)


def run(command: str) -> str:
    """Run one `segmentation` command in process; return what a terminal would show."""
    program, *arguments = shlex.split(command)
    assert program == "segmentation", f"`{command}`: write other commands into ```sh blocks"
    screen = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)
    with contextlib.redirect_stdout(screen), contextlib.redirect_stderr(screen), pytest.raises(SystemExit):
        main(arguments)
    return screen.buffer.getvalue().decode()


@pytest.fixture(scope="module")
def evaluated(tmp_path_factory):
    folder = tmp_path_factory.mktemp("docs") / "project"
    shutil.copytree(ROOT / "segment_definitions", folder / "segment_definitions")
    shutil.copytree(ROOT / "data" / "sample", folder / "data" / "sample")
    shutil.copy(ROOT / "segmentation.toml", folder)
    with pytest.MonkeyPatch.context() as patch:
        _without_settings(patch)
        run(f"segmentation demo --project {shlex.quote(str(folder))}")
    return folder


def _without_settings(patch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("SEGMENTATION_")]:
        patch.delenv(name)


def _pages():
    """Every page with examples; those that take long are for the slower suite."""
    for page in PAGES:
        if any(isinstance(step, Example) for step in steps(page)):
            slow = () if page.name in QUICK else pytest.mark.integration
            yield pytest.param(page, id=page.name, marks=slow)


@pytest.mark.parametrize("page", list(_pages()))
def test_what_a_page_shows_is_printed(page, evaluated, tmp_path, monkeypatch):
    _without_settings(monkeypatch)
    monkeypatch.chdir(shutil.copytree(evaluated, tmp_path / "project"))
    for step in steps(page):
        if isinstance(step, File):
            step.path.parent.mkdir(parents=True, exist_ok=True)
            step.path.write_text(step.text, encoding="utf-8")
            continue
        printed = run(step.command)
        assert "error: unexpected" not in printed
        if step.shown:
            trimmed = printed.rstrip() + "\n"
            assert re.fullmatch(pattern(step.shown), trimmed), f"$ {step.command}\n{printed}"


def test_a_wrong_output_is_noticed():
    shown = "a  …  c\n…\nz"
    assert re.fullmatch(pattern(shown), "a b c\nx\ny\nz\n")
    assert re.fullmatch(pattern(shown), "a b c\nz\n")
    assert not re.fullmatch(pattern(shown), "a b d\nz\n")
    assert not re.fullmatch(pattern(shown), "a b c\nz\nmore\n")


def test_the_commands_page_names_every_command():
    from segmentation_pipeline.cli.main import app

    text = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
    names = [command.name for command in app.registered_commands]
    assert names
    assert [name for name in names if f"`{name}" not in text] == []
