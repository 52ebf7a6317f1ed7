from __future__ import annotations

import io

import polars as pl
import pytest


def test_the_first_members_by_key(segmentation, sample):
    outcome = segmentation("members", "vip", "--limit", 2, "--project", sample)
    assert outcome.status == 0
    head, first, second, summary = outcome.out.splitlines()
    assert head.split() == ["contact", "id", "added", "at", "added", "via"]
    assert first < second
    assert summary.startswith("2 of ")
    assert summary.endswith("members of vip as of 2026-06-30T00:00:00Z")


@pytest.fixture
def keys(segmentation, sample):
    return [row["contact_id"] for row in segmentation("members", "vip", "--project", sample, "--json").json]


def test_json_has_them_all(segmentation, sample, keys):
    (vip,) = (
        row for row in segmentation("list", "--project", sample, "--json").json if row["segment"] == "vip"
    )
    assert len(keys) == len(set(keys)) == vip["size"]


def test_limit_and_offset_cut_a_page(segmentation, sample, keys):
    page = segmentation("members", "vip", "--offset", 3, "--limit", 2, "--project", sample, "--json").json
    assert [row["contact_id"] for row in page] == keys[3:5]


def test_csv_to_a_pipe(segmentation, sample, keys):
    out = segmentation("members", "vip", "--format", "csv", "--project", sample).out
    assert [line.split(",")[0] for line in out.splitlines()] == ["contact_id", *keys]


def test_parquet_to_a_pipe(segmentation, sample, keys):
    outcome = segmentation("members", "vip", "--format", "parquet", "--project", sample)
    assert pl.read_parquet(io.BytesIO(outcome.bytes))["contact_id"].to_list() == keys


@pytest.mark.parametrize("suffix", ["csv", "parquet", "json"])
def test_a_file_has_the_format_of_its_suffix(segmentation, sample, keys, tmp_path, suffix):
    file = tmp_path / f"vip.{suffix}"
    outcome = segmentation("members", "vip", "--output", file, "--project", sample)
    assert (outcome.status, outcome.out) == (0, "")
    read = {"csv": pl.read_csv, "parquet": pl.read_parquet, "json": pl.read_json}[suffix]
    assert read(file)["contact_id"].to_list() == keys


def test_a_file_without_a_format_is_refused(segmentation, sample, tmp_path):
    outcome = segmentation("members", "vip", "--output", tmp_path / "vip", "--project", sample)
    assert outcome.status == 2
    assert "allowed: --format csv, --format json, --format parquet" in outcome.err


def test_columns_of_their_own_and_of_other_tables(segmentation, sample):
    columns = "email,custom.plan_tier,tags"
    rows = segmentation("members", "beta_testers", "--columns", columns, "--project", sample, "--json").json
    assert list(rows[0]) == ["contact_id", "email", "custom.plan_tier", "tags", "added_at", "added_via"]
    assert any("beta" in (row["tags"] or []) for row in rows)
    flat = segmentation(
        "members", "beta_testers", "--columns", "tags", "--format", "csv", "--project", sample
    )
    assert any("beta;" in line for line in flat.out.splitlines())


def test_an_unknown_column_is_refused(segmentation, sample):
    outcome = segmentation("members", "vip", "--columns", "emial", "--project", sample)
    assert outcome.status == 2
    assert "did you mean `email`" in outcome.err


def test_companies_have_their_own_key(segmentation, sample):
    rows = segmentation("members", "key_accounts", "--limit", 1, "--project", sample, "--json").json
    assert list(rows[0]) == ["company_id", "added_at", "added_via"]


def test_members_at_an_instant_are_those_published_then(segmentation, copied):
    file = copied / "segment_definitions" / "segments" / "partners.yaml"
    before = segmentation("members", "partners", "--project", copied, "--json").json
    file.write_text(file.read_text(encoding="utf-8") + "active: false\n", encoding="utf-8")
    segmentation("run", "--as-of", "2026-07-02", "--project", copied)

    def keys(as_of):
        rows = segmentation("members", "partners", "--as-of", as_of, "--project", copied, "--json").json
        return [row["contact_id"] for row in rows]

    assert keys("2026-06-30") == keys("2026-07-01") == [row["contact_id"] for row in before]
    assert keys("2026-07-02") == keys("2026-08-01") == []


def test_two_runs_at_one_instant_leave_what_the_last_published(segmentation, copied):
    file = copied / "segment_definitions" / "segments" / "partners.yaml"
    file.write_text(file.read_text(encoding="utf-8") + "active: false\n", encoding="utf-8")
    segmentation("run", "--project", copied)
    segmentation("run", "--as-of", "2026-07-02", "--select", "vip", "--project", copied)
    outcome = segmentation("members", "partners", "--as-of", "2026-07-01", "--project", copied, "--json")
    assert outcome.json == []


def test_before_history_starts_nothing_is_known(segmentation, sample):
    outcome = segmentation("members", "vip", "--as-of", "2026-06-29", "--project", sample)
    assert outcome.status == 3
    assert "hint: history starts at 2026-06-30T00:00:00Z" in outcome.err


def test_before_the_first_run_nothing_is_published(segmentation, project):
    outcome = segmentation("members", "customers", "--project", project)
    assert outcome.status == 3
    assert "hint: segmentation run" in outcome.err


def test_what_is_no_instant_is_refused(segmentation, sample):
    outcome = segmentation("members", "vip", "--as-of", "soon", "--project", sample)
    assert outcome.status == 2
    assert "`soon` is not an instant" in outcome.err
