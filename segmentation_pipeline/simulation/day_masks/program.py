"""What is computed of every block of objects: leaves as masks of days, then segments over them."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from segmentation_pipeline.evaluation.evaluate import Failure
from segmentation_pipeline.evaluation.members import active_pins, look_up
from segmentation_pipeline.evaluation.plan import Leaf, distinct_leaves
from segmentation_pipeline.evaluation.requirements import missing
from segmentation_pipeline.evaluation.stages import embedded_here
from segmentation_pipeline.rules.english import describe
from segmentation_pipeline.rules.graph import embeds, leaves
from segmentation_pipeline.simulation.day_masks.algebra import Masks, combined
from segmentation_pipeline.simulation.day_masks.chains import Chains, compile_chains
from segmentation_pipeline.simulation.day_masks.event_leaves import EventLeaves, compile_event_leaves
from segmentation_pipeline.simulation.day_masks.own_rows import OwnRows, compile_own_rows
from segmentation_pipeline.simulation.day_masks.swept import Swept, sweep

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from segmentation_pipeline.evaluation.members import Lookup
    from segmentation_pipeline.evaluation.positions import Bucket
    from segmentation_pipeline.evaluation.to_polars import LeafNode
    from segmentation_pipeline.rules.segment import Definitions, Segment
    from segmentation_pipeline.simulation.day_masks.bits import Array, Words
    from segmentation_pipeline.simulation.day_masks.past import Past


@dataclass(frozen=True, slots=True)
class Program:
    """The segments of one object in dependency order, and how each of their leaves is computed."""

    definitions: Definitions
    past: Past
    kind: str
    segments: tuple[Segment, ...]
    own_rows: OwnRows
    event_leaves: EventLeaves
    chains: Chains
    swept: Swept
    lookup: Lookup
    failed: Mapping[str, Failure] = field(default_factory=dict)
    late: dict[tuple[Leaf, ...], Swept] = field(default_factory=dict)

    @property
    def by_day(self) -> tuple[str, ...]:
        """The leaves that were evaluated day by day, in English."""
        return tuple(
            sorted(
                {
                    " ".join(describe(leaf.node).split())
                    for swept in (self.swept, *self.late.values())
                    for leaf in swept.daily
                }
            )
        )

    def masks(self, bucket: Bucket, wanted: Iterable[str]) -> dict[str, Words]:
        """Return the masks of segments at the objects of a block, shape (words, objects)."""
        here, exists = self.past.exists(self.kind, bucket)
        by_zone: dict[str, dict[LeafNode, Words | Array]] = {}
        unfit: list[Leaf] = []
        for leaf, words in itertools.chain(
            self.own_rows.masks(bucket),
            self.event_leaves.masks(bucket),
            self.chains.masks(bucket),
            self.swept.masks(bucket),
        ):
            if words is None:
                unfit.append(leaf)
                continue
            by_zone.setdefault(leaf.zone, {})[leaf.node] = words if here.all() else words[..., here]
        for leaf, words in self._unfit(unfit).masks(bucket) if unfit else ():
            by_zone.setdefault(leaf.zone, {})[leaf.node] = words[:, here]
        positions = np.flatnonzero(here) + bucket.start
        segments: dict[str, Words] = {}
        for segment in self.segments:
            masks = Masks(by_zone.get(segment.time_zone, {}), segments, exists)
            segments[segment.id] = self._members(segment, masks, positions)
        return {name: segments[name] for name in wanted}

    def _unfit(self, leaves: list[Leaf]) -> Swept:
        """Return leaves whose numbers are too great in some block, evaluated day by day there."""
        asked = tuple(leaves)
        if asked not in self.late:
            self.late[asked] = sweep(self.definitions, self.past, self.kind, asked)
        return self.late[asked]

    def _members(self, segment: Segment, masks: Masks, positions: Array) -> Words:
        """Pins win over ``exclude``, which wins over ``where``."""
        if segment.where is not None:
            member = combined(segment.where, masks) & masks.exists
        else:
            listed = self.lookup.ids(segment.members or ())
            member = np.where(np.isin(positions, listed.to_numpy()), masks.exists, np.uint64(0))
        if segment.exclude is not None:
            member &= ~combined(segment.exclude, masks)
        for put in ("in", "out"):
            for key, forced in self._pinned(segment, put):
                where = np.isin(positions, self.lookup.ids([key]).to_numpy())
                if put == "in":
                    member[:, where] |= masks.exists[:, where] & forced
                else:
                    member[:, where] &= ~forced
        return member

    def _pinned(self, segment: Segment, put: str) -> list[tuple[str, Words]]:
        """Return the keys that pins force, with the days on which they do."""
        days = self.past.days
        found = []
        for pin in segment.pins:
            if pin.put == put:
                active = [pin in active_pins(segment, clock) for clock in days.clocks(segment.time_zone)]
                # A pin ends once: it is active on the first days, or on all of them.
                found.append((pin.key, days.until[:, [sum(active)]]))
        return found


def compile_program(definitions: Definitions, past: Past, kind: str, names: Iterable[str]) -> Program:
    """Return how to compute segments of an object of ``kind``, with all that they embed."""
    wanted = _with_embedded(definitions, names)
    chosen = {name: one for name, one in definitions.segments.items() if name in wanted}
    failed = _failures(definitions, past, chosen)
    sound = [segment for name, segment in chosen.items() if name not in failed]
    every = distinct_leaves(sound)
    own_rows = compile_own_rows(past, kind, every)
    event_leaves = compile_event_leaves(past, every)
    chains = compile_chains(past, every)
    native = (own_rows, event_leaves, chains)
    rest = [leaf for leaf in every if not any(leaf in computed for computed in native)]
    swept = sweep(definitions, past, kind, rest)
    for name, segment in chosen.items():
        causes = (swept.failed.get(Leaf(node, segment.time_zone)) for node in leaves(segment))
        cause = next((cause for cause in causes if cause is not None), None)
        if name not in failed and cause is not None:
            failed[name] = Failure(cause, (name,))
    _spread(chosen, failed)
    sound = [segment for name, segment in chosen.items() if name not in failed]
    object_type, index = definitions.catalog.objects[kind], past.index
    lookup = look_up(sound, object_type, index.profiles[kind], index.merged.get(kind))
    return Program(definitions, past, kind, tuple(sound), *native, swept, lookup, failed)


def _with_embedded(definitions: Definitions, names: Iterable[str]) -> set[str]:
    found: set[str] = set()
    border = set(names)
    while border:
        name = border.pop()
        if name not in found and name in definitions.segments:
            found.add(name)
            border |= embedded_here(definitions.segments[name])
    return found


def _failures(definitions: Definitions, past: Past, chosen: Mapping[str, Segment]) -> dict[str, Failure]:
    failed: dict[str, Failure] = {}
    for name, segment in chosen.items():
        cause = missing(segment, definitions.catalog, past.index)
        if not segment.active:
            cause = f"segment `{name}` is not active"
        if cause is not None:
            failed[name] = Failure(cause, (name,))
    _spread(chosen, failed)
    return failed


def _spread(chosen: Mapping[str, Segment], failed: dict[str, Failure]) -> None:
    """Fail every segment that embeds a failed one; ``chosen`` stands in dependency order."""
    for name, segment in chosen.items():
        bad = next((embedded for embedded in embeds(segment) if embedded in failed), None)
        if name not in failed and bad is not None:
            failed[name] = Failure(failed[bad].cause, (name, *failed[bad].path))
