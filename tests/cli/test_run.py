from __future__ import annotations

import re

import pytest

KEYS = ["segment", "size", "entered", "exited", "status", "cause", "seconds"]


def test_the_table(made, golden):
    _, outcome = made
    table = outcome.out.partition("2. Evaluate")[2].partition("3. Decide")[0]
    golden("run", re.sub(r"\d+\.\d\d", "·.··", table))


def test_one_row_a_segment(segmentation, copied):
    outcome = segmentation("run", "--project", copied, "--json")
    assert outcome.status == 0
    assert all(list(row) == KEYS for row in outcome.json)
    listed = segmentation("list", "--project", copied, "--json").json
    assert sorted(row["segment"] for row in outcome.json) == [row["segment"] for row in listed]


def test_what_cannot_have_changed_is_counted(segmentation, copied):
    outcome = segmentation("run", "--select", "vip,churned", "--project", copied)
    assert "2 of 2 could not have changed and were not evaluated" in outcome.out
    outcome = segmentation("run", "--select", "vip,churned", "--full", "--project", copied)
    assert "could not have changed" not in outcome.out


def test_a_profile_says_where_time_went_leaf_by_leaf(segmentation, copied, golden):
    outcome = segmentation("run", "--select", "newsletter", "--full", "--profile", "--project", copied)
    assert outcome.status == 0
    table = outcome.out.partition("\n\n")[2]
    figures = r"^ *[\d,.]+ +[\d,.]+ +[\d,.]+|\d+\.\d\d"
    shape = sorted({re.sub(figures, "·", line) for line in table.splitlines()})
    golden("profile", "\n".join(shape) + "\n")


def test_a_profile_as_json(segmentation, copied):
    selected = ("run", "--select", "newsletter", "--full", "--profile", "--json")
    found = segmentation(*selected, "--project", copied).json
    assert [row["segment"] for row in found["segments"]] == ["newsletter"]
    assert all(list(row) == ["phase", "what", "seconds", "rows", "bytes"] for row in found["profile"])
    assert sum(row["seconds"] for row in found["profile"]) > 0


def test_a_limit_of_memory(segmentation, copied):
    before = segmentation("members", "vip", "--project", copied, "--json").json
    outcome = segmentation("run", "--full", "--memory-limit", "50MB", "--project", copied)
    assert outcome.status == 3
    assert re.search(r"out of memory: .* in use.*, the limit is 50 MB", outcome.err)
    assert "hint: set a smaller `bucket_size`, or a larger `memory_limit`" in outcome.err
    assert segmentation("members", "vip", "--project", copied, "--json").json == before
    assert segmentation("run", "--memory-limit", "lots", "--project", copied).status == 2


@pytest.mark.integration
def test_select_takes_ids_what_they_embed_and_their_dependents(segmentation, copied):
    def selected(expression):
        outcome = segmentation("run", "--select", expression, "--project", copied, "--json")
        return sorted(row["segment"] for row in outcome.json)

    assert selected("vip") == ["vip"]
    assert selected("vip, partners") == ["partners", "vip"]
    assert selected("+vip") == ["churned", "vip"]
    assert selected("partners+") == ["newsletter", "partners"]


def test_an_unknown_id_is_wrong_use(segmentation, sample):
    outcome = segmentation("run", "--select", "vipp", "--project", sample)
    assert outcome.status == 2
    assert "there is no segment `vipp`" in outcome.err
    assert "did you mean `vip`" in outcome.err


def test_a_bad_segment_keeps_its_members_and_stops_nothing(segmentation, copied):
    file = copied / "segment_definitions" / "segments" / "beta_testers.yaml"
    file.write_text("segment: beta_testers\nwhere: {field: planet, operator: equals, value: x}\n")
    outcome = segmentation("run", "--project", copied, "--json")
    assert outcome.status == 1
    (bad,) = (row for row in outcome.json if row["status"] != "fresh")
    assert (bad["segment"], bad["status"], bad["exited"]) == ("beta_testers", "failed", 0)
    assert bad["size"] > 0
    assert "unknown field `planet`" in bad["cause"]


def test_an_earlier_instant_is_only_a_preview(segmentation, copied):
    before = segmentation("members", "vip", "--project", copied, "--json").json
    outcome = segmentation("run", "--as-of", "2026-05-01", "--project", copied)
    assert outcome.status == 0
    assert "only a preview" in outcome.out
    assert segmentation("members", "vip", "--project", copied, "--json").json == before


def test_a_removed_definition_is_named(segmentation, copied):
    (copied / "segment_definitions" / "segments" / "beta_testers.yaml").unlink()
    outcome = segmentation("run", "--project", copied)
    assert outcome.status == 0
    assert re.search(r"removed beta_testers, \d+ members", outcome.out)


def test_without_an_import_there_is_nothing_to_evaluate(segmentation, project):
    outcome = segmentation("run", "--project", project)
    assert outcome.status == 3
    assert "hint: segmentation import TABLE FILE" in outcome.err


def test_a_held_segment_is_no_success(segmentation, imported):
    german = imported / "segment_definitions" / "segments" / "german.yaml"
    german.write_text(german.read_text() + "expect: {size: {change_at_most: 10%}}\n", encoding="utf-8")
    assert segmentation("run", "--select", "german", "--project", imported).status == 0
    rows = imported / "more.csv"
    rows.write_text("contact_id,email,country,plan\nd,d@x.org,de,pro\n", encoding="utf-8")
    assert segmentation("import", "contacts", rows, "--project", imported).status == 0
    held = segmentation("run", "--select", "german", "--project", imported)
    assert held.status == 1
    assert "held" in held.out
    assert "from 2 to 3, by more than 10%" in held.out
