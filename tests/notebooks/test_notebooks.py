"""The notebooks run from top to bottom on the sample, prepared as their first cell says."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path

import nbformat
import pytest

from segmentation_pipeline.cli.main import main

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
each = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def read(path: Path) -> nbformat.NotebookNode:
    return nbformat.read(path, as_version=4)


def preparation(path: Path) -> list[str]:
    """Return the commands that the first cell names."""
    (block,) = re.findall(r"^```sh\n(.*?)^```$", read(path).cells[0].source, re.MULTILINE | re.DOTALL)
    return block.splitlines()


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """Return a copy of the project, prepared, and without settings from outside."""
    folder = tmp_path_factory.mktemp("notebooks") / "project"
    for part in ("segment_definitions", "data/sample", "notebooks"):
        shutil.copytree(ROOT / part, folder / part)
    shutil.copy(ROOT / "segmentation.toml", folder)
    with pytest.MonkeyPatch.context() as patch:
        for name in ("SEGMENTATION_PROJECT", "SEGMENTATION_AS_OF", "SEGMENTATION_LAKE"):
            patch.delenv(name, raising=False)
        patch.chdir(folder)
        for name in ("IPYTHONDIR", "JUPYTER_RUNTIME_DIR", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR"):
            patch.setenv(name, str(folder.parent / name.lower()))
        for command in preparation(NOTEBOOKS[0]):
            program, *arguments = shlex.split(command, comments=True)
            assert program == "segmentation"
            with pytest.raises(SystemExit) as ended:
                main(arguments)
            assert not ended.value.code, command
        yield folder


def test_both_are_there_and_ask_for_the_same_project():
    assert [path.stem for path in NOTEBOOKS] == ["analysts_tour", "segment_to_revenue"]
    tour, revenue = NOTEBOOKS
    assert preparation(tour) == preparation(revenue)


@each
def test_nothing_that_was_run_is_committed(path):
    book = read(path)
    nbformat.validate(book)
    code = [cell for cell in book.cells if cell.cell_type == "code"]
    assert [(cell.outputs, cell.execution_count) for cell in code] == [([], None)] * len(code)
    assert set(book.metadata) == {"kernelspec", "language_info"}
    assert all(not cell.metadata for cell in book.cells)


@each
def test_no_path_of_one_machine_is_committed(path):
    text = path.read_text(encoding="utf-8")
    assert not re.findall(r"""["'(\s](?:/(?:home|Users|tmp|work|root|mnt)/|[A-Z]:\\\\)""", text)


@pytest.mark.integration
@each
def test_every_cell_runs(path, project):
    from nbclient import NotebookClient

    book = read(path)
    folder = project / "notebooks"
    NotebookClient(book, timeout=240, resources={"metadata": {"path": str(folder)}}).execute()
    shown = [output for cell in book.cells if cell.cell_type == "code" for output in cell.outputs]
    assert [output for output in shown if output.output_type == "error"] == []
    assert [output.text for output in shown if output.get("name") == "stderr"] == []


@pytest.mark.integration
def test_a_cell_that_asserts_what_is_not_so_fails(project):
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError

    book = read(NOTEBOOKS[0])
    book.cells = [
        *book.cells[:2],
        nbformat.v4.new_code_cell('assert not ws.table("contacts").collect().height'),
    ]
    with pytest.raises(CellExecutionError, match="AssertionError"):
        NotebookClient(
            book, timeout=240, resources={"metadata": {"path": str(project / "notebooks")}}
        ).execute()
