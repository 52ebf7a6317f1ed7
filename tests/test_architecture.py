"""The shape of the package: imports run downwards, modules stay small, every visitor is complete."""

from __future__ import annotations

import ast
import dataclasses
import functools
import importlib
import subprocess
import sys
import typing
from pathlib import Path

import pytest

import segmentation_pipeline
from segmentation_pipeline.rules import tree

PACKAGE = Path(segmentation_pipeline.__file__).parent
NAME = PACKAGE.name
LONGEST = 300

LAYERS = (
    {"errors", "diagnostics", "documents"},
    {"catalog"},
    {"settings", "workspace", "tenant"},
    {"partners"},
    {"lake"},
    {"ingest"},
    {"features"},
    {"enrichment"},
    {"index"},
    {"rules"},
    {"evaluation"},
    {"segments"},
    {"contacts"},
    {"notifications"},
    {"sample"},
    {"analytics"},
    {"conflicts"},
    {"assignment"},
    {"simulation"},
    {"schemas", "validation"},
    {"erasure"},
    {"maintenance"},
    {"report"},
    {"site"},
    {"project"},
    {"cli", "pytest_plugin"},
    {"components", "defs", "definitions"},
)
RANK = {name: rank for rank, names in enumerate(LAYERS) for name in names}
DAGSTER = LAYERS[-1]

MODULES = sorted(path for path in PACKAGE.rglob("*.py") if "templates" not in path.parts)


def dotted(path: Path) -> str:
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join((NAME, *(part for part in parts if part != "__init__")))


def layer(module: str) -> str:
    """The layer of a dotted module name; the package itself is its own, on top of all."""
    return module.split(".")[1] if "." in module else NAME


def imported(path: Path) -> set[str]:
    """Every absolute module name that a file imports, wherever the import stands."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import"
            found |= {f"{node.module}.{alias.name}" for alias in node.names} | {str(node.module)}
    return found


@pytest.mark.parametrize("path", MODULES, ids=dotted)
def test_every_module_stands_in_a_layer_and_imports_downwards(path):
    own = layer(dotted(path))
    if own == NAME:
        return
    assert own in RANK, f"{own} stands in no layer: name it in LAYERS"
    ours = {name for name in imported(path) if name.startswith(f"{NAME}.")}
    upwards = {name for name in ours if RANK[layer(name)] > RANK[own]}
    assert not upwards


@pytest.mark.parametrize("path", MODULES, ids=dotted)
def test_only_the_last_layer_imports_dagster(path):
    roots = {name.split(".")[0] for name in imported(path)}
    if layer(dotted(path)) not in DAGSTER:
        assert "dagster" not in roots


@pytest.mark.parametrize("path", MODULES, ids=dotted)
def test_modules_are_small_and_named_for_what_they_hold(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LONGEST
    assert path.stem not in {"utils", "util", "helpers", "common", "misc"}


def test_the_rules_load_no_dataframes():
    """Whoever reads, explains or proves a rule needs no engine: checked in a fresh interpreter."""
    rules = [dotted(path) for path in MODULES if layer(dotted(path)) == "rules"]
    program = (
        f"import importlib, sys\nfor name in {rules!r}: importlib.import_module(name)\n"
        "print(sorted({'polars', 'pyarrow', 'deltalake', 'pandera', 'dagster'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_helping_is_quick():
    """`segmentation --help` loads the command line and nothing of the engine."""
    program = (
        f"import sys, {NAME}.cli.main\n"
        "print(sorted({'polars', 'pyarrow', 'deltalake', 'pandera', 'dagster'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def union(annotation: str) -> tuple[type, ...]:
    """The classes of a union that the tree writes, as in ``Events | Related``."""
    return typing.get_args(eval(annotation, vars(tree)))


CONDITIONS = typing.get_args(tree.Condition)
OPERANDS = typing.get_args(tree.Operand)
HISTORIES = typing.get_args(tree.History)
SOURCES = union(tree.Measure.__annotations__["source"])
KINDS = (CONDITIONS, OPERANDS, HISTORIES, SOURCES)
PARTS = {tree.Step}
LEFT_OUT = {
    f"{NAME}.conflicts.formulas.measured.Measures.part": {tree.Field},  # a column of the row is not measured
    f"{NAME}.evaluation.comparisons.thresholds.threshold": {tree.Field},  # it compares what is computed
    f"{NAME}.evaluation.comparisons.units.in_units": {tree.Rank},  # nothing ranks by a rank
}


def test_the_kinds_of_node_are_all_named():
    """A node class that belongs to no union would escape the test below."""
    classes = {
        value
        for value in vars(tree).values()
        if isinstance(value, type) and dataclasses.is_dataclass(value) and value.__module__ == tree.__name__
    }
    assert classes == {kind for kinds in KINDS for kind in kinds} | PARTS


def visitors() -> dict[str, set[type]]:
    """Every dispatching function over the tree, with the kinds it handles."""
    found = {}
    for path in MODULES:
        if layer(dotted(path)) in DAGSTER or "singledispatch" not in path.read_text(encoding="utf-8"):
            continue
        for name, value in vars(importlib.import_module(dotted(path))).items():
            if not (hasattr(value, "registry") and hasattr(value, "dispatch")):
                continue
            handled = set(value.registry) - {object}
            if any(handled & set(kinds) for kinds in KINDS):
                found[f"{value.__module__}.{name}"] = handled
        found |= methods(importlib.import_module(dotted(path)))
    return found


def methods(module) -> dict[str, set[type]]:
    """The same of the classes that a module defines."""
    return {
        f"{module.__name__}.{kind.__name__}.{name}": set(method.dispatcher.registry) - {object}
        for kind in vars(module).values()
        if isinstance(kind, type) and kind.__module__ == module.__name__
        for name, method in vars(kind).items()
        if isinstance(method, functools.singledispatchmethod)
    }


def test_every_visitor_handles_every_kind_of_node():
    found = visitors()
    assert {f"{NAME}.rules.interpret._examine", f"{NAME}.rules.graph.walk"} <= set(found)
    forgotten = {
        name: sorted(kind.__name__ for kind in set(kinds) - handled - LEFT_OUT.get(name, set()))
        for name, handled in found.items()
        for kinds in KINDS
        if handled & set(kinds)
    }
    assert {name: kinds for name, kinds in forgotten.items() if kinds} == {}
