"""The pytest plugin: segment tests are items where a project is configured, and nowhere else."""

from __future__ import annotations

import pytest

from segmentation_pipeline.cli.init import template
from segmentation_pipeline.segments import findings, testing  # noqa: F401 — loaded here once, not in every run

pytest_plugins = ["pytester"]

PASSES = """\
test: one
given: {contacts: [{contact_id: a}]}
segments: {all: {where: {everyone: true}}}
expect: {all: [a]}
"""
FAILS = PASSES.replace("test: one", "test: two").replace("[a]}\n", "[b]}\n")


@pytest.fixture
def project(pytester, monkeypatch):
    """A new project; the settings name it."""
    monkeypatch.delenv("SEGMENTATION_WORKSPACE", raising=False)
    # The other plugins that lie around here take longer to load than the tests to run.
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.setenv("PYTEST_ADDOPTS", "-p segmentation_pipeline.pytest_plugin")
    for path, content in template():
        (pytester.path / path).parent.mkdir(parents=True, exist_ok=True)
        (pytester.path / path).write_text(content, encoding="utf-8")
    pytester.makeini("[pytest]\nsegmentation_project = .\n")
    return pytester


def write(project, name, text):
    path = project.path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def test_every_document_is_an_item(project):
    write(project, "segment_definitions/tests/more/two.yaml", f"{PASSES}---\n{PASSES}---\n")
    result = project.runpytest("-v")
    result.assert_outcomes(passed=3)
    result.stdout.fnmatch_lines(
        ["*customers.yaml::customers bought once*PASSED*", "*two.yaml::one (2) PASSED*"]
    )


def test_a_failure_shows_the_message_and_no_traceback(project):
    write(project, "segment_definitions/tests/two.yaml", f"{PASSES}---\n{FAILS}")
    result = project.runpytest()
    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(["segment_definitions/tests/two.yaml:6:1: all: expected*", "*missing: *'b'*"])
    result.stdout.no_fnmatch_line("*runtest*")


def test_a_file_that_cannot_be_read_is_an_error(project):
    write(project, "segment_definitions/tests/two.yaml", "test: [\n")
    result = project.runpytest("segment_definitions/tests/two.yaml")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*two.yaml:2:1: not readable as YAML*"])


def test_no_other_yaml_is_collected(project):
    for name in ("docs/x.yaml", "segment_definitions/segments/tests/y.yaml", "tests/z.yaml"):
        write(project, name, PASSES)
    write(project, "segment_definitions/tests/w.yml", PASSES)
    project.runpytest().assert_outcomes(passed=1)


def test_nothing_is_collected_without_the_setting(project):
    project.makeini("[pytest]\n")
    project.runpytest().assert_outcomes()


def test_a_test_is_chosen_by_its_name(project):
    write(project, "segment_definitions/tests/two.yaml", f"{PASSES}---\n{FAILS}")
    project.runpytest("-k", "one").assert_outcomes(passed=1, deselected=2)


def test_a_project_that_is_none_is_wrong_use(project):
    project.makeini("[pytest]\nsegmentation_project = elsewhere\n")
    result = project.runpytest()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*segmentation_project: *not a project*"])


def test_pytest_elsewhere_loads_nothing_of_the_engine(pytester):
    pytester.makepyfile(
        """
        import sys

        def test_light():
            assert "segmentation_pipeline.pytest_plugin" in sys.modules
            assert not {"polars", "dagster", "yaml", "pydantic"} & set(sys.modules)
        """
    )
    pytester.runpytest_subprocess(
        "-p", "no:hypothesispytest", "-p", "no:_hypothesis_pytestplugin"
    ).assert_outcomes(passed=1)
