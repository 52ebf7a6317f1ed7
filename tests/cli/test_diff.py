"""`segmentation diff`: against a revision of git or a folder; as table, Markdown, JSON; the limit."""

from __future__ import annotations

import shutil
import subprocess

import pytest

pytestmark = pytest.mark.usefixtures("imported")

FRENCH = "segment: german\nwhere: {field: country, operator: equals, value: fr}\n"


def git(folder, *arguments):
    command = ["git", "-c", "user.name=T", "-c", "user.email=t@example.com", *arguments]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)


@pytest.fixture
def changed(project):
    """The project under git, with one definition changed and not committed, and an untracked one."""
    git(project, "init", "-q")
    git(project, "add", "segment_definitions", "segmentation.toml")
    git(project, "commit", "-qm", "first")
    segments = project / "segment_definitions" / "segments"
    (segments / "german.yaml").write_text(FRENCH, encoding="utf-8")
    (segments / "rest.yaml").write_text("segment: rest\nwhere: {not: {segment: german}}\n", encoding="utf-8")
    return project


def test_against_a_revision(segmentation, changed):
    outcome = segmentation("diff", "--against", "HEAD", "--project", changed, "--json")
    assert outcome.status == 0
    found = {one["segment"]: one for one in outcome.json["segments"]}
    assert (found["german"]["kind"], found["german"]["before"], found["german"]["after"]) == ("changed", 2, 1)
    assert (found["rest"]["kind"], found["rest"]["after"]) == ("added", 2)


def test_the_work_tree_is_not_touched(segmentation, changed):
    def state():
        done = subprocess.run(["git", "status", "--porcelain"], cwd=changed, capture_output=True, check=True)
        return done.stdout, sorted(path.name for path in changed.rglob("*") if ".git" not in path.parts)

    before = state()
    segmentation("diff", "--against", "HEAD", "--project", changed)
    assert state() == before


def test_a_table_says_who_moves_and_why(segmentation, changed):
    outcome = segmentation("diff", "--against", "HEAD", "--project", changed)
    assert "c enters german — before: does not hold: country" in outcome.out
    assert "a exits german — now: does not hold: country" in outcome.out


def test_markdown_for_a_pull_request(segmentation, changed):
    outcome = segmentation("diff", "--against", "HEAD", "--project", changed, "--format", "markdown")
    lines = outcome.out.splitlines()
    assert lines[0].startswith("### Segments against `HEAD`, as of ")
    assert "| `german` | changed | 2 | 1 | 1 | 2 | 0 | 150.0% |" in lines
    assert "| `rest` | added |  | 2 | 2 | 0 | 0 |  |" in lines


def test_over_the_limit_is_status_1(segmentation, changed):
    outcome = segmentation("diff", "--against", "HEAD", "--project", changed, "--fail-over", "5%")
    assert outcome.status == 1
    assert "german moves 150.0% of its members, over 5%" in outcome.out
    assert segmentation("diff", "--against", "HEAD", "--project", changed, "--fail-over", "150%").status == 0


def test_a_segment_that_breaks_is_status_1(segmentation, changed):
    file = changed / "segment_definitions" / "segments" / "german.yaml"
    file.write_text(FRENCH.replace("country", "countri"), encoding="utf-8")
    outcome = segmentation("diff", "--against", "HEAD", "--project", changed)
    assert outcome.status == 1
    assert "broken: unknown field `countri`" in outcome.out


def test_against_a_folder(segmentation, project, tmp_path):
    other = tmp_path / "other"
    shutil.copytree(project / "segment_definitions", other / "segment_definitions")
    (other / "segment_definitions" / "segments" / "german.yaml").write_text(FRENCH, encoding="utf-8")
    for place in (other, other / "segment_definitions"):
        found = segmentation("diff", "--against", place, "--project", project, "--json").json
        assert [(one["segment"], one["before"], one["after"]) for one in found["segments"]] == [
            ("german", 1, 2)
        ]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--against", "nowhere"], "neither a folder of definitions nor a revision of git"),
        (["--against", "--output=x"], "neither a folder of definitions nor a revision of git"),
        (["--against", "HEAD", "--fail-over", "much"], "`much` is not a share"),
    ],
)
def test_wrong_use_is_status_2(segmentation, changed, arguments, message):
    outcome = segmentation("diff", *arguments, "--project", changed)
    assert outcome.status == 2
    assert message in outcome.err


def test_a_revision_without_the_folder_is_said(segmentation, changed):
    git(changed, "rm", "-rq", "--cached", "segment_definitions")
    git(changed, "commit", "-qm", "gone")
    outcome = segmentation("diff", "--against", "HEAD", "--project", changed)
    assert outcome.status == 2
    assert "has no folder `segment_definitions`" in outcome.err
