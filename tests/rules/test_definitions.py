# ruff: noqa: E501 — tables of cases, one a line, the rule as its author writes it
"""Definitions as people write them: the keys around a rule, members, pins, and folders of files."""

from __future__ import annotations

import datetime as dt

import pytest

from segmentation_pipeline.rules.definitions import load_definitions
from segmentation_pipeline.rules.segment import Pin
from segmentation_pipeline.rules.tree import Compare, Everyone, Field

FULL = """segment: s
name: Engaged buyers
description: Worth a call.
owner: growth@example.com
object: contact
type: dynamic
active: false
publish: false
labels: [b2b, 2026]
time_zone: Europe/Paris
where: {everyone: true}
exclude: {field: country, operator: equals, value: FR}
pins:
  - {key: 0042, put: in, reason: tester, until: 2026-12-31}
  - {key: c-7, put: out, reason: asked}
expect: {size: {at_least: 100, change_at_most: 30%}}
delivery: {channel: email, priority: 90, exclusivity_group: lifecycle}
"""


def test_every_key_is_read(definition):
    segment, findings = definition(FULL)
    assert findings == []
    assert (segment.id, segment.name, segment.description, segment.owner) == (
        "s", "Engaged buyers", "Worth a call.", "growth@example.com",
    )  # fmt: skip
    assert (segment.type, segment.object, segment.time_zone) == ("dynamic", "contact", "Europe/Paris")
    assert (segment.active, segment.publish, segment.labels) == (False, False, ("b2b", "2026"))
    assert segment.where == Everyone()
    assert isinstance(segment.exclude, Compare)
    assert segment.pins == (
        Pin("0042", "in", "tester", dt.date(2026, 12, 31), segment.pins[0].at),
        Pin("c-7", "out", "asked", None, segment.pins[1].at),
    )
    assert segment.expect == {"size": {"at_least": 100, "change_at_most": "30%"}}
    assert segment.delivery.channel == "email"


def test_what_is_left_out(definition):
    segment, _ = definition("segment: s\nwhere: {everyone: true}\n")
    assert (segment.name, segment.type, segment.object, segment.time_zone) == (
        "s",
        "dynamic",
        "contact",
        "UTC",
    )
    assert (segment.active, segment.publish, segment.pins, segment.members) == (True, True, (), None)


def test_members_keep_their_text(definition):
    segment, _ = definition("segment: s\ntype: static\nmembers: [012, no, A@x.org, 1.0, c-1]\n")
    assert segment.members == ("012", "no", "A@x.org", "1.0", "c-1")


def test_no_members_is_an_ordinary_day(definition):
    segment, findings = definition("segment: s\ntype: static\nmembers: []\n")
    assert findings == []
    assert segment.members == ()


@pytest.mark.parametrize("body", ["where: {everyone: true}", "members: [a]"])
def test_a_suppression_is_ruled_or_listed(definition, body):
    segment, findings = definition(f"segment: s\ntype: suppression\n{body}\n")
    assert findings == []
    assert segment.type == "suppression"


def test_members_from_a_file(definition, tmp_path):
    (tmp_path / "lists").mkdir()
    (tmp_path / "lists" / "vip.csv").write_text(
        "\ufeffid,email\n1,a@x.org\n2,\n3, b@x.org \n4,a@x.org\n", encoding="utf-8"
    )
    segment, findings = definition(
        "segment: s\ntype: static\nmembers: {file: lists/vip.csv, column: email}\n"
    )
    assert findings == []
    assert segment.members == ("a@x.org", "b@x.org")


def test_the_hash_covers_the_content_of_the_file(definition, tmp_path):
    text = "segment: s\ntype: static\nmembers: {file: vip.csv, column: id}\n"
    hashes = []
    for content in ("id\na\n", "id\nb\n"):
        (tmp_path / "vip.csv").write_text(content, encoding="utf-8")
        hashes.append(definition(text)[0].hash)
    assert hashes[0] != hashes[1]


RULE = "segment: s\nwhere: {field: country, operator: equals, value: FR}\n"


@pytest.mark.parametrize(
    "text",
    [
        f"# a comment\n\n{RULE}description: Frenchmen\nowner: me\nlabels: [a]\n",
        "segment: s\nwhere:\n  operator: equals\n  field: country\n  value: 'FR'\n",
    ],
)
def test_the_hash_leaves_out_what_does_not_decide(definition, text):
    assert definition(text)[0].hash == definition(RULE)[0].hash


@pytest.mark.parametrize(
    "more",
    [
        "time_zone: Europe/Paris",
        "exclude: {everyone: true}",
        "pins: [{key: a, put: in, reason: b}]",
        "type: suppression",
    ],
)
def test_the_hash_covers_what_decides(definition, more):
    assert definition(f"{RULE}{more}\n")[0].hash != definition(RULE)[0].hash


ERRORS = {
    "no mapping": ("‸[a]", "definition-shape", "a definition is a mapping"),
    "no rule": ("‸segment: s", "where-or-members", "needs `where`"),
    "a rule of null": ("segment: s\nwhere: ‸null", "condition-shape", "a condition is a mapping"),
    "another name": ("‸segment: t\nwhere: {everyone: true}", "segment-id", "not the file's name `s`"),
    "an id with a capital": ("‸segment: S\nwhere: {everyone: true}", "definition-shape", "pattern"),
    "an unknown key": ("segment: s\nwhere: {everyone: true}\n‸ownr: me", "definition-shape", "unknown key `ownr`"),
    "an unknown type": ("segment: s\n‸type: smart\nwhere: {everyone: true}", "definition-shape", "`type`"),
    "an unknown object": ("segment: s\n‸object: contract\nwhere: {everyone: true}", "unknown-object", "contract"),
    "an unknown zone": ("segment: s\n‸time_zone: Europe/Pariss\nwhere: {everyone: true}", "definition-shape", "not a time zone"),
    "a name too long": (f"segment: s\n‸name: {'a' * 201}\nwhere: {{everyone: true}}", "definition-shape", "200"),
    "active maybe": ("segment: s\n‸active: maybe\nwhere: {everyone: true}", "definition-shape", "`active`"),
    "a rule and members": ("segment: s\nwhere: {everyone: true}\n‸members: [a]", "where-or-members", "has no `members`"),
    "static without members": ("segment: s\n‸type: static", "where-or-members", "needs `members`"),
    "static with a rule": ("segment: s\ntype: static\nmembers: []\n‸where: {everyone: true}", "where-or-members", "instead of"),
    "members of null": ("segment: s\ntype: static\n‸members:", "members-shape", "`members` is null"),
    "a member of null": ("segment: s\ntype: static\nmembers: [a, ‸null]", "members-shape", "one key or e-mail"),
    "a member that is a list": ("segment: s\ntype: static\nmembers: [‸[a]]", "members-shape", "one key or e-mail"),
    "a suppression of both": ("segment: s\n‸type: suppression\nwhere: {everyone: true}\nmembers: [a]", "where-or-members", "either"),
    "a suppression of nothing": ("segment: s\n‸type: suppression", "where-or-members", "either"),
    "a pin twice": ("segment: s\nwhere: {everyone: true}\npins: [{key: a, put: in, reason: b}, {‸key: a, put: out, reason: c}]", "duplicate-pin", "pinned twice"),
    "a pin without a reason": ("segment: s\nwhere: {everyone: true}\npins: [‸{key: a, put: in}]", "definition-shape", "reason"),
    "a pin put nowhere": ("segment: s\nwhere: {everyone: true}\npins: [{key: a, ‸put: up, reason: b}]", "definition-shape", "put"),
    "a pin until someday": ("segment: s\nwhere: {everyone: true}\npins: [{key: a, put: in, reason: b, ‸until: someday}]", "definition-shape", "until"),
    "a guard without percent": ("segment: s\nwhere: {everyone: true}\nexpect: {size: {‸change_at_most: 30}}", "definition-shape", "change_at_most"),
    "a file outside": ("segment: s\ntype: static\nmembers: {‸file: ../vip.csv, column: id}", "csv-file", "outside"),
    "an absolute file": ("segment: s\ntype: static\nmembers: {‸file: /etc/passwd, column: id}", "csv-file", "outside"),
    "no such file": ("segment: s\ntype: static\nmembers: {‸file: no.csv, column: id}", "csv-file", "no file `no.csv`"),
    "no such column": ("segment: s\ntype: static\nmembers: {‸file: ids.csv, column: ids}", "csv-file", "no column `ids`"),
    "an exclusion of nothing": ("segment: s\nwhere: {everyone: true}\nexclude: {‸any: []}", "empty-group", "is empty"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "rule", "message"), ERRORS.values(), ids=ERRORS)
def test_an_error_says_what_and_where(definition, mark, tmp_path, text, rule, message):
    (tmp_path / "ids.csv").write_text("id\na\n", encoding="utf-8")
    marked = mark(text + "\n")
    segment, findings = definition(marked.plain)
    assert segment is None
    (finding,) = findings
    assert finding.rule == rule
    assert message in finding.message
    assert (finding.at.line, finding.at.column) == marked.place
    assert finding.segment == "s"


def test_a_link_out_of_the_folder_is_refused(definition, tmp_path):
    outside = tmp_path / "outside.csv"
    outside.write_text("id\na\n", encoding="utf-8")
    folder = tmp_path / "definitions"
    folder.mkdir()
    (folder / "in.csv").symlink_to(outside)
    _, findings = definition("segment: s\ntype: static\nmembers: {file: in.csv, column: id}\n", folder)
    assert findings[0].message == "`in.csv` lies outside the definitions folder"


def test_the_header_and_the_rule_are_checked_together(definition):
    _, findings = definition("segment: s\nactive: maybe\nwhere: {field: contry, operator: is_empty}\n")
    assert [(finding.rule, finding.at.line) for finding in findings] == [
        ("definition-shape", 2),
        ("unknown-field", 3),
    ]


# folders


@pytest.fixture
def folder(tmp_path, catalog):
    """Write files below `segments/`, and read them all."""

    def load(**files: str):
        (tmp_path / "defs" / "segments").mkdir(parents=True)
        for name, text in files.items():
            path = tmp_path / "defs" / "segments" / f"{name.replace('__', '/')}.yaml"
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return load_definitions(tmp_path / "defs", catalog, time_zone="Europe/Paris", week_starts=6)

    return load


def test_a_folder_is_read_with_its_subfolders(folder):
    definitions = folder(
        a="segment: a\nwhere: {everyone: true}\n", mail__b="segment: b\nwhere: {segment: a}\n"
    )
    assert list(definitions.segments) == ["a", "b"]
    assert not definitions.diagnostics
    assert definitions.week_starts == 6
    assert definitions.segments["a"].time_zone == "Europe/Paris"
    assert definitions.segments["a"].source == "segment: a\nwhere: {everyone: true}\n"
    assert str(definitions.segments["b"].at) == "defs/segments/mail/b.yaml:1:1"


def test_one_bad_file_leaves_the_others(folder):
    definitions = folder(
        bad="segment: bad\nwhere: {field: x, operator: is_empty\n",
        text="just text\n",
        two="segment: two\nwhere: {everyone: true}\n---\nsegment: three\nwhere: {everyone: true}\n",
        unnamed="where: {everyone: true}\n",
        empty="",
        good="segment: good\nwhere: {everyone: true}\n",
    )
    assert list(definitions.segments) == ["good"]
    assert definitions.broken.keys() == {"bad", "text", "two", "unnamed", "empty"}
    where = {
        finding.segment: (finding.rule, finding.at.file, finding.at.line)
        for finding in definitions.diagnostics
    }
    assert where["bad"] == ("yaml", "defs/segments/bad.yaml", 3)
    assert where["two"] == ("definition-shape", "defs/segments/two.yaml", 4)
    assert where["unnamed"] == ("definition-shape", "defs/segments/unnamed.yaml", 1)
    assert where["empty"] == ("definition-shape", "defs/segments/empty.yaml", 1)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("segment: a\nsegment: a\nwhere: {everyone: true}\n", "duplicate key `segment`"),
        ("segment: a\nwhere: !!python/name:os.system {everyone: true}\n", "is not allowed"),
    ],
)
def test_what_yaml_itself_refuses(folder, text, message):
    definitions = folder(a=text)
    assert message in definitions.broken["a"].message
    assert definitions.broken["a"].at.line == 2


def test_names_are_unique(folder):
    definitions = folder(
        a="segment: a\nname: Buyers\nwhere: {everyone: true}\n",
        b="segment: b\nname: Buyers\nwhere: {everyone: true}\n",
    )
    assert definitions.broken["b"].message == "the name `Buyers` belongs to `a` already"
    assert definitions.segments.keys() == {"a"}


def test_one_id_in_two_folders(folder):
    definitions = folder(
        a="segment: a\nwhere: {everyone: true}\n", mail__a="segment: a\nwhere: {everyone: true}\n"
    )
    assert definitions.broken.keys() == {"a"}
    assert definitions.broken["a"].rule == "duplicate-segment"


def test_the_built_in_segment_is_nobodys_to_write(folder):
    definitions = folder(all_contacts="segment: all_contacts\nwhere: {everyone: true}\n")
    assert "built in" in definitions.broken["all_contacts"].message


def test_findings_stand_in_the_order_of_files_and_lines(folder):
    bad = "{field: x, operator: is_empty}"
    definitions = folder(
        b=f"segment: b\nwhere: {{all: [{bad}, {bad}]}}\n", a=f"segment: a\nwhere: {bad}\nexclude: {bad}\n"
    )
    places = [
        (finding.at.file[-6:], finding.at.line, finding.at.column) for finding in definitions.diagnostics
    ]
    assert places == sorted(places)
    assert len(places) == 4


def test_a_local_definition_stands_before_one_of_the_project(folder, catalog):
    from segmentation_pipeline.documents import read_documents
    from segmentation_pipeline.rules.definition import Setting
    from segmentation_pipeline.rules.definitions import read_local

    others = folder(a="segment: a\nwhere: {everyone: true}\n", b="segment: b\nwhere: {segment: a}\n")
    node = read_documents("{where: {field: country, operator: is_empty}}", "t.yaml")[0]
    definitions = read_local({"a": node}, Setting(catalog), 0, others)
    assert isinstance(definitions.segments["a"].where.operand, Field)
    assert list(definitions.segments) == ["a", "b"]
