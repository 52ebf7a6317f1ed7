"""Who must not be contacted when: by suppression lists, by preference, and by membership.

Lists and preferences are told in spans of days: a contact is kept from some contenders from one day to
another. What holds at the last instant of a day holds on that day.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from segmentation_pipeline.analytics.days import local_day
from segmentation_pipeline.assignment.history import EMAIL, contact_numbers, seen_key
from segmentation_pipeline.assignment.people import positions_of
from segmentation_pipeline.catalog.contracts import OBJECT_INDEX
from segmentation_pipeline.catalog.scores import CONTACT
from segmentation_pipeline.features.suppressions import Matching, matches_inputs, matches_table
from segmentation_pipeline.features.tables import telling

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from numpy.typing import NDArray

    from segmentation_pipeline.assignment.contenders import Contender, Ranking
    from segmentation_pipeline.assignment.policy import Policy
    from segmentation_pipeline.catalog.model import Catalog
    from segmentation_pipeline.lake.reading import Snapshot

PREFERENCE = "email_preference"
"""The object whose rows say which kind of mail a contact wants."""
DATED, CURRENT = "history", "current"
"""How days before today are told: from dates of the rows, or as today."""
_ALWAYS, _FOREVER = -(1 << 30), 1 << 30
_FIRST, _LAST = "first", "last"
_NEEDED = ("contact_id", "preference_type", "is_enabled")
_EPOCH = dt.date(1970, 1, 1).toordinal()


@dataclass(frozen=True, slots=True, eq=False)
class Span:
    """Contacts, by position, kept from the contenders of ``mask`` from ``first`` to ``last``.

    Days are ordinals, both included; one place of the three arrays is one span, and a contact may have
    several.
    """

    mask: NDArray[np.uint64]
    positions: NDArray[np.int64]
    first: NDArray[np.int32]
    last: NDArray[np.int32]

    def on(self, day: dt.date) -> NDArray[np.int64]:
        """Return the positions that are kept back on a day."""
        return self.positions[(self.first <= day.toordinal()) & (day.toordinal() <= self.last)]

    def within(self, start: int, stop: int) -> Span:
        mine = (start <= self.positions) & (self.positions < stop)
        return Span(self.mask, self.positions[mine] - start, self.first[mine], self.last[mine])


@dataclass(frozen=True, slots=True, eq=False)
class Suppressions:
    """What lists and preferences keep so many ``contacts`` from, in masks of ``words`` words.

    ``basis`` says, by table, how the past is told: `DATED` or `CURRENT`.
    """

    words: int
    contacts: int
    spans: tuple[Span, ...] = ()
    basis: Mapping[str, str] = field(default_factory=dict)

    def on(self, day: dt.date) -> NDArray[np.uint64]:
        """Return, of shape (words, contacts), from which contenders each contact is kept that day."""
        found = np.zeros((self.words, self.contacts), dtype=np.uint64)
        for span in self.spans:
            keep_back(found, span.mask, span.on(day))
        return found

    def part(self, start: int, stop: int) -> Suppressions:
        """Return those of the contacts at positions from ``start`` to before ``stop``."""
        spans = tuple(span.within(start, stop) for span in self.spans)
        return Suppressions(self.words, stop - start, spans, self.basis)


def keep_back(found: NDArray[np.uint64], mask: NDArray[np.uint64], who: NDArray[np.generic]) -> None:
    """Keep contacts, by position or as a mask of booleans, from the contenders of ``mask``, in place."""
    for word, bits in enumerate(mask):
        if bits:
            # The same bits for all: a position that comes twice is set twice to one value.
            found[word, who] |= bits


def suppressing(policy: Policy, ranking: Ranking, of_type: Collection[str]) -> dict[str, NDArray[np.uint64]]:
    """Return, by segment, the contenders that its members are kept from, shape (words,).

    Members of segments ``of_type`` suppression are kept from all, those of segments that the policy
    names from all or from those of some channels.
    """
    found = {name: ranking.mask(lambda _: True) for name in sorted(of_type)}
    for name, channels in sorted(policy.suppressing.items()):
        mask = ranking.mask(partial(_is_through, channels))
        found[name] = found[name] | mask if name in found else mask
    return found


def suppression_inputs(catalog: Catalog) -> list[str]:
    """Return every table that lists and preferences are read from."""
    kind = catalog.objects[CONTACT]
    merges = [kind.merges] if kind.merges is not None else []
    preferences = _preferences_table(catalog)
    own = [] if preferences is None else [preferences]
    return list(dict.fromkeys([kind.table, *merges, *matches_inputs(catalog), *own]))


def suppressed_on(
    tables: Snapshot, catalog: Catalog, ranking: Ranking, contacts: NDArray[np.int64], zone: str
) -> Suppressions:
    """Return what lists and preferences say of ``contacts``, sorted numbers, in days of ``zone``.

    ``tables`` are `suppression_inputs`, pinned. Raises `LakeError` for one that cannot be read: who must
    not be contacted is then not known.
    """
    spans: list[Span] = []
    basis: dict[str, str] = {}
    entries, preferences = matches_table(catalog), _preferences_table(catalog)
    with telling(CONTACT, suppression_inputs(catalog)):
        if entries is not None and set(matches_inputs(catalog)[:2]) <= set(tables.tables):
            spans += _listed(tables, catalog, ranking, contacts, zone)
            basis[matches_inputs(catalog)[1]] = DATED
        if preferences is not None and preferences in tables:
            found, basis[preferences] = _switched_off(tables, catalog, ranking, contacts, zone)
            spans += found
    return Suppressions(ranking.words, contacts.size, tuple(spans), basis)


def _listed(
    tables: Snapshot, catalog: Catalog, ranking: Ranking, contacts: NDArray[np.int64], zone: str
) -> list[Span]:
    """Return the spans of the lists: an entry of a contact closes every channel, of an address e-mail."""
    matches = Matching.of(catalog, tables).matches()
    numbers = contact_numbers(tables, catalog.objects[CONTACT]).select("key", OBJECT_INDEX)
    key = seen_key(catalog.objects[CONTACT], "contact_id").alias("key")
    # What ends within a day does not hold at its last instant.
    rows = matches.select(
        key,
        "matched_by",
        _ordinal(local_day("suppressed_at", zone)).fill_null(_ALWAYS).alias(_FIRST),
        (_ordinal(local_day("expires_at", zone)) - 1).fill_null(_FOREVER).alias(_LAST),
    ).join(numbers, on="key", how="inner")
    by_contact = pl.col("matched_by") == "contact"
    every, mail = ranking.mask(lambda _: True), ranking.mask(lambda one: one.delivery.channel == EMAIL)
    return [
        _span(every, rows.filter(by_contact), contacts),
        _span(mail, rows.filter(~by_contact), contacts),
    ]


def _switched_off(
    tables: Snapshot, catalog: Catalog, ranking: Ranking, contacts: NDArray[np.int64], zone: str
) -> tuple[list[Span], str]:
    """Return the spans of preferences, from the day each was switched off, and how the past is told.

    Of a merged contact and its primary each may switch off for both.
    """
    kind = catalog.objects[PREFERENCE]
    numbers = contact_numbers(tables, catalog.objects[CONTACT]).select("key", OBJECT_INDEX)
    rows = tables.scan(kind.table)
    dated = "updated_at" in rows.collect_schema()
    since = _ordinal(local_day("updated_at", zone)) if dated else pl.lit(None, dtype=pl.Int32)
    off = (
        rows.filter(~pl.col("is_enabled"))
        .select(
            seen_key(catalog.objects[CONTACT], "contact_id").alias("key"),
            _folded(pl.col("preference_type")).alias("kind"),
            since.alias(_FIRST),
        )
        .collect()
        .join(numbers, on="key", how="inner")
    )
    basis = CURRENT if off[_FIRST].null_count() else DATED
    off = off.with_columns(pl.col(_FIRST).fill_null(_ALWAYS), pl.lit(_FOREVER, dtype=pl.Int32).alias(_LAST))
    wanted = {name: ranking.mask(partial(_is_mail, name)) for name in map(_preference, ranking.contenders)}
    spans = [
        _span(mask, off.filter(pl.col("kind") == name), contacts) for name, mask in sorted(wanted.items())
    ]
    return spans, basis


def _span(mask: NDArray[np.uint64], rows: pl.DataFrame, contacts: NDArray[np.int64]) -> Span:
    """Return the span of rows about some of the contacts; those about others are left out."""
    places, mine = positions_of(contacts, rows[OBJECT_INDEX].to_numpy())
    first, last = (rows[name].to_numpy().astype(np.int32) for name in (_FIRST, _LAST))
    return Span(mask, places, first[mine], last[mine])


def _preferences_table(catalog: Catalog) -> str | None:
    """Return the table of preferences, where the catalog declares one of that form."""
    kind = catalog.objects.get(PREFERENCE)
    return None if kind is None or not set(_NEEDED) <= set(kind.fields) else kind.table


def _is_through(channels: frozenset[str] | None, contender: Contender) -> bool:
    return channels is None or contender.delivery.channel in channels


def _is_mail(preference: str, contender: Contender) -> bool:
    return contender.delivery.channel == EMAIL and _preference(contender) == preference


def _preference(contender: Contender) -> str:
    return contender.delivery.preference.strip().lower()


def _ordinal(day: pl.Expr) -> pl.Expr:
    return day.to_physical() + _EPOCH


def _folded(text: pl.Expr) -> pl.Expr:
    return text.str.strip_chars().str.to_lowercase()
