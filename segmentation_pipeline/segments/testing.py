"""Segment tests: rows, an instant, and who must be a member; users test rules as they test code.

The file format is the one of `segmentation test`; the project's own conformance suite is written
in it too.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from segmentation_pipeline.catalog.overlay import overlay_catalog
from segmentation_pipeline.catalog.reading import read_catalog
from segmentation_pipeline.diagnostics import Diagnostic
from segmentation_pipeline.documents import Mapping, Node, Scalar, locate, read_file, read_model
from segmentation_pipeline.errors import DefinitionError, SegmentationError
from segmentation_pipeline.evaluation.evaluate import evaluate
from segmentation_pipeline.rules.clock import Clock
from segmentation_pipeline.rules.definition import Setting
from segmentation_pipeline.rules.definitions import load_definitions, read_local
from segmentation_pipeline.rules.graph import embeds
from segmentation_pipeline.rules.interpret import examine_segment
from segmentation_pipeline.rules.moments import Day, RelativeInstant
from segmentation_pipeline.rules.segment import Segment
from segmentation_pipeline.rules.time_grammar import read_moment
from segmentation_pipeline.rules.tree import Everyone
from segmentation_pipeline.segments.declarations import WEEKDAYS, ExpectedError, SegmentTest
from segmentation_pipeline.segments.explain import explanation
from segmentation_pipeline.segments.given import Given
from segmentation_pipeline.segments.worlds import gather_world

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from segmentation_pipeline.catalog.model import Catalog
    from segmentation_pipeline.evaluation.evaluate import Evaluation
    from segmentation_pipeline.rules.segment import Definitions

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


@dataclass(frozen=True, slots=True)
class TestResult:
    """How one test went; ``message`` is empty where it passed."""

    __test__ = False

    test: str
    file: str
    passed: bool
    message: str = ""


@dataclass(frozen=True, slots=True)
class Bench:
    """What tests run against: the project's catalog as written, its definitions folder, its zone."""

    catalog: Node
    folder: Path | None = None
    time_zone: str = "UTC"


def run_files(files: Iterable[Path], bench: Bench, root: Path | None = None) -> list[TestResult]:
    """Return the results of every document of the files; a file that cannot be read is one failure."""
    results = []
    for path in files:
        name = path.relative_to(root).as_posix() if root and path.is_relative_to(root) else str(path)
        try:
            documents = read_file(path, name)
        except SegmentationError as error:
            results.append(TestResult(path.stem, name, passed=False, message=str(error)))
            continue
        results += [run_test(node, name, bench) for node in documents if not _is_nothing(node)]
    return results


def run_test(node: Node, file: str, bench: Bench) -> TestResult:
    """Return the result of one test document."""
    title = node.get("test") if isinstance(node, Mapping) else None
    name = title.text if isinstance(title, Scalar) else f"{file}:{node.at.line}"
    try:
        problems = _problems(node, bench)
    except DefinitionError as error:
        problems = [str(finding) for finding in error.diagnostics]
    except SegmentationError as error:
        problems = [str(error)]
    return TestResult(name, file, not problems, "\n".join(problems))


def _is_nothing(node: Node) -> bool:
    return isinstance(node, Scalar) and node.is_null


def _problems(node: Node, bench: Bench) -> list[str]:
    test = read_model(SegmentTest, node, "test-shape")
    assert isinstance(node, Mapping)
    overlay = node.get("catalog")
    catalog = read_catalog(overlay_catalog(bench.catalog, overlay) if overlay is not None else bench.catalog)
    zone = test.time_zone or test.workspace.time_zone or bench.time_zone
    as_of = Clock(_instant(test.as_of, zone, node), zone, WEEKDAYS.index(test.workspace.week_starts))
    definitions = _definitions(node, catalog, bench, as_of)
    errors = test.expect_error if isinstance(test.expect_error, list) else [test.expect_error]
    if not test.expect and not errors:
        return ["the test expects nothing: write `expect` or `expect_error`"]
    problems = [problem for error in errors if (problem := _error_problem(error, definitions))]
    frames = Given(catalog, as_of).frames(node.get("given"))
    if test.expect:
        instant = _EPOCH + dt.timedelta(microseconds=as_of.as_of)
        only = _needed(definitions, test.expect)
        evaluation = evaluate(definitions, frames, instant, only=only)
        found = (_member_problem(name, keys, evaluation, instant) for name, keys in test.expect.items())
        problems += [problem for problem in found if problem is not None]
    return problems


def _instant(text: str, zone: str, node: Mapping) -> int:
    at = locate(node, ("as_of",))
    try:
        moment = read_moment(text)
    except ValueError as error:
        raise DefinitionError([Diagnostic("test-shape", f"`as_of`: {error}", at)]) from error
    if isinstance(moment, RelativeInstant) or (isinstance(moment, Day) and moment.date is None):
        message = f"`as_of: {text}` depends on the day the test runs"
        hint = "write an instant, such as 2026-06-30T00:00:00Z"
        raise DefinitionError([Diagnostic("test-shape", message, at, hint)])
    return Clock(0, zone).extent(moment)[0]


def _definitions(node: Mapping, catalog: Catalog, bench: Bench, as_of: Clock) -> Definitions:
    """Return the test's own definitions, the project's, and the built-in ones that nobody writes."""
    local = node.get("segments")
    nodes = {name.text: value for name, value in local.entries} if isinstance(local, Mapping) else {}
    zone, week_starts = as_of.zone, as_of.week_starts
    others = None
    if bench.folder is not None:
        others = load_definitions(bench.folder, catalog, time_zone=zone, week_starts=week_starts)
    read = read_local(nodes, Setting(catalog, zone, bench.folder), week_starts, others)
    everyone = {
        name: Segment(name, name, "dynamic", kind, zone, "", node.at, where=Everyone())
        for kind in catalog.objects
        if (name := f"all_{kind}s") not in read.broken
    }
    return replace(read, segments={**read.segments, **everyone})


def _needed(definitions: Definitions, names: Iterable[str]) -> set[str]:
    needed: set[str] = set()
    border = set(names)
    while border:
        needed |= border
        border = {
            e for name in border if name in definitions.segments for e in embeds(definitions.segments[name])
        } - needed
    return needed


def _error_problem(error: ExpectedError, definitions: Definitions) -> str | None:
    found = [finding for finding in definitions.diagnostics if finding.segment == error.segment]
    if error.segment in definitions.broken:
        found.append(definitions.broken[error.segment])
    if not found:
        return f"{error.segment}: expected an error that contains `{error.contains}`, but it validates"
    said = [f"{finding.message} {finding.hint or ''}" for finding in found]
    if any(error.contains.casefold() in text.casefold() for text in said):
        return None
    return f"{error.segment}: expected an error that contains `{error.contains}`, got: " + "; ".join(said)


def _member_problem(name: str, expected: list[str], evaluation: Evaluation, as_of: dt.datetime) -> str | None:
    definitions = evaluation.definitions
    if name in definitions.broken:
        return f"{name}: does not validate: {definitions.broken[name]}"
    if name in evaluation.failed:
        return f"{name}: not evaluated: {evaluation.failed[name].cause}"
    if name not in evaluation.members:
        return f"{name}: there is no active segment `{name}`"
    got = evaluation.keys(name)
    missing, extra = sorted(set(expected) - set(got)), sorted(set(got) - set(expected))
    if not missing and not extra:
        return None
    lines = [f"{name}: expected {sorted(expected)}, got {got}", f"  missing: {missing}", f"  extra: {extra}"]
    first = (missing or extra)[0]
    segment = definitions.segments[name]
    world = gather_world(evaluation, as_of, segment.object, [first])
    verdict = examine_segment(segment, first, world)
    return "\n".join([*lines, *(f"  {line}" for line in explanation(verdict))])
