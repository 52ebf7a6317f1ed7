"""What a notebook sees of a project."""

from __future__ import annotations

import datetime as dt
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl
import pytest

import segmentation_pipeline as sp
from segmentation_pipeline.errors import DefinitionError, LakeError, UsageError
from segmentation_pipeline.segments.publish import publish
from segmentation_pipeline.workspace import open_workspace

if TYPE_CHECKING:
    from segmentation_pipeline.project import Project

TEMPLATE = Path(sp.__file__).parent / "templates" / "project"
NOW = dt.datetime(2026, 6, 30, tzinfo=dt.UTC)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new project with three contacts, two of whom bought, evaluated once."""
    from segmentation_pipeline.cli.source_imports import import_sources

    folder = Path(shutil.copytree(TEMPLATE, tmp_path_factory.mktemp("notebook") / "shop"))
    (folder / "people.csv").write_text("contact_id,plan\na,pro\nb,free\nc,pro\n")
    (folder / "bought.csv").write_text(
        "activity_id,contact_id,activity_type,occurred_at\n"
        "1,a,purchase,2026-01-01T00:00:00Z\n2,b,purchase,2026-06-01T00:00:00Z\n"
    )
    (folder / "segment_definitions" / "sources.yaml").write_text(
        "sources:\n  people: {table: contacts, files: people.csv}\n"
        "  bought: {table: activities, files: bought.csv}\n"
    )
    workspace = open_workspace(folder, env={})
    assert [job.landed for job in import_sources(workspace)] == [3, 2]
    publish(workspace, now=lambda: NOW)
    return folder


@pytest.fixture
def project(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    for name in [name for name in os.environ if name.startswith("SEGMENTATION_")]:
        monkeypatch.delenv(name)
    return sp.open(folder)


def test_segments_describe_themselves(project: Project) -> None:
    assert list(project.segments) == ["customers", "customers_at_risk"]
    assert "is a member of segment customers" in project.segments["customers_at_risk"].describe()


def test_members_are_a_frame_of_keys_and_what_is_known(project: Project) -> None:
    members = project.members("customers")
    assert isinstance(members, pl.LazyFrame)
    frame = members.sort("contact_id").collect()
    assert frame.columns[:3] == ["contact_id", "added_at", "added_via"]
    assert frame.select("contact_id", "plan").rows() == [("a", "pro"), ("b", "free")]


@pytest.mark.parametrize("as_of", ["2026-06-30", NOW])
def test_members_at_an_instant(project: Project, as_of: str | dt.datetime) -> None:
    assert project.members("customers_at_risk", as_of=as_of).collect()["contact_id"].to_list() == ["a"]


def test_before_history_starts_nothing_is_known(project: Project) -> None:
    with pytest.raises(LakeError, match="history starts at 2026-06-30"):
        project.members("customers", as_of="2026-06-29")


def test_a_rule_is_previewed_before_it_is_written_down(project: Project) -> None:
    found = project.preview({"field": "plan", "operator": "equals", "value": "pro"}, as_of=NOW)
    assert (found.size.value, found.population) == (2, 3)
    assert [step.rule for step in found.funnel] == ['plan equals "pro"']


def test_a_segment_is_previewed_by_its_id(project: Project) -> None:
    assert project.preview("customers", as_of="2026-06-30").size.value == 2


def test_a_previewed_rule_that_cannot_be_read_says_where(project: Project) -> None:
    with pytest.raises(DefinitionError) as caught:
        project.preview({"field": "plna", "operator": "equals", "value": "pro"})
    (finding,) = caught.value.diagnostics
    assert (finding.hint, finding.at.file, finding.at.line) == ("did you mean `plan`?", "<rule>", 1)


def test_any_table_is_a_frame(project: Project) -> None:
    assert project.table("contacts").select(pl.len()).collect().item() == 3
    assert "change" in project.table("segment_transitions").collect_schema()


def test_an_unknown_segment_is_refused_with_the_nearest_one(project: Project) -> None:
    with pytest.raises(UsageError, match="did you mean `customers`"):
        project.members("custmers")
