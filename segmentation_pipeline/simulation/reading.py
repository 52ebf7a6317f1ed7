"""Reads the simulations of a definitions folder, and finds what is wrong with them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from segmentation_pipeline.assignment.policies import policy_files
from segmentation_pipeline.assignment.policy import DEFAULT
from segmentation_pipeline.catalog.types import ListOf
from segmentation_pipeline.diagnostics import Diagnostic, did_you_mean
from segmentation_pipeline.documents import locate, read_file, read_model
from segmentation_pipeline.errors import DefinitionError, DocumentError, Position, UsageError
from segmentation_pipeline.simulation.declaration import FOLDER, WORKTREE, Simulation
from segmentation_pipeline.simulation.figures import FIGURES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from segmentation_pipeline.catalog.model import Catalog
    from segmentation_pipeline.documents import Node
    from segmentation_pipeline.rules.segment import Definitions
    from segmentation_pipeline.workspace import Workspace

PLACE = "simulations"


@dataclass(frozen=True, slots=True)
class Known:
    """What simulations may name: policies, the segments that deliver, their channels, fields to count by.

    Nobody is counted by a list, or by personal data.
    """

    policies: frozenset[str]
    segments: frozenset[str]
    channels: frozenset[str]
    fields: frozenset[str]

    @classmethod
    def of(cls, definitions: Definitions, folder: Path) -> Known:
        """Return what definitions have, and the policies beside them, readable or not."""
        delivering = [one for one in definitions.segments.values() if one.delivery is not None]
        return cls(
            frozenset({DEFAULT, *(path.stem for path in policy_files(folder))}),
            frozenset({*(one.id for one in delivering), *definitions.broken}),
            frozenset(one.delivery.channel for one in delivering if one.delivery is not None),
            frozenset(countable_fields(definitions.catalog)),
        )


def countable_fields(catalog: Catalog) -> set[str]:
    """Return the fields of any object that contacts and others may be counted by."""
    return {
        name
        for kind in catalog.objects.values()
        for name, field in kind.fields.items()
        if not isinstance(field.type, ListOf) and not field.pii
    }


def simulation_files(definitions: Path) -> list[Path]:
    return sorted((definitions / PLACE).glob("*.yaml"))


def read_simulation(path: Path, known: Known, name: str, folders_from: Path) -> tuple[Simulation, str]:
    """Return a simulation and its text; ``folders_from`` is what `folder:PATH` is seen from.

    Raises:
        DocumentError: it is no YAML.
        DefinitionError: with every finding on it.
    """
    documents = read_file(path, name)
    if len(documents) != 1:
        at = documents[1].at if documents else Position(name, 1, 1)
        raise DefinitionError([Diagnostic("simulation-shape", "a simulation is exactly one document", at)])
    node = documents[0]
    said = read_model(Simulation, node, "simulation-shape")
    findings = [
        *_of_name(said, node, path.stem),
        *_of_variants(said, node, known, folders_from),
        *_of_today(said, node),
        *_of_breakdowns(said, node, known),
        *_of_figures(said, node, known),
    ]
    if findings:
        raise DefinitionError(findings)
    return said, path.read_text(encoding="utf-8-sig")


def find_simulation(workspace: Workspace, definitions: Definitions, wanted: str) -> tuple[Simulation, str]:
    """Return the simulation of a name, and its text.

    Raises:
        UsageError: there is none.
        DefinitionError: it cannot be read, or names what does not exist.
    """
    files = {path.stem: path for path in simulation_files(workspace.definitions)}
    if wanted not in files:
        raise UsageError(
            f"there is no simulation `{wanted}`",
            where=workspace.file_name(workspace.definitions / PLACE),
            hint=did_you_mean(wanted, files),
        )
    known = Known.of(definitions, workspace.definitions)
    try:
        return read_simulation(files[wanted], known, workspace.file_name(files[wanted]), workspace.project)
    except DocumentError as error:
        raise DefinitionError([_as_finding(error, workspace.file_name(files[wanted]))]) from error


def read_simulations(
    workspace: Workspace, definitions: Definitions
) -> tuple[dict[str, Simulation], dict[str, tuple[Diagnostic, ...]]]:
    """Return the simulations of a workspace that can be read, and the findings on the others, by name."""
    found: dict[str, Simulation] = {}
    broken: dict[str, tuple[Diagnostic, ...]] = {}
    known = Known.of(definitions, workspace.definitions)
    for path in simulation_files(workspace.definitions):
        name = workspace.file_name(path)
        try:
            found[path.stem] = read_simulation(path, known, name, workspace.project)[0]
        except DefinitionError as error:
            broken[path.stem] = error.diagnostics
        except DocumentError as error:
            broken[path.stem] = (_as_finding(error, name),)
    return found, broken


def simulation_findings(workspace: Workspace, definitions: Definitions) -> tuple[Diagnostic, ...]:
    """Return every finding on the simulations of a workspace."""
    broken = read_simulations(workspace, definitions)[1]
    return tuple(finding for findings in broken.values() for finding in findings)


def _as_finding(error: DocumentError, file: str) -> Diagnostic:
    at = error.where if isinstance(error.where, Position) else Position(file, 1, 1)
    return Diagnostic("yaml", error.what, at, error.hint)


def _of_name(said: Simulation, node: Node, stem: str) -> Iterator[Diagnostic]:
    if said.simulation != stem:
        message = f"`{said.simulation}` is not the file's name, `{stem}`"
        yield Diagnostic("simulation-shape", message, locate(node, ("simulation",)))


def _of_variants(said: Simulation, node: Node, known: Known, folders_from: Path) -> Iterator[Diagnostic]:
    """Policies elsewhere are looked for when the simulation is run."""
    if said.mode in ("what_if", "compare") and said.proposed is None:
        message = f"`mode: {said.mode}` needs `proposed`, a variant to hold against the baseline"
        yield Diagnostic("simulation-shape", message, locate(node, ("mode",)))
    if said.proposed == said.baseline:
        message = "`proposed` is the same as `baseline`: there is nothing to compare"
        yield Diagnostic("simulation-shape", message, locate(node, ("proposed",)))
    for name, variant in said.variants.items():
        if variant.definitions == WORKTREE:
            yield from _unknown("policy", variant.policy, known.policies, node, (name, "policy"))
        elif variant.definitions.startswith(FOLDER):
            place = folders_from / variant.definitions.removeprefix(FOLDER)
            if not place.is_dir():
                at = locate(node, (name, "definitions"))
                yield Diagnostic("simulation-name", f"there is no folder `{place.name}`", at)


def _of_today(said: Simulation, node: Node) -> Iterator[Diagnostic]:
    """What is asked of today is asked of everybody."""
    if said.mode == "what_if":
        for key, usual in (("to", None), ("sample_percent", 100)):
            if getattr(said, key) != usual:
                message = f"`mode: what_if` is about today and everybody: it has no `{key}`"
                yield Diagnostic("simulation-shape", message, locate(node, (key,)))


def _of_breakdowns(said: Simulation, node: Node, known: Known) -> Iterator[Diagnostic]:
    for number, field in enumerate(said.breakdowns):
        yield from _unknown("field to count by", field, known.fields, node, ("breakdowns", number))


def _of_figures(said: Simulation, node: Node, known: Known) -> Iterator[Diagnostic]:
    for number, condition in enumerate(said.fail_if):
        path = ("fail_if", number)
        figure = FIGURES.get(condition.metric)
        counted = [name for name, one in FIGURES.items() if said.mode in one.modes]
        if figure is None:
            hint = did_you_mean(condition.metric, counted)
            message = f"unknown metric `{condition.metric}` (allowed: {', '.join(counted)})"
            yield Diagnostic("simulation-metric", message, locate(node, (*path, "metric")), hint)
            continue
        if said.mode not in figure.modes:
            message = f"`mode: {said.mode}` does not count `{condition.metric}`"
            hint = f"it counts: {', '.join(counted)}"
            yield Diagnostic("simulation-metric", message, locate(node, (*path, "metric")), hint)
        for scope, named in (("channel", condition.channel), ("segment", condition.segment)):
            if named is not None and scope not in figure.scopes:
                message = f"`{condition.metric}` is not counted by {scope}"
                yield Diagnostic("simulation-metric", message, locate(node, (*path, scope)))
        if condition.channel is not None and condition.segment is not None:
            message = "a metric is of a channel or of a segment, not of both"
            yield Diagnostic("simulation-metric", message, locate(node, path))
        if condition.of not in (None, "baseline") and said.proposed is None:
            message = f"`of: {condition.of}`: there is no `proposed`"
            yield Diagnostic("simulation-metric", message, locate(node, (*path, "of")))
        if all(variant.definitions == WORKTREE for variant in said.variants.values()):
            if condition.channel is not None:
                yield from _unknown("channel", condition.channel, known.channels, node, (*path, "channel"))
            if condition.segment is not None:
                yield from _unknown("segment", condition.segment, known.segments, node, (*path, "segment"))


def _unknown(
    what: str, name: str, known: Iterable[str], node: Node, path: tuple[str | int, ...]
) -> Iterator[Diagnostic]:
    names = set(known)
    if name not in names:
        yield Diagnostic(
            "simulation-name", f"there is no {what} `{name}`", locate(node, path), did_you_mean(name, names)
        )
