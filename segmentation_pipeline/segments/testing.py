"""Segment tests: rows, an instant, and who must be a member; users test rules as they test code.

The file format is the one of `segmentation test`; the project's own conformance suite is written
in it too.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field

from segmentation_pipeline.catalog.overlay import overlay_catalog
from segmentation_pipeline.catalog.reading import read_catalog
from segmentation_pipeline.documents import Mapping, Node, Scalar, read_file, read_model
from segmentation_pipeline.errors import DefinitionError, SegmentationError
from segmentation_pipeline.evaluation.evaluate import evaluate
from segmentation_pipeline.rules.clock import Clock, to_micros
from segmentation_pipeline.rules.definition import Setting
from segmentation_pipeline.rules.definitions import load_definitions, read_local
from segmentation_pipeline.rules.graph import embeds
from segmentation_pipeline.rules.header import SegmentId, TimeZone
from segmentation_pipeline.rules.interpret import examine_segment
from segmentation_pipeline.rules.time_grammar import read_moment
from segmentation_pipeline.segments.explain import explanation
from segmentation_pipeline.segments.given import Given
from segmentation_pipeline.segments.worlds import gather_world, memberships

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from segmentation_pipeline.catalog.model import Catalog
    from segmentation_pipeline.evaluation.evaluate import Evaluation
    from segmentation_pipeline.rules.segment import Definitions

AS_OF = "2026-01-01T00:00:00Z"
"""The instant of a test that names none: no test depends on the day it runs."""
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", coerce_numbers_to_str=True)


class ExpectedError(_Strict):
    segment: str
    contains: str


class Settings(_Strict):
    week_starts: str = Field("monday", pattern=f"^({'|'.join(_WEEKDAYS)})$")
    time_zone: TimeZone | None = None


class SegmentTest(_Strict):
    """One document of a test file; what depends on the catalog is read from its nodes."""

    test: str
    as_of: str = AS_OF
    time_zone: TimeZone | None = None
    workspace: Settings = Settings()
    catalog: Any = None
    given: Any = None
    segments: dict[SegmentId, Any] = {}
    expect: dict[str, Any] = {}
    expect_error: ExpectedError | list[ExpectedError] = []


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
    week_starts = _WEEKDAYS.index(test.workspace.week_starts)
    as_of = _EPOCH + dt.timedelta(microseconds=Clock(0, zone).extent(read_moment(test.as_of))[0])
    definitions = _definitions(node, catalog, bench, zone, week_starts)
    errors = test.expect_error if isinstance(test.expect_error, list) else [test.expect_error]
    problems = [problem for error in errors if (problem := _error_problem(error, definitions))]
    wrong = {error.segment for error in errors}
    expected = {name: _keys(listed, name) for name, listed in test.expect.items()}
    only = _needed(definitions, expected)
    if expected:
        clock = Clock(to_micros(as_of), zone, week_starts)
        evaluation = evaluate(definitions, Given(catalog, clock).frames(node.get("given")), as_of, only=only)
        problems += [
            problem
            for name, keys in expected.items()
            if name not in wrong and (problem := _member_problem(name, keys, evaluation, as_of))
        ]
    if not expected and not errors:
        problems.append("the test expects nothing: write `expect` or `expect_error`")
    return problems


def _definitions(node: Mapping, catalog: Catalog, bench: Bench, zone: str, week_starts: int) -> Definitions:
    local = node.get("segments")
    nodes = {name.text: value for name, value in local.entries} if isinstance(local, Mapping) else {}
    others = None
    if bench.folder is not None:
        others = load_definitions(bench.folder, catalog, time_zone=zone, week_starts=week_starts)
    return read_local(nodes, Setting(catalog, zone, bench.folder), week_starts, others)


def _needed(definitions: Definitions, names: Iterable[str]) -> set[str]:
    needed: set[str] = set()
    border = set(names)
    while border:
        needed |= border
        border = {e for name in border if name in definitions.segments for e in embeds(definitions.segments[name])} - needed
    return needed


def _keys(listed: Any, name: str) -> list[str]:
    if not isinstance(listed, list):
        raise SegmentationError(f"`expect: {name}` takes a list of keys", allowed=["[a, b]", "[]"])
    return [str(key) for key in listed]


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
    known = memberships(evaluation, segment.object, [first])
    world = gather_world(
        definitions.catalog, evaluation.index, as_of, segment.object, [first], known, definitions.week_starts
    )
    verdict = examine_segment(segment, first, world)
    return "\n".join([*lines, *(f"  {line}" for line in explanation(verdict))])
