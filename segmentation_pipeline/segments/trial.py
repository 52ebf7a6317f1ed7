"""One segment test as read: the instant, the catalog, the definitions and the rows it is about."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, cast

from segmentation_pipeline.catalog.overlay import overlay_catalog
from segmentation_pipeline.catalog.reading import read_catalog
from segmentation_pipeline.diagnostics import Diagnostic, did_you_mean
from segmentation_pipeline.documents import Mapping, Node, locate, read_model
from segmentation_pipeline.errors import DefinitionError
from segmentation_pipeline.rules.clock import Clock
from segmentation_pipeline.rules.definition import Setting
from segmentation_pipeline.rules.definitions import load_definitions, read_local
from segmentation_pipeline.rules.moments import Day, RelativeInstant
from segmentation_pipeline.rules.segment import Segment
from segmentation_pipeline.rules.time_grammar import read_moment
from segmentation_pipeline.rules.tree import Everyone
from segmentation_pipeline.segments.declarations import WEEKDAYS, ExpectedError, SegmentTest
from segmentation_pipeline.segments.given import Given

if TYPE_CHECKING:
    from pathlib import Path

    import polars as pl

    from segmentation_pipeline.catalog.model import Catalog
    from segmentation_pipeline.rules.segment import Definitions


@dataclass(frozen=True, slots=True)
class Bench:
    """What tests run against: the project's catalog as written, its definitions folder, its zone."""

    catalog: Node
    folder: Path | None = None
    time_zone: str = "UTC"
    _read: dict[tuple[str, int], tuple[Catalog, Definitions | None]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def project(
        self, overlay: Node | None, zone: str, week_starts: int
    ) -> tuple[Catalog, Definitions | None]:
        """Return the catalog and the project's definitions as a test sees them.

        Without an overlay they are the same for all tests of one zone, and read once.
        """
        if overlay is not None:
            return self._project(overlay_catalog(self.catalog, overlay), zone, week_starts)
        if (zone, week_starts) not in self._read:
            self._read[zone, week_starts] = self._project(self.catalog, zone, week_starts)
        return self._read[zone, week_starts]

    def _project(self, node: Node, zone: str, week_starts: int) -> tuple[Catalog, Definitions | None]:
        catalog = read_catalog(node)
        if self.folder is None:
            return catalog, None
        return catalog, load_definitions(self.folder, catalog, time_zone=zone, week_starts=week_starts)


@dataclass(frozen=True, slots=True)
class Trial:
    """``definitions`` are the test's own, the project's, and the built-in ones that nobody writes."""

    test: SegmentTest
    node: Mapping
    clock: Clock
    definitions: Definitions

    @property
    def errors(self) -> list[ExpectedError]:
        """The findings it expects."""
        expected = self.test.expect_error
        return expected if isinstance(expected, list) else [expected]

    def frames(self) -> dict[str, pl.LazyFrame]:
        """Return the rows given; raise `DefinitionError` for those that do not fit the catalog."""
        return Given(self.definitions.catalog, self.clock).frames(self.node.get("given"))

    def findings(self) -> list[Diagnostic]:
        """Return what is wrong with the test itself, whatever its rows lead to."""
        known = {*self.definitions.segments, *self.definitions.broken}
        expected = {error.segment for error in self.errors}
        found = [
            finding
            for finding in self.definitions.diagnostics
            if finding.at.file == self.node.at.file and finding.segment not in expected
        ]
        if not self.test.expect and not self.errors:
            hint = "write `expect` or `expect_error`"
            found.append(Diagnostic("expects-nothing", "the test expects nothing", self.node.at, hint))
        for name in self.test.expect:
            if name not in known:
                at = locate(self.node, ("expect", name))
                message = f"unknown segment `{name}`"
                found.append(Diagnostic("unknown-segment", message, at, did_you_mean(name, known)))
        try:
            self.frames()
        except DefinitionError as error:
            found += error.diagnostics
        return found


def read_trial(node: Node, bench: Bench) -> Trial:
    """Return one test document as read; raise `DefinitionError` where it cannot be.

    A definition that cannot be read is no reason: it may be what the test is about.
    """
    test = read_model(SegmentTest, node, "test-shape")
    mapping = cast("Mapping", node)
    zone = test.time_zone or test.workspace.time_zone or bench.time_zone
    clock = Clock(_instant(test.as_of, zone, mapping), zone, WEEKDAYS.index(test.workspace.week_starts))
    catalog, others = bench.project(mapping.get("catalog"), zone, clock.week_starts)
    local = mapping.get("segments")
    nodes = {name.text: value for name, value in local.entries} if isinstance(local, Mapping) else {}
    read = read_local(nodes, Setting(catalog, zone, bench.folder), clock.week_starts, others)
    everyone = {
        name: Segment(name, name, "dynamic", kind, zone, "", node.at, where=Everyone())
        for kind in catalog.objects
        if (name := f"all_{kind}s") not in read.broken
    }
    return Trial(test, mapping, clock, replace(read, segments={**read.segments, **everyone}))


def _instant(text: str, zone: str, node: Mapping) -> int:
    at = locate(node, ("as_of",))
    try:
        moment = read_moment(text)
    except ValueError as error:
        raise DefinitionError([Diagnostic("test-as-of", f"`as_of`: {error}", at)]) from error
    if isinstance(moment, RelativeInstant) or (isinstance(moment, Day) and moment.date is None):
        message = f"`as_of: {text}` depends on the day the test runs"
        hint = "write an instant, such as 2026-06-30T00:00:00Z"
        raise DefinitionError([Diagnostic("test-as-of", message, at, hint)])
    return Clock(0, zone).extent(moment)[0]
