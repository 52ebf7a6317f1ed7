"""Workspaces: what the settings say, what they may not say, and that tenants stay apart."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import pytest

from segmentation_pipeline.errors import Forbidden, UsageError
from segmentation_pipeline.workspace import open_workspace, read_workspaces

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "segment_definitions").mkdir()
    return tmp_path


def settings(project: Path, text: str) -> Path:
    (project / "segmentation.toml").write_text(text, encoding="utf-8")
    return project


def test_a_project_without_settings_has_the_default_workspace(project):
    workspace = open_workspace(project, env={})
    assert (workspace.id, workspace.time_zone, workspace.week_starts) == ("default", "UTC", 0)
    assert workspace.lake == project / "data/lake"
    assert workspace.as_of is None


def test_every_setting_is_read(project):
    settings(
        project,
        """
        [workspaces.acme]
        name = "ACME"
        definitions = "segment_definitions"
        lake = "s3://bucket/acme"
        storage_options = {region = "eu-west-1"}
        time_zone = "Europe/Paris"
        week_starts = "sunday"
        retention = "30 days"
        max_scan_bytes = "10 GB"
        memory_limit = "1GB"
        bucket_size = 65536
        run_timeout = "2 hours"
        as_of = 2026-06-30T02:00:00+02:00
        """,
    )
    workspace = open_workspace(project, env={})
    assert workspace.name == "ACME"
    assert workspace.lake == "s3://bucket/acme"
    assert workspace.storage_options == {"region": "eu-west-1"}
    assert (workspace.time_zone, workspace.week_starts) == ("Europe/Paris", 6)
    assert workspace.retention == dt.timedelta(days=30)
    assert workspace.max_scan_bytes == 10_000_000_000
    assert (workspace.memory_limit, workspace.bucket_size) == (10**9, 65536)
    assert workspace.run_timeout == dt.timedelta(hours=2)
    assert workspace.as_of == dt.datetime(2026, 6, 30, tzinfo=dt.UTC)


def test_the_environment_overrides_a_setting(project):
    settings(project, '[workspaces.default]\ntime_zone = "UTC"\n')
    env = {"SEGMENTATION_TIME_ZONE": "Asia/Tokyo", "SEGMENTATION_STORAGE_OPTIONS": '{"region": "x"}'}
    workspace = open_workspace(project, env=env | {"SEGMENTATION_MEMORY_LIMIT": "500 MB"})
    assert (workspace.time_zone, workspace.storage_options) == ("Asia/Tokyo", {"region": "x"})
    assert workspace.memory_limit == 500_000_000


def test_the_environment_names_the_workspace(project):
    (project / "other").mkdir()
    settings(project, '[workspaces.a]\n[workspaces.b]\ndefinitions = "other"\nlake = "lakes/b"\n')
    assert open_workspace(project, env={"SEGMENTATION_WORKSPACE": "b"}).id == "b"
    assert open_workspace(project, "a", env={"SEGMENTATION_WORKSPACE": "b"}).id == "a"


def test_an_unknown_workspace_lists_the_known_ones(project):
    settings(project, "[workspaces.acme]\n")
    with pytest.raises(UsageError, match=r"no workspace `acne`.*allowed: acme.*\n.*did you mean `acme`"):
        open_workspace(project, "acne", env={})


def test_several_workspaces_need_a_name(project):
    settings(project, '[workspaces.a]\n[workspaces.b]\ndefinitions = "b/d"\nlake = "b/l"\n')
    with pytest.raises(UsageError, match="no workspace `default`"):
        open_workspace(project, env={})


@pytest.mark.parametrize("status", ["blocked", "cancelled", "dormant"])
def test_a_workspace_that_is_not_active_is_refused_with_the_reason(project, status):
    settings(project, f'[workspaces.default]\nstatus = "{status}"\n')
    assert read_workspaces(project, env={})["default"].refusal == f"workspace `default` is {status}"
    with pytest.raises(Forbidden, match=status):
        open_workspace(project, env={})


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('time_zne = "UTC"', r"unknown setting `time_zne`(.|\n)*did you mean `time_zone`"),
        ('time_zone = "Paris"', "`time_zone`: write the name of a time zone"),
        ('week_starts = "montag"', "`week_starts`.*allowed: monday, tuesday"),
        ('status = "paused"', "`status`.*allowed: active, blocked"),
        ('retention = "a while"', "`retention`: write a duration"),
        ('max_scan_bytes = "lots"', "`max_scan_bytes`: write a number of bytes"),
        ('memory_limit = "most of it"', "`memory_limit`: write a number of bytes"),
        ("bucket_size = 10", "`bucket_size`.*greater than or equal to 1024"),
        ("max_scan_bytes = 0", "`max_scan_bytes`.*greater than 0"),
        ("as_of = 2026-06-30T00:00:00", "`as_of`: write an instant with its offset"),
        ("as_of = 2026-06-30", "`as_of`: write an instant with its offset"),
        ('as_of = "soon"', "`as_of`"),
        ('storage_options = {key = ["a"]}', "`storage_options`"),
    ],
)
def test_a_bad_setting_says_where_and_what_is_allowed(project, line, message):
    settings(project, f"[workspaces.default]\n{line}\n")
    with pytest.raises(UsageError, match=message) as raised:
        open_workspace(project, env={})
    assert str(raised.value.where) == f"{project / 'segmentation.toml'}, [workspaces.default]"


def test_a_bad_variable_is_named(project):
    with pytest.raises(UsageError, match="the environment, SEGMENTATION_STATUS"):
        open_workspace(project, env={"SEGMENTATION_STATUS": "gone"})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[workspaces.default\n", "not readable as TOML"),
        ("lake = 'x'\n", "unknown key `lake`"),
        ("workspaces = 3\n", "one table a workspace"),
        ('[workspaces."Ä b"]\n', "is no workspace id"),
    ],
)
def test_bad_files_are_refused(project, text, message):
    settings(project, text)
    with pytest.raises(UsageError, match=message):
        open_workspace(project, env={})


@pytest.mark.parametrize(
    ("first", "second"),
    [("lakes", "lakes"), ("lakes", "lakes/b"), ("lakes/a/x", "lakes/a"), ("s3://k/a", "s3://k/a/b/")],
)
def test_workspaces_do_not_share_a_lake(project, first, second):
    settings(
        project, f'[workspaces.a]\nlake = "{first}"\n[workspaces.b]\nlake = "{second}"\ndefinitions = "b"\n'
    )
    with pytest.raises(UsageError, match="`a` and `b` share their lake"):
        read_workspaces(project, env={})


def test_workspaces_do_not_share_definitions(project):
    settings(project, '[workspaces.a]\n[workspaces.b]\nlake = "b"\n')
    with pytest.raises(UsageError, match="share their definitions"):
        read_workspaces(project, env={})


def test_one_variable_does_not_move_several_workspaces_to_one_lake(project):
    settings(project, '[workspaces.a]\n[workspaces.b]\nlake = "b"\ndefinitions = "b"\n')
    with pytest.raises(UsageError, match=r"SEGMENTATION_LAKE.*shared by several"):
        open_workspace(project, "a", env={"SEGMENTATION_LAKE": "x"})


def test_a_folder_without_definitions_is_no_project(tmp_path):
    with pytest.raises(UsageError, match=r"not a project(.|\n)*segmentation init"):
        open_workspace(tmp_path, env={})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-06-30T00:00:00Z", dt.datetime(2026, 6, 30, tzinfo=dt.UTC)),
        ("2026-06-30T12:00:00", dt.datetime(2026, 6, 30, 10, tzinfo=dt.UTC)),
        ("2026-06-30", dt.datetime(2026, 6, 29, 22, tzinfo=dt.UTC)),
    ],
)
def test_an_instant_without_an_offset_is_local(project, text, expected):
    workspace = open_workspace(project, env={"SEGMENTATION_TIME_ZONE": "Europe/Paris"})
    assert workspace.instant(text) == expected


def test_what_is_no_instant_shows_the_forms(project):
    with pytest.raises(UsageError, match=r"`soon` is not an instant.*allowed: 2026-06-30T00:00:00Z"):
        open_workspace(project, env={}).instant("soon")


def test_the_default_workspace_has_an_inbox_and_others_what_they_name(project):
    settings(project, '[workspaces.default]\n[workspaces.b]\nlake = "b"\ndefinitions = "d"\n')
    found = read_workspaces(project, env={})
    assert (found["default"].inbox, found["b"].inbox) == (project / "data/inbox", None)


@pytest.mark.parametrize("inbox", ["../elsewhere", "/tmp", "."])
def test_an_inbox_lies_inside_the_project(project, inbox):
    settings(project, f'[workspaces.default]\ninbox = "{inbox}"\n')
    with pytest.raises(UsageError, match="does not lie inside the project"):
        read_workspaces(project, env={})


def test_workspaces_do_not_share_an_inbox(project):
    settings(
        project,
        '[workspaces.default]\n[workspaces.b]\nlake = "b"\ndefinitions = "d"\ninbox = "data/inbox/b"\n',
    )
    with pytest.raises(UsageError, match="share their inbox"):
        read_workspaces(project, env={})
