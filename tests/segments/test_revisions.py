"""Where a simulation takes definitions from: the work tree, a revision of git, a folder."""

from __future__ import annotations

import subprocess

import pytest

from segmentation_pipeline.errors import UsageError
from segmentation_pipeline.segments.basis import read_definitions
from segmentation_pipeline.segments.revisions import SOURCES, workspace_from


def git(folder, *arguments):
    command = ["git", "-c", "user.name=T", "-c", "user.email=t@example.com", *arguments]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)


def segments(workspace, source):
    with workspace_from(workspace, source) as found:
        assert found.lake == workspace.lake
        return sorted(read_definitions(found).segments)


def test_the_work_tree_is_the_workspace_itself(published):
    with workspace_from(published.workspace, "worktree") as found:
        assert found == published.workspace


def test_a_revision_of_git_even_where_a_folder_is_called_so(published, monkeypatch):
    git(published.root, "init", "-q")
    git(published.root, "add", "segment_definitions")
    git(published.root, "commit", "-qm", "first")
    git(published.root, "branch", "next")
    published.copy(published.root / "next").drop("others")
    published.segment("more", "where: {everyone: true}")
    monkeypatch.chdir(published.root)
    assert segments(published.workspace, "worktree") == ["adults", "more", "others"]
    assert segments(published.workspace, "git:next") == ["adults", "others"]
    assert segments(published.workspace, "folder:next") == ["adults"]


def test_a_folder_is_seen_from_the_project(published, tmp_path_factory, monkeypatch):
    other = published.copy(published.root / "proposals" / "one")
    other.drop("others")
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    assert segments(published.workspace, "folder:proposals/one") == ["adults"]
    assert segments(published.workspace, "folder:proposals/one/segment_definitions") == ["adults"]


@pytest.mark.parametrize(
    "source", ["folder:nowhere", "git:nowhere", "git:--output=x", "folder:", "nowhere", ""]
)
def test_what_names_no_definitions(published, source):
    with pytest.raises(UsageError), workspace_from(published.workspace, source):
        pass
    assert "worktree" in SOURCES
