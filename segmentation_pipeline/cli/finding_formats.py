"""Findings as programs read them: rows of JSON, annotations of GitHub, a log in SARIF 2.1.0."""

from __future__ import annotations

import importlib.metadata
from dataclasses import replace
from pathlib import PurePath
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from segmentation_pipeline.rules.checks.registry import RULES

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from segmentation_pipeline.diagnostics import Diagnostic
    from segmentation_pipeline.rules.checks.rule import Rule

SARIF_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
TOOL = "segmentation"


def finding_row(finding: Diagnostic) -> dict[str, Any]:
    """Return one row of ``validate --json``; lines and columns count from 1."""
    return {
        "rule": finding.rule,
        "severity": finding.severity,
        "file": finding.at.file,
        "line": finding.at.line,
        "column": finding.at.column,
        "message": finding.message,
        "hint": finding.hint,
    }


def seen_from(here: Path, project: Path, findings: Iterable[Diagnostic]) -> list[Diagnostic]:
    """Return findings whose files are named from ``here``, where they lie below it.

    A pull request shows files by their path in the repository, from whose root its checks run.
    """
    found = []
    for finding in findings:
        path = (project / finding.at.file).resolve()
        if path.is_relative_to(here.resolve()):
            file = path.relative_to(here.resolve()).as_posix()
            found.append(replace(finding, at=replace(finding.at, file=file)))
        else:
            found.append(finding)
    return found


def github_annotation(finding: Diagnostic) -> str:
    """Return a workflow command, one line, that annotates a line of a pull request."""
    properties = {
        "file": finding.at.file,
        "line": finding.at.line,
        "col": finding.at.column,
        "title": finding.rule,
    }
    given = ",".join(f"{name}={_property(str(value))}" for name, value in properties.items())
    return f"::{finding.severity} {given}::{_data(_whole(finding))}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def _whole(finding: Diagnostic) -> str:
    return f"{finding.message}\nhint: {finding.hint}" if finding.hint else finding.message


def sarif_log(findings: Sequence[Diagnostic]) -> dict[str, Any]:
    """Return a log of one run, with the rules that it names and their help."""
    used = [RULES[name] for name in sorted({finding.rule for finding in findings})]
    index = {rule.id: number for number, rule in enumerate(used)}
    driver = {
        "name": TOOL,
        "version": importlib.metadata.version("segmentation_pipeline"),
        "rules": [_sarif_rule(rule) for rule in used],
    }
    return {
        "$schema": SARIF_SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": driver},
                "columnKind": "unicodeCodePoints",
                "results": [_sarif_result(finding, index[finding.rule]) for finding in findings],
            }
        ],
    }


def _sarif_rule(rule: Rule) -> dict[str, Any]:
    examples = [
        f"{title}:\n\n" + "\n".join(f"`{path}`\n\n```\n{text}```\n" for path, text in files.items())
        for title, files in (("Wrong", rule.invalid), ("Right", rule.valid))
    ]
    return {
        "id": rule.id,
        "shortDescription": {"text": rule.summary},
        "help": {"text": rule.hint, "markdown": "\n".join([f"{rule.hint}\n", *examples])},
        "defaultConfiguration": {"level": rule.severity},
        "properties": {"tags": [rule.kind]},
    }


def _sarif_result(finding: Diagnostic, index: int) -> dict[str, Any]:
    return {
        "ruleId": finding.rule,
        "ruleIndex": index,
        "level": finding.severity,
        "message": {"text": _whole(finding)},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": _artifact(finding.at.file),
                    "region": {"startLine": finding.at.line, "startColumn": finding.at.column},
                }
            }
        ],
    }


def _artifact(file: str) -> dict[str, str]:
    path = PurePath(file)
    if path.is_absolute():
        return {"uri": path.as_uri()}
    return {"uri": quote(path.as_posix()), "uriBaseId": "%SRCROOT%"}
