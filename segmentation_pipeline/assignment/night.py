"""What a decision reads, pinned: policy, contenders, members, lists, history; and a hash of it all."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from segmentation_pipeline.assignment.contenders import BITS, CONTACT, Ranking
from segmentation_pipeline.assignment.entries import read_entries
from segmentation_pipeline.assignment.history import contact_numbers, history_inputs
from segmentation_pipeline.assignment.people import People, positions_of
from segmentation_pipeline.assignment.suppressed import (
    keep_back,
    suppressed_on,
    suppressing,
    suppression_inputs,
)
from segmentation_pipeline.assignment.tables import ASSIGNMENTS
from segmentation_pipeline.errors import RunFailed
from segmentation_pipeline.features.tables import telling
from segmentation_pipeline.segments.published import read_published
from segmentation_pipeline.segments.tables import MEMBERSHIPS, TRANSITIONS

if TYPE_CHECKING:
    import datetime as dt
    from pathlib import Path

    from numpy.typing import NDArray

    from segmentation_pipeline.assignment.bits import Mask
    from segmentation_pipeline.assignment.policy import Policy
    from segmentation_pipeline.catalog.model import Catalog
    from segmentation_pipeline.lake.reading import Snapshot
    from segmentation_pipeline.lake.store import DeltaStore
    from segmentation_pipeline.rules.segment import Definitions
    from segmentation_pipeline.segments.published import Published
    from segmentation_pipeline.segments.record import RunRecord

_SUPPRESSES = re.compile(r"^type:\s*[\"']?suppression\b", re.MULTILINE)
"""What the file of a segment that suppresses says, however broken the rest of it."""
FORMAT = 1
"""What a decision of the same inputs depends on beside them: this program's own rules."""


@dataclass(frozen=True)
class Night:
    """Everything that decides one day: the same night gives the same decisions.

    ``suppressing`` is, by segment, from which contenders its members are kept.
    """

    definitions: Definitions
    policy: Policy
    day: dt.date
    zone: str
    ranking: Ranking
    suppressing: dict[str, NDArray[np.uint64]]
    published: Published
    tables: Snapshot

    @property
    def catalog(self) -> Catalog:
        return self.definitions.catalog

    @property
    def record(self) -> RunRecord:
        assert self.published.record is not None, "a night begins with what a run published"
        return self.published.record

    @property
    def doubts(self) -> dict[str, str]:
        """How segments that take part stand which the last run could not evaluate, by id."""
        states = self.record.segments
        named = sorted({*self.ranking.ids, *self.suppressing})
        return {
            name: f"{states[name].status}: {states[name].cause or 'members as of an earlier run'}"
            for name in named
            if name in states and states[name].status not in ("fresh", "inactive")
        }

    @cached_property
    def people(self) -> People:
        with telling(CONTACT, self.tables.tables):
            return People.of(contact_numbers(self.tables, self.catalog.objects[CONTACT]))

    @property
    def evaluated(self) -> list[str]:
        """The contenders that a run evaluated, for contacts, in rank order."""
        states = self.record.segments
        return [name for name in self.ranking.ids if name in states and states[name].object == CONTACT]

    @cached_property
    def contacts(self) -> NDArray[np.int64]:
        """The sorted numbers of everybody who is a member of a contender."""
        return self.people.among(map(self.members, self.evaluated))

    def members(self, segment: str) -> NDArray[np.int64]:
        """Return the members of a segment as published, by number; a merged contact counts as its primary."""
        with telling(MEMBERSHIPS.name, [MEMBERSHIPS.name]):
            return self.people.counted(self.published.memberships.indexes(segment).to_numpy())[0]

    def member_mask(self) -> Mask:
        """Return the memberships of contenders, shape (words, contacts)."""
        found: Mask = np.zeros((self.ranking.words, self.contacts.size), dtype=np.uint64)
        for name in self.evaluated:
            word, place = divmod(self.ranking.rank_of(name), BITS)
            found[word, positions_of(self.contacts, self.members(name))[0]] |= np.uint64(1 << place)
        return found

    def suppressed_mask(self) -> Mask:
        """Return from which contenders contacts are kept: by lists, preferences and memberships."""
        kept = suppressed_on(self.tables, self.catalog, self.ranking, self.contacts, self.zone)
        found: Mask = kept.on(self.day)
        for name, mask in self.suppressing.items():
            keep_back(found, mask, positions_of(self.contacts, self.members(name))[0])
        return found

    def entered(self) -> dict[int, tuple[NDArray[np.int64], NDArray[np.datetime64]]]:
        """Return, by rank, positions and the days on which their spells began, where that matters."""
        wanted = [name for name in self.evaluated if self._has_spells(name)]
        entries = read_entries(self.tables, self.published.memberships, self.people, wanted, self.zone)
        found = {}
        for name in wanted:
            numbers, days = entries.begun(name)
            found[self.ranking.rank_of(name)] = positions_of(self.contacts, numbers)[0], days
        return found

    def definitions_hash(self) -> str:
        """Return a hash of what the segments say of delivery, and of those that suppress."""
        said = {
            "contenders": {
                one.segment_id: one.delivery.model_dump(mode="json") for one in self.ranking.contenders
            },
            "suppressing": {name: mask.tolist() for name, mask in self.suppressing.items()},
            "week_starts": self.definitions.week_starts,
        }
        return _hash(said)

    def inputs_hash(self, before: str) -> str:
        """Return a hash of everything that decides; ``before`` is one of the days decided before."""
        own = (ASSIGNMENTS.name, MEMBERSHIPS.name, TRANSITIONS.name)
        tables = {
            name: [self.tables.identity(name), version]
            for name, version in self.tables.versions.items()
            if name not in own
        }
        return _hash(
            [
                FORMAT,
                str(self.day),
                self.zone,
                self.policy.hash,
                self.definitions_hash(),
                self._moved(),
                tables,
                before,
            ]
        )

    def _moved(self) -> dict[str, int]:
        """Return the run that last changed the members of each segment that takes part."""
        states = self.record.segments
        return {name: states[name].moved for name in (*self.ranking.ids, *self.suppressing) if name in states}

    def _has_spells(self, name: str) -> bool:
        delivery = self.ranking.contenders[self.ranking.rank_of(name)].delivery
        return delivery.repeat == "once_per_entry" or delivery.expires_after_days is not None


def open_night(
    store: DeltaStore,
    definitions: Definitions,
    policy: Policy,
    *,
    day: dt.date,
    zone: str,
    segments_folder: Path,
) -> Night:
    """Pin what a decision of ``day`` reads; needs the lake's lock.

    Raises `RunFailed` where nothing was published, or nobody can tell who is in a segment that suppresses.
    """
    if CONTACT not in definitions.catalog.objects:
        raise RunFailed(f"the catalog has no object `{CONTACT}`: there is nobody to contact")
    published = read_published(store)
    if published.record is None:
        raise RunFailed("nothing has been published yet", where=store.root.text, hint="segmentation run")
    states = published.record.segments
    ranking = Ranking.of(definitions)
    # As the last run knew them: a definition that cannot be read by now goes on suppressing.
    kinds = {
        name for name, state in states.items() if state.type == "suppression" and state.object == CONTACT
    }
    kinds |= {
        name
        for name, segment in definitions.segments.items()
        if segment.type == "suppression" and segment.object == CONTACT and segment.active
    }
    kinds |= {
        path.stem
        for path in segments_folder.rglob("*.yaml")
        if path.stem in definitions.broken
        and path.stem not in kinds
        and (path.stem not in states or states[path.stem].evaluated_at is None)
        and _SUPPRESSES.search(path.read_text(encoding="utf-8", errors="replace"))
    }
    found = suppressing(policy, ranking, kinds)
    for name in found:
        if name not in states or (states[name].evaluated_at is None and states[name].status != "inactive"):
            raise RunFailed(
                f"segment `{name}` suppresses, and nobody can tell whom: no run has evaluated it",
                hint="segmentation run",
            )
        if states[name].object != CONTACT:
            raise RunFailed(f"segment `{name}` suppresses, and has no contacts as members", where=policy.id)
    catalog = definitions.catalog
    names = [TRANSITIONS.name, MEMBERSHIPS.name, *history_inputs(catalog), *suppression_inputs(catalog)]
    tables = store.snapshot(dict.fromkeys(names))
    return Night(definitions, policy, day, zone, ranking, found, published, tables)


def _hash(said: object) -> str:
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()
