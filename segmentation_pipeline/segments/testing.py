"""Segment tests: rows, an instant, and who must be a member; users test rules as they test code.

The file format is the one of `segmentation test`; the project's own conformance suite is written
in it too.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

from segmentation_pipeline.documents import Mapping, Node, Scalar, read_file
from segmentation_pipeline.errors import DefinitionError, SegmentationError
from segmentation_pipeline.evaluation.evaluate import evaluate
from segmentation_pipeline.rules.graph import dependencies
from segmentation_pipeline.rules.interpret import examine_segment
from segmentation_pipeline.segments.explain import explanation
from segmentation_pipeline.segments.trial import read_trial
from segmentation_pipeline.segments.worlds import gather_world

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from segmentation_pipeline.evaluation.evaluate import Evaluation
    from segmentation_pipeline.rules.segment import Definitions
    from segmentation_pipeline.segments.declarations import ExpectedError
    from segmentation_pipeline.segments.trial import Bench

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


@dataclass(frozen=True, slots=True)
class TestResult:
    """How one test went; ``message`` is empty where it passed."""

    __test__ = False

    test: str
    file: str
    passed: bool
    message: str = ""


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
        results += [run_test(node, name, bench) for node in documents if not is_nothing(node)]
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


def is_nothing(node: Node) -> bool:
    """Whether a document is empty, as after a last ``---``."""
    return isinstance(node, Scalar) and node.is_null


def _problems(node: Node, bench: Bench) -> list[str]:
    trial = read_trial(node, bench)
    expect, definitions = trial.test.expect, trial.definitions
    if not expect and not trial.errors:
        return ["the test expects nothing: write `expect` or `expect_error`"]
    problems = [problem for error in trial.errors if (problem := _error_problem(error, definitions))]
    frames = trial.frames()
    if expect:
        instant = _EPOCH + dt.timedelta(microseconds=trial.clock.as_of)
        needed = {*expect, *dependencies(definitions.segments, expect)}
        evaluation = evaluate(definitions, frames, instant, only=needed)
        found = (_member_problem(name, keys, evaluation, instant) for name, keys in expect.items())
        problems += [problem for problem in found if problem is not None]
    return problems


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
    world = gather_world(evaluation, as_of, segment.object, [first], segments=[name])
    verdict = examine_segment(segment, first, world)
    return "\n".join([*lines, *(f"  {line}" for line in explanation(verdict))])
