"""What `validate` prints for people, programs, GitHub and code scanning."""

from __future__ import annotations

import io
import json
import re

import jsonschema
import pytest
from rich.console import Console

from segmentation_pipeline.cli.finding_formats import github_annotation, sarif_log, seen_from
from segmentation_pipeline.cli.finding_text import lines_below, render_findings
from segmentation_pipeline.diagnostics import Diagnostic
from segmentation_pipeline.errors import Position
from segmentation_pipeline.rules.checks.registry import RULES

ENTRY = {"type": "object", "required": ["text"], "properties": {"text": {"type": "string", "minLength": 1}}}
# What SARIF 2.1.0 asks of the parts that we write; `additionalProperties` names all of them.
SARIF = {
    "type": "object",
    "required": ["$schema", "version", "runs"],
    "properties": {
        "version": {"const": "2.1.0"},
        "runs": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "required": ["tool", "results"],
                "additionalProperties": False,
                "properties": {
                    "columnKind": {"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
                    "tool": {
                        "type": "object",
                        "required": ["driver"],
                        "additionalProperties": False,
                        "properties": {
                            "driver": {
                                "type": "object",
                                "required": ["name"],
                                "properties": {
                                    "name": {"type": "string"},
                                    "version": {"type": "string"},
                                    "rules": {
                                        "type": "array",
                                        "uniqueItems": True,
                                        "items": {"$ref": "#/$defs/rule"},
                                    },
                                },
                            }
                        },
                    },
                    "results": {"type": "array", "items": {"$ref": "#/$defs/result"}},
                },
            },
        },
    },
    "$defs": {
        "level": {"enum": ["none", "note", "warning", "error"]},
        "rule": {
            "type": "object",
            "required": ["id"],
            "additionalProperties": False,
            "properties": {
                "id": {"type": "string"},
                "shortDescription": ENTRY,
                "help": ENTRY,
                "defaultConfiguration": {"properties": {"level": {"$ref": "#/$defs/level"}}},
                "properties": {"properties": {"tags": {"type": "array", "items": {"type": "string"}}}},
            },
        },
        "result": {
            "type": "object",
            "required": ["message"],
            "additionalProperties": False,
            "properties": {
                "ruleId": {"type": "string"},
                "ruleIndex": {"type": "integer", "minimum": 0},
                "level": {"$ref": "#/$defs/level"},
                "message": ENTRY,
                "locations": {"type": "array", "items": {"$ref": "#/$defs/location"}},
            },
        },
        "location": {
            "type": "object",
            "required": ["physicalLocation"],
            "properties": {
                "physicalLocation": {
                    "type": "object",
                    "required": ["artifactLocation", "region"],
                    "properties": {
                        "artifactLocation": {
                            "required": ["uri"],
                            "properties": {"uri": {"type": "string", "pattern": r"^[!-~]+$"}},
                        },
                        "region": {
                            "required": ["startLine", "startColumn"],
                            "properties": {
                                "startLine": {"type": "integer", "minimum": 1},
                                "startColumn": {"type": "integer", "minimum": 1},
                            },
                        },
                    },
                }
            },
        },
    },
}


@pytest.fixture
def broken(project):
    """A project with a finding in each of two files."""
    folder = project / "segment_definitions" / "segments"
    (folder / "a, b").mkdir()
    (folder / "a, b" / "one.yaml").write_text("segment: one\nwhere: {field: plna, operator: is_empty}\n")
    (folder / "big.yaml").write_text("segment: big\nwhere:\n  all:\n    - {segment: custmers}\n")
    return project


def at(line: int, column: int, *, file: str = "s.yaml", hint: str | None = None, **more) -> Diagnostic:
    return Diagnostic("unknown-field", "no `x`", Position(file, line, column), hint, **more)


def rendered(*findings: Diagnostic, folder, terminal: bool = False) -> str:
    out = io.StringIO()
    console = Console(file=out, force_terminal=terminal, color_system="standard" if terminal else None)
    console.print(render_findings(findings, lines_below(folder)), end="", soft_wrap=True)
    return out.getvalue()


def excerpt(tmp_path, line: str, column: int) -> tuple[str, str]:
    """The line and the line of the caret, without the gutter."""
    (tmp_path / "s.yaml").write_text(f"{line}\n", encoding="utf-8")
    shown = rendered(at(1, column), folder=tmp_path).splitlines()
    return shown[3].removeprefix(" 1 | "), shown[4].removeprefix("   | ")


@pytest.mark.parametrize(
    ("line", "column", "shown", "caret"),
    [
        ("where: x", 8, "where: x", "       ^"),
        ("where: x", 1, "where: x", "^"),
        ("where:", 7, "where:", "      ^"),
        ("where:", 99, "where:", "      ^"),
        ("a:\tb", 4, "a:    b", "      ^"),
        ("名前: x", 5, "名前: x", "      ^"),
        ("e\u0301: x", 5, "e\u0301: x", "   ^"),
        ("a: \x1b[31mx", 9, "a: �[31mx", "        ^"),
        ("a: \u202ex", 5, "a: �x", "    ^"),
    ],
    ids=["inside", "first", "end", "beyond", "tab", "wide", "combining", "escape", "direction"],
)
def test_the_caret_stands_under_the_column(tmp_path, line, column, shown, caret):
    assert excerpt(tmp_path, line, column) == (shown, caret)


def test_of_a_long_line_only_what_is_around_the_column(tmp_path):
    values = ", ".join(f"k{number:05}" for number in range(100_000))
    column = values.index("k50000") + 1
    shown, caret = excerpt(tmp_path, values, column)
    assert len(shown) == 102
    assert shown[caret.index("^") :].startswith("k50000, ")
    assert (shown[0], shown[-1]) == ("…", "…")


def test_a_long_line_is_shown_from_its_start_if_the_column_is_near(tmp_path):
    shown, caret = excerpt(tmp_path, "abc " * 100, 5)
    assert shown.startswith("abc abc")
    assert caret == "    ^"


def test_a_line_ends_where_yaml_ends_it(tmp_path):
    (tmp_path / "s.yaml").write_bytes("\ufeffa: 1\r\nb: \x0c2\u2028c: 3\rd: 4\n".encode())
    text = rendered(at(1, 1), at(3, 1), at(4, 1), folder=tmp_path)
    assert re.findall(r"^ \d \| (.*)$", text, re.MULTILINE) == ["a: 1", "c: 3", "d: 4"]


def test_the_gutter_grows_with_the_number(tmp_path):
    (tmp_path / "s.yaml").write_text("\n" * 1233 + "field: x\n")
    assert rendered(at(1234, 8, hint="did you mean `y`?"), folder=tmp_path) == (
        "error[unknown-field]: no `x`\n"
        "    --> s.yaml:1234:8\n"
        "     |\n"
        "1234 | field: x\n"
        "     |        ^\n"
        "     = hint: did you mean `y`?\n"
    )


@pytest.mark.parametrize("line", [1, 3])
def test_without_its_line_a_finding_is_told_all_the_same(tmp_path, line):
    (tmp_path / "s.yaml").write_text("one\n")
    finding = at(line, 1, file="s.yaml" if line == 3 else "gone.yaml", severity="warning")
    assert rendered(finding, folder=tmp_path).splitlines() == [
        "warning[unknown-field]: no `x`",
        f"  --> {finding.at}",
    ]


def test_a_blank_line_stands_between_two_findings(tmp_path):
    assert rendered(at(1, 1), at(2, 1), folder=tmp_path) == (
        "error[unknown-field]: no `x`\n  --> s.yaml:1:1\n\nerror[unknown-field]: no `x`\n  --> s.yaml:2:1\n"
    )


def test_markup_in_a_message_is_only_text(tmp_path):
    finding = Diagnostic("unknown-field", "no `[red]x[/red]`", Position("s.yaml", 1, 1))
    assert "no `[red]x[/red]`" in rendered(finding, folder=tmp_path)


def test_colour_is_for_terminals(tmp_path):
    (tmp_path / "s.yaml").write_text("field: x\n")
    assert "\x1b[1;31merror[unknown-field]\x1b[0m" in rendered(at(1, 8), folder=tmp_path, terminal=True)
    assert "\x1b" not in rendered(at(1, 8), folder=tmp_path)


def test_an_error_of_any_command_shows_the_line(segmentation, project):
    catalog = project / "segment_definitions" / "catalog.yaml"
    catalog.write_text("objects:\n  contact: {table: contacts, key: id, fields: {age: intger}}\n")
    outcome = segmentation("run", "--project", project)
    assert outcome.status == 1
    said, place, *shown = outcome.err.splitlines()
    assert said.startswith("error[unknown-type]: ")
    assert place.endswith("segment_definitions/catalog.yaml:2:53")
    assert shown[:3] == [
        "   |",
        " 2 |   contact: {table: contacts, key: id, fields: {age: intger}}",
        f"   | {' ' * 52}^",
    ]


def test_json_is_a_format_too(segmentation, broken):
    short = segmentation("validate", "--project", broken, "--json")
    long = segmentation("validate", "--project", broken, "--format", "json")
    assert (short.status, short.json) == (long.status, long.json)
    assert [row["rule"] for row in long.json] == ["unknown-field", "unknown-segment"]


def test_two_formats_exclude_each_other(segmentation, broken):
    outcome = segmentation("validate", "--project", broken, "--json", "--format", "sarif")
    assert (outcome.status, outcome.out) == (2, "")
    assert "exclude each other" in outcome.err


def test_annotations_for_github(segmentation, broken, monkeypatch):
    monkeypatch.chdir(broken.parent)
    outcome = segmentation("validate", "--project", broken, "--format", "github")
    folder = f"{broken.name}/segment_definitions/segments"
    assert outcome.status == 1
    assert outcome.out == (
        f"::error file={folder}/a%2C b/one.yaml,line=2,col=16,title=unknown-field::"
        "unknown field `plna` of `contact`%0Ahint: did you mean `plan`?\n"
        f"::error file={folder}/big.yaml,line=4,col=17,title=unknown-segment::"
        "unknown segment `custmers`%0Ahint: did you mean `customers` or `customers_at_risk`?\n"
    )


def test_an_annotation_stays_one_command():
    finding = Diagnostic(
        "unknown-field", "100% wrong:\r\n::error::", Position("c:a,b.yaml", 1, 2), severity="warning"
    )
    assert github_annotation(finding) == (
        "::warning file=c%3Aa%2Cb.yaml,line=1,col=2,title=unknown-field::100%25 wrong:%0D%0A::error::"
    )


def test_files_elsewhere_keep_their_names(tmp_path):
    (here := tmp_path / "here").mkdir()
    elsewhere, absolute = at(1, 1), at(1, 1, file="/etc/catalog.yaml")
    assert seen_from(here, tmp_path / "project", [elsewhere, absolute]) == [elsewhere, absolute]


def test_a_log_in_sarif(segmentation, broken, monkeypatch):
    monkeypatch.chdir(broken)
    outcome = segmentation("validate", "--project", broken, "--format", "sarif")
    assert outcome.status == 1
    jsonschema.Draft202012Validator(SARIF).validate(outcome.json)
    run = outcome.json["runs"][0]
    rules = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == ["unknown-field", "unknown-segment"]
    first, second = run["results"]
    assert [rules[result["ruleIndex"]]["id"] for result in run["results"]] == [
        "unknown-field",
        "unknown-segment",
    ]
    assert first["locations"][0]["physicalLocation"] == {
        "artifactLocation": {
            "uri": "segment_definitions/segments/a%2C%20b/one.yaml",
            "uriBaseId": "%SRCROOT%",
        },
        "region": {"startLine": 2, "startColumn": 16},
    }
    assert second["message"]["text"].startswith("unknown segment `custmers`\nhint: did you mean")


def test_a_log_without_findings(segmentation, project):
    outcome = segmentation("validate", "--project", project, "--format", "sarif")
    assert outcome.status == 0
    jsonschema.Draft202012Validator(SARIF).validate(outcome.json)
    assert outcome.json["runs"][0]["results"] == []


def test_every_rule_brings_its_help_into_a_log():
    log = sarif_log([Diagnostic(name, "wrong", Position("s.yaml", 1, 1)) for name in RULES])
    jsonschema.Draft202012Validator(SARIF).validate(json.loads(json.dumps(log)))
    for rule in log["runs"][0]["tool"]["driver"]["rules"]:
        assert rule["help"]["text"] == RULES[rule["id"]].hint
        assert all(text in rule["help"]["markdown"] for text in RULES[rule["id"]].invalid.values())


def test_a_place_outside_the_project_is_an_address():
    log = sarif_log([at(1, 1, file="/etc/my catalog.yaml")])
    place = log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]
    assert place == {"uri": "file:///etc/my%20catalog.yaml"}


@pytest.mark.parametrize(("severities", "status"), [(["warning"], 0), (["warning", "error"], 1), ([], 0)])
def test_only_errors_decide_the_status(segmentation, project, monkeypatch, severities, status):
    found = [at(1, 1, severity=severity) for severity in severities]
    monkeypatch.setattr("segmentation_pipeline.validation.validate", lambda _workspace: found)
    outcome = segmentation("validate", "--project", project)
    assert outcome.status == status
    said = {0: "no findings", 1: "0 errors, 1 warning", 2: "1 error, 1 warning"}
    assert outcome.out.splitlines()[-1] == said[len(severities)]


def test_findings_of_all_files_are_sorted_by_file_and_line(segmentation, broken):
    folder = broken / "segment_definitions"
    (folder / "segments" / "big.yaml").write_text(
        "segment: big\nwhere:\n  all:\n" + "".join(f"    - {{event: e{number}}}\n" for number in range(12))
    )
    (folder / "tests" / "zero.yaml").write_text("test: nothing\n")
    rows = segmentation("validate", "--project", broken, "--json").json
    places = [(row["file"], row["line"], row["column"]) for row in rows]
    assert places == sorted(places)
    assert len(places) == 14
