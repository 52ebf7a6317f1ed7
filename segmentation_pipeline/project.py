"""A project as a notebook sees it: its segments, their members, and every table as a LazyFrame."""

from __future__ import annotations

import datetime as dt
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from segmentation_pipeline.contacts.view import ContactView, view_contact
from segmentation_pipeline.diagnostics import did_you_mean
from segmentation_pipeline.documents import read_documents
from segmentation_pipeline.errors import DefinitionError, UsageError
from segmentation_pipeline.lake.opening import open_lake
from segmentation_pipeline.rules.english import describe
from segmentation_pipeline.segments.basis import read_definitions
from segmentation_pipeline.segments.draft import read_draft
from segmentation_pipeline.segments.dry_run import pin
from segmentation_pipeline.segments.members import published_members
from segmentation_pipeline.segments.preview import SAMPLE, Preview
from segmentation_pipeline.segments.preview import preview as look_ahead
from segmentation_pipeline.simulation.record import published_rows
from segmentation_pipeline.simulation.run import simulate as run_simulation
from segmentation_pipeline.workspace import Workspace, open_workspace

if TYPE_CHECKING:
    from collections.abc import Mapping

    import polars as pl

    from segmentation_pipeline.lake.store import DeltaStore
    from segmentation_pipeline.rules.segment import Definitions, Segment
    from segmentation_pipeline.simulation.run import SimulationRun


@dataclass(frozen=True, slots=True)
class SegmentView:
    """One definition; ``definition`` is the segment as read."""

    definition: Segment

    def describe(self) -> str:
        """Return the rule in plain English."""
        return describe(self.definition)


@dataclass(frozen=True, slots=True)
class Project:
    """An opened workspace: always the latest published state. Only `simulate` writes, its own tables."""

    workspace: Workspace
    store: DeltaStore
    definitions: Definitions

    @property
    def segments(self) -> Mapping[str, SegmentView]:
        """Every definition that can be read, by id, in dependency order."""
        return {name: SegmentView(segment) for name, segment in self.definitions.segments.items()}

    def members(self, segment: str, as_of: str | dt.datetime | None = None) -> pl.LazyFrame:
        """Return the published members of a segment: key, ``added_at``, ``added_via``, what is known of them.

        With ``as_of`` (``"2026-06-01"``, or an instant with its zone) those that were published then.

        Raises:
            UsageError: there is no such segment, or no such instant.
            DefinitionError: its definition cannot be read.
            LakeError: nothing was published by then.
        """
        known = self._known(segment)
        moment = self.workspace.instant(as_of) if isinstance(as_of, str) else as_of
        return published_members(self.store, self.definitions.catalog, known, moment).frame

    def preview(
        self,
        rule: str | Mapping[str, Any],
        as_of: str | dt.datetime | None = None,
        sample: int | None = SAMPLE,
    ) -> Preview:
        """Return what a segment's id, a definition or a bare condition would hold; nothing is published.

        ``sample`` objects are looked at, None for all. ``as_of`` defaults to the workspace's, else now.

        Raises:
            UsageError: there is no such segment, or no such instant.
            DefinitionError: the rule cannot be read; every finding says where in the rule's YAML.
            RunFailed: nothing was imported, or the rule cannot be evaluated.
        """
        definitions = self.definitions
        if isinstance(rule, str):
            name = self._known(rule).id
        else:
            text = yaml.safe_dump(dict(rule), sort_keys=False, allow_unicode=True)
            (node,) = read_documents(text, "<rule>")
            name, definitions = read_draft(node, definitions, self.workspace)
        moment = self.workspace.instant(as_of) if isinstance(as_of, str) else as_of
        at = moment or self.workspace.as_of or _now()
        return look_ahead(definitions, name, pin(self.store, [definitions.catalog], at), sample=sample)

    def contact(self, key: str) -> ContactView:
        """Return one contact by its key or e-mail; one that was merged leads to its primary.

        Raises:
            UsageError: there is no such contact.
            RunFailed: no contacts were imported.
        """
        return view_contact(self.store, self.definitions.catalog, key)

    def simulate(self, name: str, as_of: str | dt.datetime | None = None) -> SimulationRun:
        """Run a simulation and record it; ``ws.simulate("quieter")["simulation_diff"]`` is one of its tables.

        Nothing else of the lake is written. ``as_of`` defaults to the workspace's, else now.

        Raises:
            UsageError: there is no such simulation, policy, revision or instant.
            DefinitionError: the simulation, a segment or a policy cannot be read.
            RunFailed: members cannot be evaluated.
        """
        moment = self.workspace.instant(as_of) if isinstance(as_of, str) else as_of
        at = moment or self.workspace.as_of or _now()
        return run_simulation(self.workspace, name, as_of=at, now=_now)

    def table(self, name: str) -> pl.LazyFrame:
        """Return the latest version of a table of the lake; raise `LakeError` if there is none.

        Of simulations only what finished is there.
        """
        return published_rows(self.store, name)

    def _known(self, segment: str) -> Segment:
        known = self.definitions.segments
        if segment in self.definitions.broken:
            raise DefinitionError([self.definitions.broken[segment]])
        if segment not in known:
            raise UsageError(f"there is no segment `{segment}`", hint=did_you_mean(segment, known))
        return known[segment]


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def open_project(path: str | Path = ".", workspace: str | None = None) -> Project:
    """Open one workspace of the project at ``path``; the environment overrides its settings."""
    opened = open_workspace(Path(path), workspace, env=os.environ)
    return Project(opened, open_lake(opened), read_definitions(opened))
