"""Each rule is broken by its invalid example and kept by its valid one; no other rules exist."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import segmentation_pipeline
from segmentation_pipeline.rules.checks.registry import RULES, SECTIONS

if TYPE_CHECKING:
    from collections.abc import Iterator

PACKAGE = Path(segmentation_pipeline.__file__).parent
ID = re.compile(r"[a-z]+(-[a-z]+)*")
# Where the rule stands among the arguments of what makes or forwards a finding.
MAKERS = {"Fault": 0, "Diagnostic": 0, "report": 0, "finding": 0, "_finding": 2, "read_model": 2}
NAMES = ("rule", "_RULE", "RULE")
# These findings stand beside another, which is their cause.
WITH_A_CAUSE = {"embeds-broken": "unknown-event", "embeds-cycle": "cycle"}

EACH = pytest.mark.parametrize("rule", [pytest.param(rule, id=rule.id) for rule in RULES.values()])


@EACH
def test_the_valid_example_has_no_finding(rule, findings):
    assert [str(finding) for finding in findings(rule.valid)] == []


@EACH
def test_the_invalid_example_breaks_this_rule_alone(rule, findings):
    found = findings(rule.invalid)
    assert {finding.rule for finding in found} == {rule.id} | {WITH_A_CAUSE.get(rule.id, rule.id)}
    assert {finding.severity for finding in found} == {rule.severity}


@EACH
def test_a_rule_says_what_is_wrong_and_what_to_do(rule):
    assert ID.fullmatch(rule.id)
    assert rule.summary.endswith(".")
    assert rule.hint.endswith(".")
    assert rule.valid != rule.invalid


def test_no_id_is_given_twice():
    assert len(RULES) == sum(len(rules) for rules in SECTIONS.values())


def raised(tree: ast.AST) -> Iterator[str]:
    """Every rule id that a module raises, by the places in which ids stand."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)) if name in MAKERS:
                yield from literals(*node.args[MAKERS[name] : MAKERS[name] + 1])
                yield from literals(*(key.value for key in node.keywords if key.arg == "rule"))
            case ast.Call():
                yield from literals(*(key.value for key in node.keywords if key.arg == "rule"))
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if name in NAMES:
                yield from literals(value)
            case ast.Assign(targets=[ast.Tuple(elts=[ast.Name(id=name), *_])], value=ast.Tuple(elts=values)):
                yield from literals(values[0]) if name in NAMES else ()
            case ast.FunctionDef(args=arguments):
                positional = arguments.posonlyargs + arguments.args
                given = [*zip(positional[::-1], arguments.defaults[::-1], strict=False)]
                given += [*zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)]
                yield from literals(*(value for name, value in given if name.arg in NAMES))
                if node.returns is not None and "Found" in ast.unparse(node.returns):
                    yield from literals(*yielded(node))


def yielded(function: ast.FunctionDef) -> Iterator[ast.expr]:
    for node in ast.walk(function):
        if isinstance(node, ast.Yield) and isinstance(node.value, ast.Tuple):
            yield node.value.elts[0]


def literals(*values: ast.expr | None) -> Iterator[str]:
    for value in values:
        match value:
            case ast.Constant(value=str(text)) if ID.fullmatch(text):
                yield text
            case ast.IfExp(body=first, orelse=second):
                yield from literals(first, second)


def forwarded(tree: ast.AST) -> Iterator[str]:
    """What stands for the rule of a finding where it is no literal."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name(id="Fault" | "Diagnostic")):
                rule = next((key.value for key in node.keywords if key.arg == "rule"), None)
                rule = rule or node.args[0]
                if not isinstance(rule, ast.Constant):
                    yield ast.unparse(rule)


TREES = {
    path.relative_to(PACKAGE).as_posix(): ast.parse(path.read_text(encoding="utf-8"))
    for path in PACKAGE.rglob("*.py")
    if "checks" not in path.parts and "templates" not in path.parts
}


def test_every_rule_that_the_code_raises_is_registered_and_no_other():
    where: dict[str, list[str]] = {}
    for name, tree in TREES.items():
        for rule in raised(tree):
            where.setdefault(rule, []).append(name)
    assert {rule: places for rule, places in where.items() if rule not in RULES} == {}
    assert set(RULES) - set(where) == set()


def test_rules_are_literals_where_findings_are_made():
    """Else the test above would miss them."""
    names = {*NAMES, "fault.rule", "finding.rule"}
    assert {
        (name, rule) for name, tree in TREES.items() for rule in forwarded(tree) if rule not in names
    } == set()
