"""What every command has in common: help, exit statuses, errors that say what to do."""

from __future__ import annotations

import pytest

COMMANDS = (
    "demo",
    "init",
    "import",
    "validate",
    "run",
    "list",
    "show",
    "members",
    "explain",
    "test",
    "status",
)


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

    monkeypatch.setattr("segmentation_pipeline.segments.findings.collect_findings", broken)
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
