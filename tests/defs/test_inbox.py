"""The inbox in Dagster: which files the sensor asks for, and what their runs do."""

from __future__ import annotations

import dagster as dg
import pytest

ROWS = "contact_id,email\nc900,c900@example.com\n"


@pytest.fixture
def tick(team):
    """Let the sensor look once; it goes on from where it was."""
    state = {"cursor": None}

    def look():
        (sensor,) = team.definitions().sensors
        with dg.build_sensor_context(instance=team.instance, cursor=state["cursor"]) as context:
            found = sensor.evaluate_tick(context)
        state["cursor"] = found.cursor or state["cursor"]
        return found

    return look


def asked(found):
    return [request.run_config["ops"]["import_file"]["config"]["file"] for request in found.run_requests]


def run(team, request):
    job = team.definitions(wait_seconds=5).resolve_job_def("import_inbox")
    return job.execute_in_process(run_config=request.run_config, instance=team.instance, raise_on_error=False)


def test_it_is_off_until_turned_on(team):
    (sensor,) = team.definitions().sensors
    assert (sensor.name, sensor.default_status) == ("inbox_sensor", dg.DefaultSensorStatus.STOPPED)


def test_a_file_is_asked_for_once_it_rests_and_never_again(team, tick):
    assert "there is no folder" in tick().skip_message
    path = team.write("data/inbox/contacts/people.csv", ROWS)
    assert tick().skip_message == "1 files may still be written"
    path.write_text(ROWS + "c901,\n")
    assert tick().skip_message == "1 files may still be written"
    assert asked(tick()) == ["contacts/people.csv"]
    assert tick().skip_message == "nothing is new in the inbox"


def test_a_bad_file_fails_its_own_run_by_name_and_no_other(team, tick):
    team.write("data/inbox/contacts/people.csv", ROWS)
    team.write("data/inbox/contatcs/people.csv", ROWS)
    tick()
    good, bad = tick().run_requests
    done = run(team, good)
    assert done.success
    reported = [event.asset_key.to_user_string() for event in done.get_asset_materialization_events()]
    assert reported == ["contacts"]
    failed = run(team, bad)
    assert not failed.success
    (step,) = failed.get_step_failure_events()
    assert "inbox/contatcs/people.csv: the folder `contatcs` names no table" in str(step.step_failure_data)


def test_what_the_command_line_imported_is_not_asked_for(team, tick, monkeypatch):
    from segmentation_pipeline.cli import source_imports
    from segmentation_pipeline.workspace import open_workspace

    monkeypatch.setattr(source_imports, "_PAUSE", 0)
    team.write("data/inbox/contacts/people.csv", ROWS)
    workspace = open_workspace(team.project, env={})
    assert [job.landed for job in source_imports.import_inbox(workspace)] == [1]
    assert list(source_imports.import_inbox(workspace)) == []
    tick()
    assert tick().skip_message == "nothing is new in the inbox"


def test_a_closed_workspace_is_skipped_with_the_reason(team, tick):
    settings = team.project / "segmentation.toml"
    settings.write_text(settings.read_text() + 'status = "blocked"\n')
    assert tick().skip_message == "workspace `default` is blocked"


def test_a_workspace_without_an_inbox_has_no_sensor(team):
    settings = team.project / "segmentation.toml"
    settings.write_text(settings.read_text().replace("default", "shop"))
    assert not team.definitions().sensors
