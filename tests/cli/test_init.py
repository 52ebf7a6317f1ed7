from __future__ import annotations

from segmentation_pipeline.cli.init import template


def test_a_new_project_validates(segmentation, project):
    outcome = segmentation("validate", "--project", project)
    assert (outcome.status, outcome.out) == (0, "no findings\n")


def test_the_tests_of_a_new_project_pass(segmentation, project):
    outcome = segmentation("test", "--project", project, "--json")
    assert outcome.status == 0
    assert [result["passed"] for result in outcome.json] == [True]


def test_a_new_project_keeps_its_lake_out_of_git(project):
    assert "/data/lake/" in (project / ".gitignore").read_text().splitlines()


def test_nothing_is_overwritten(segmentation, tmp_path):
    (tmp_path / "segmentation.toml").write_text("mine", encoding="utf-8")
    outcome = segmentation("init", tmp_path)
    assert outcome.status == 2
    assert "`segmentation.toml` is there already" in outcome.err
    assert [path.name for path in tmp_path.iterdir()] == ["segmentation.toml"]


def test_the_template_is_package_data():
    assert {str(path) for path, _ in template()} >= {
        ".gitignore",
        "segmentation.toml",
        "workspace.yaml",
        "segment_definitions/catalog.yaml",
        "segment_definitions/segments/customers.yaml",
        "segment_definitions/tests/customers.yaml",
    }
