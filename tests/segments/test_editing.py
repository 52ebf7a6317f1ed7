"""Definitions made, renamed, deleted, and keys put in and out: checked first, written whole."""

from __future__ import annotations

import datetime as dt

import pytest

from segmentation_pipeline.errors import DefinitionError, Forbidden, UsageError
from segmentation_pipeline.segments import editing, file_changes
from segmentation_pipeline.segments.basis import read_definitions
from segmentation_pipeline.segments.file_changes import write_files
from segmentation_pipeline.segments.membership_edits import Pinning, put_members

ADULTS = "where: {field: age, operator: greater_than_or_equal, value: 30}"


class Edited:
    """A project and its edits, written at once; paths are below the definitions folder."""

    def __init__(self, project):
        self.project = project

    def __getattr__(self, name):
        def run(*arguments, **options):
            changes = getattr(editing, name)(self.workspace, self.definitions, *arguments, **options)
            write_files(changes.texts)
            return changes

        return run

    @property
    def workspace(self):
        return self.project.workspace

    @property
    def definitions(self):
        return read_definitions(self.workspace)

    def put(self, name, *keys, put="in", reason=None, until=None):
        pinning = Pinning(reason, until) if reason is not None else None
        changes = put_members(self.workspace, self.definitions, name, keys, put=put, pinning=pinning)
        write_files(changes.texts)
        return changes

    def text(self, name):
        return (self.workspace.definitions / name).read_text(encoding="utf-8")

    @property
    def files(self):
        return sorted(path.name for path in self.workspace.definitions.rglob("*") if path.is_file())


@pytest.fixture
def edited(project):
    project.segment("adults", f"# who is grown up\n{ADULTS}")
    project.segment("others", "where:\n  not:   {segment: adults}   # the rest")
    project.segment("list", "type: static\nmembers:\n  - a   # first\n  # by mail\n  - b@x.org")
    return Edited(project)


def test_a_new_definition_validates(edited):
    edited.create("young", title="Young: people")
    assert edited.text("segments/young.yaml") == (
        'segment: young\nname: "Young: people"\nwhere:\n  everyone: true\n'
    )
    assert edited.definitions.segments["young"].name == "Young: people"


def test_a_new_definition_with_a_rule_in_a_folder(edited):
    edited.create("young", where="{field: age, operator: less_than, value: 30}", folder="ages")
    assert edited.text("segments/ages/young.yaml").endswith(
        "where: {field: age, operator: less_than, value: 30}\n"
    )


def test_a_new_static_definition(edited):
    edited.create("empty", kind="static")
    assert edited.definitions.segments["empty"].members == ()


def test_the_schema_is_named_where_there_is_one(edited, project):
    project.write("schemas/segment.schema.json", "{}")
    edited.create("young", folder="ages")
    assert edited.text("segments/ages/young.yaml").startswith(
        "# yaml-language-server: $schema=../../schemas/segment.schema.json\n"
    )


@pytest.mark.parametrize(
    ("name", "options", "error", "message"),
    [
        ("adults", {}, UsageError, "there is a segment `adults` already"),
        ("Bad", {}, DefinitionError, "segment"),
        ("all_contacts", {}, DefinitionError, "built in"),
        ("young", {"where": "{field: agee, operator: is_empty}"}, DefinitionError, "agee"),
        ("young", {"where": "{segment: young}"}, DefinitionError, "embeds itself"),
        ("young", {"title": "adults"}, DefinitionError, "belongs to `adults` already"),
        ("young", {"object_name": "persn"}, DefinitionError, "unknown object"),
        ("young", {"folder": "../.."}, Forbidden, "outside"),
    ],
)
def test_what_would_break_is_refused_and_not_written(edited, name, options, error, message):
    before = edited.files
    with pytest.raises(error, match=message):
        edited.create(name, **options)
    assert edited.files == before


TEST = """\
# about adults
test: adults are thirty
given:
  segment_transitions: [{segment: adults, contact_id: a}]
  contacts: [{contact_id: adults, plan: adults}]
segments: {near: {where: {segment: adults}}}
expect: {adults: [b], near: [b]}
---
test: its own
segments: {adults: {where: {everyone: true}}}
expect: {adults: [a]}
---
test: refused
expect_error: {segment: adults, contains: x}
"""


def test_rename_rewrites_rules_tests_and_policies_and_keeps_the_rest(edited, project):
    project.write("tests/ages.yaml", TEST)
    project.write("policies/default.yaml", "policy: default\nsuppression: [adults]  # no mail\n")
    project.segment(
        "ranked",
        "where: {rank: {field: age}, among: adults, as: position, order: ascending, "
        "operator: equals, value: 1}",
    )
    edited.rename("adults", "grown")
    assert edited.text("segments/grown.yaml") == f"segment: grown\n# who is grown up\n{ADULTS}\n"
    assert (
        edited.text("segments/others.yaml")
        == "segment: others\nwhere:\n  not:   {segment: grown}   # the rest\n"
    )
    assert "among: grown" in edited.text("segments/ranked.yaml")
    first, own, refused = TEST.split("---\n")
    first = first.replace("segment: adults", "segment: grown").replace("{adults: [b]", "{grown: [b]")
    assert edited.text("tests/ages.yaml") == "---\n".join(
        [first, own, refused.replace(": adults", ": grown")]
    )
    assert "suppression: [grown]  # no mail" in edited.text("policies/default.yaml")
    assert "adults.yaml" not in edited.files
    assert not edited.definitions.diagnostics


def test_rename_tells_what_it_cannot(edited, project):
    project.write("simulations/lower.yaml", "simulation: lower\nsegments:\n  - adults\n")
    project.write("segments/torn.yaml", "segment: torn\nwhere: {segment: adults\n")
    notes = edited.rename("adults", "grown").notes
    assert any("simulations/lower.yaml:3 " in note for note in notes)
    assert any("segments/torn.yaml:2 " in note for note in notes)
    assert "publishes `grown` as a new segment" in notes[-1]


@pytest.mark.parametrize("new", ["others", "adults", "Bad", "all_contacts"])
def test_a_name_that_is_taken_or_none_is_refused(edited, new):
    before = {name: edited.text(f"segments/{name}") for name in ("adults.yaml", "others.yaml")}
    with pytest.raises((UsageError, DefinitionError)):
        edited.rename("adults", new)
    assert {name: edited.text(f"segments/{name}") for name in before} == before


def test_delete_refuses_while_others_embed_it_and_names_them(edited, project):
    project.segment("broken", "where: {all: [{segment: adults}, {field: agee, operator: is_empty}]}")
    with pytest.raises(UsageError, match="still used by `broken`, `others`") as refused:
        edited.delete("adults")
    assert refused.value.where.endswith("segments/broken.yaml:2")
    assert "adults.yaml" in edited.files


def test_delete_takes_the_file_and_names_its_tests(edited, project):
    project.write("tests/rest.yaml", "test: rest\nexpect: {others: []}\n")
    notes = edited.delete("others").notes
    assert "others.yaml" not in edited.files
    assert any("tests/rest.yaml still tests it" in note for note in notes)


def test_an_unknown_segment_is_refused_with_the_nearest(edited):
    for act in (edited.delete, lambda name: edited.rename(name, "x"), lambda name: edited.put(name, "a")):
        with pytest.raises(UsageError, match="did you mean `adults`"):
            act("adutls")


def test_members_are_added_once_and_comments_stay(edited):
    done = edited.put("list", "c", "a", "012").done
    assert done == ("c: added", "a: is a member already", "012: added")
    assert edited.text("segments/list.yaml").endswith(
        'members:\n  - a   # first\n  # by mail\n  - b@x.org\n  - c\n  - "012"\n'
    )
    assert edited.definitions.segments["list"].members == ("a", "b@x.org", "c", "012")


def test_members_are_removed_and_the_comments_of_others_stay(edited):
    assert edited.put("list", "a", "z", put="out").done == ("a: removed", "z: was no member")
    assert edited.text("segments/list.yaml").endswith("members:\n  # by mail\n  - b@x.org\n")


def test_the_last_member_leaves_an_empty_list(edited):
    edited.put("list", "a", "b@x.org", put="out")
    assert edited.definitions.segments["list"].members == ()


def test_nothing_to_do_writes_nothing(edited):
    assert edited.put("list", "a").texts == {}


def test_a_rule_is_pinned_with_a_reason(edited):
    edited.put("adults", "a", reason="beta tester", until=dt.date(2026, 12, 31))
    edited.put("adults", "b", put="out", reason="asked: no")
    assert edited.text("segments/adults.yaml").endswith(
        f"{ADULTS}\npins:\n"
        "  - {key: a, put: in, reason: beta tester, until: 2026-12-31}\n"
        '  - {key: b, put: out, reason: "asked: no"}\n'
    )


def test_a_pin_is_turned_around_in_its_place(edited):
    edited.put("adults", "a", reason="one")
    edited.put("adults", "b", reason="two")
    edited.put("adults", "a", put="out", reason="three")
    assert [(pin.key, pin.put, pin.reason) for pin in edited.definitions.segments["adults"].pins] == [
        ("a", "out", "three"),
        ("b", "in", "two"),
    ]


def test_without_a_reason_the_contrary_pin_is_lifted(edited):
    edited.put("adults", "a", reason="one")
    assert edited.put("adults", "a", put="out").done == ("a: no longer pinned in",)
    assert edited.definitions.segments["adults"].pins == ()


def test_a_rule_needs_a_reason(edited):
    with pytest.raises(UsageError, match="is not pinned out") as refused:
        edited.put("adults", "a")
    assert "--reason" in refused.value.hint


def test_a_pin_that_wins_over_the_list_is_said(edited):
    edited.put("list", "c", put="out", reason="left")
    assert edited.put("list", "c").notes == ("c is pinned out, which wins",)


def test_members_in_a_file_of_their_own_are_not_touched(edited, project):
    project.write("keys.csv", "key\na\n")
    project.segment("filed", "type: static\nmembers: {file: keys.csv, column: key}")
    with pytest.raises(UsageError, match="file of their own"):
        edited.put("filed", "b")


def test_what_cannot_be_edited_safely_is_refused(edited, project):
    project.segment("odd", "type: static\nmembers: [a\n,]")
    before = edited.text("segments/odd.yaml")
    with pytest.raises(UsageError, match="cannot be edited safely"):
        edited.put("odd", "b")
    assert edited.text("segments/odd.yaml") == before


def test_a_definition_in_braces_has_no_place_for_pins(edited, project):
    project.write("segments/braces.yaml", "{segment: braces, where: {everyone: true}}\n")
    with pytest.raises(UsageError, match="no place for pins"):
        edited.put("braces", "a", reason="why")


def test_line_ends_and_letters_stay(edited, project):
    path = project.workspace.segments_folder / "list.yaml"
    path.write_bytes("segment: list\r\ntype: static\r\nname: Größe 😀\r\nmembers: [a]\r\n".encode())
    edited.put("list", "b")
    assert (
        path.read_bytes() == "segment: list\r\ntype: static\r\nname: Größe 😀\r\nmembers: [a, b]\r\n".encode()
    )


def test_a_write_that_fails_changes_no_file(edited, monkeypatch):
    before = {name: edited.text(f"segments/{name}") for name in ("adults.yaml", "others.yaml")}
    written = []

    def failing(path, text):
        if written:
            raise OSError(28, "No space left on device", str(path))
        written.append(path)
        return beside(path, text)

    beside = file_changes._beside
    monkeypatch.setattr(file_changes, "_beside", failing)
    with pytest.raises(UsageError, match="nothing was changed: No space left"):
        edited.rename("adults", "grown")
    assert {name: edited.text(f"segments/{name}") for name in before} == before
    assert not [name for name in edited.files if name.endswith(".new")]
