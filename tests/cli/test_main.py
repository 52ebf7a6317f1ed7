"""What every command has in common: help, exit statuses, errors that say what to do."""

from __future__ import annotations

import contextlib
import io
import subprocess
import sys

import pytest
import typer

from segmentation_pipeline.cli.main import app
from segmentation_pipeline.cli.output import progress_bar

COMMANDS = tuple(typer.main.get_command(app).commands)
PROMISED = {
    *("demo", "init", "import", "validate", "run", "list", "show", "members", "explain", "test", "status"),
    *("translate", "schema"),
}


def test_the_commands_promised_are_there():
    assert set(COMMANDS) >= PROMISED


def test_help_names_every_command(segmentation):
    outcome = segmentation("--help")
    assert outcome.status == 0
    assert all(f" {command} " in outcome.out for command in COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(segmentation, command):
    outcome = segmentation(command, "--help")
    assert outcome.status == 0
    assert "--debug" in outcome.out


def test_wrong_use_is_status_2(segmentation):
    assert segmentation("lsit").status == 2
    assert segmentation("validate", "--colour").status == 2


def test_an_error_says_what_where_and_one_hint(segmentation, tmp_path):
    outcome = segmentation("validate", "--project", tmp_path)
    assert outcome.status == 2
    assert outcome.err.startswith("error: this is not a project")
    assert f"where: {tmp_path / 'segment_definitions'}" in outcome.err
    assert "hint: " in outcome.err
    assert "Traceback" not in outcome.err


def test_a_traceback_only_with_debug(segmentation, tmp_path):
    outcome = segmentation("validate", "--project", tmp_path, "--debug")
    assert outcome.status == 2
    assert "Traceback" in outcome.err
    assert "error: this is not a project" in outcome.err


def test_what_nobody_expected_is_status_3_and_one_sentence(segmentation, project, monkeypatch):
    def broken(*_arguments, **_options):
        raise ZeroDivisionError("by zero")

    monkeypatch.setattr("segmentation_pipeline.validation.validate", broken)
    outcome = segmentation("validate", "--project", project)
    assert outcome.status == 3
    assert outcome.err.startswith("error: unexpected ZeroDivisionError: by zero")
    assert "Traceback" not in outcome.err


def test_the_workspace_is_named(segmentation, project):
    outcome = segmentation("validate", "--project", project, "--workspace", "acme")
    assert outcome.status == 2
    assert "there is no workspace `acme`" in outcome.err
    assert "allowed: default" in outcome.err


def test_a_blocked_workspace_is_refused(segmentation, project, monkeypatch):
    monkeypatch.setenv("SEGMENTATION_STATUS", "blocked")
    outcome = segmentation("list", "--project", project)
    assert outcome.status == 2
    assert "workspace `default` is blocked" in outcome.err


def test_the_version_is_printed(segmentation):
    assert segmentation("--version").out.strip() == "0.1.0"


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_progress_is_shown_on_a_terminal_only():
    with contextlib.redirect_stderr(io.StringIO()), progress_bar() as move:
        assert move is None
    with contextlib.redirect_stderr(Terminal()) as screen, progress_bar() as move:
        move("contacts", 1, 2)
    assert "contacts" in screen.getvalue()


@pytest.mark.parametrize(
    "command", ["list", "status", pytest.param("demo", marks=pytest.mark.integration), "run"]
)
def test_json_is_all_that_stands_on_standard_output(segmentation, copied, command):
    outcome = segmentation(command, "--project", copied, "--json")
    assert outcome.status == 0
    assert outcome.json
    assert outcome.err == ""


def test_a_reader_that_leaves_early_is_no_error(sample):
    """As in `segmentation members newsletter --format csv | head -1`."""
    program = [sys.executable, "-c", "from segmentation_pipeline.cli.main import main; main()"]
    process = subprocess.Popen(
        [*program, "members", "newsletter", "--format", "csv", "--project", sample],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    process.stdout.close()
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait() == 1
