"""`contact_suppression_matches`: which contacts the entries of suppression lists name.

An entry with a contact or an address names that one alone; one with neither names every address of
exactly its domain. A contact is named by its own key and address and by those that were merged into it.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from segmentation_pipeline.catalog.contracts import OBJECT_INDEX
from segmentation_pipeline.catalog.scores import CONTACT
from segmentation_pipeline.errors import LakeError
from segmentation_pipeline.features.contacts import MERGED, PRIMARY, contacts_merged, merges_digest
from segmentation_pipeline.features.state import FeatureState, digest, pinned

if TYPE_CHECKING:
    from segmentation_pipeline.catalog.model import Catalog, ObjectType
    from segmentation_pipeline.lake.reading import Snapshot

MATCHES, ENTRIES = "suppression_match", "suppression"
"""The derived object, and the one whose rows are the entries."""
FORMAT = 1
KINDS = ("contact", "email", "domain")
"""How an entry can name a contact; the first that does is said."""
KEY = "match_id"
_NEEDED = ("contact_id", "email", "domain")
_TAKEN = ("suppression_type", "reason", "suppressed_at", "expires_at")
_EMAIL = "email"


def matches_table(catalog: Catalog) -> str | None:
    """Return the name of the table, where the catalog declares it."""
    kind = catalog.objects.get(MATCHES)
    return kind.table if kind is not None and kind.derived and ENTRIES in catalog.objects else None


def matches_inputs(catalog: Catalog) -> list[str]:
    """Return every table that it is computed from."""
    if matches_table(catalog) is None:
        return []
    contact = catalog.objects[CONTACT]
    merges = [contact.merges] if contact.merges is not None else []
    return [contact.table, catalog.objects[ENTRIES].table, *merges]


def matching_made(catalog: Catalog) -> str:
    """Return a hash of what the matches depend on beside data."""
    return digest(FORMAT, catalog.objects[MATCHES].fields, catalog.objects[ENTRIES].fields)


@dataclass(frozen=True, slots=True)
class Matching:
    """One computation from pinned tables."""

    catalog: Catalog
    tables: Snapshot
    merged: pl.DataFrame

    @classmethod
    def of(cls, catalog: Catalog, tables: Snapshot) -> Matching:
        return cls(catalog, tables, contacts_merged(catalog, tables))

    @property
    def kind(self) -> ObjectType:
        return self.catalog.objects[MATCHES]

    def state(self) -> FeatureState:
        """Return what the commit will say."""
        inputs = pinned(self.tables, matches_inputs(self.catalog))
        return FeatureState(inputs, matching_made(self.catalog), merges_digest(self.merged))

    def rows(self, before: pl.DataFrame, start: int) -> pl.DataFrame:
        """Return the matches in order of their key; those of ``before`` keep their index.

        ``before`` has `KEY` and ``object_index``; new matches are numbered from ``start``.
        """
        found = self.matches()
        pairs = found.select(pl.col("contact_id").cast(pl.String), "suppression_id").iter_rows()
        found = found.with_columns(pl.Series(KEY, [match_key(*pair) for pair in pairs], dtype=pl.String))
        found = found.sort(KEY).join(before, on=KEY, how="left", maintain_order="left")
        new = pl.col(OBJECT_INDEX).is_null()
        number = pl.when(new).then(start + new.cum_sum().cast(pl.Int64) - 1).otherwise(pl.col(OBJECT_INDEX))
        return found.with_columns(number.alias(OBJECT_INDEX)).select(*self.kind.fields, OBJECT_INDEX)

    def matches(self) -> pl.DataFrame:
        """Return ``contact_id``, ``suppression_id``, ``matched_by`` and what the entries say, unnumbered."""
        entries, contact = self.catalog.objects[ENTRIES], self.catalog.objects[CONTACT]
        listed = _entries(entries, self.tables)
        there = self.tables.schema(contact.table)
        if there.get(_EMAIL, pl.String()) != pl.String or contact.key not in there:
            raise LakeError(f"table `{contact.table}` is not as declared", where=contact.table)
        address = (
            pl.col(_EMAIL).str.normalize("NFC").str.to_lowercase()
            if _EMAIL in there
            else pl.lit(None, pl.String)
        )
        people = self.tables.scan(contact.table).select(
            _folded(contact.key).alias("named"),
            pl.col(contact.key).alias("contact_id"),
            address.alias("address"),
        )
        people = people.with_columns(pl.col("address").str.extract(r"@([^@]*)$").alias("at"))
        sought = (("named", "contact_id"), ("address", "email"), ("at", "domain"))
        parts = []
        for order, (theirs, ours) in enumerate(sought):
            wanted = listed.filter(pl.col(f"{ours}:").is_not_null())
            named = people.join(wanted.lazy(), left_on=theirs, right_on=f"{ours}:", how="inner")
            parts.append(
                named.select(
                    pl.col("named"),
                    "suppression_id",
                    pl.lit(KINDS[order]).alias("matched_by"),
                    pl.lit(order).alias("order"),
                    *_TAKEN,
                )
            )
        hits = self._primaries(pl.concat(parts).collect(engine="streaming"), contact)
        return hits.sort("order").unique(["contact_id", "suppression_id"], keep="first", maintain_order=True)

    def _primaries(self, hits: pl.DataFrame, contact: ObjectType) -> pl.DataFrame:
        """Give the matches of merged contacts to those that they count as."""
        merged = self.merged.cast({MERGED: pl.String, PRIMARY: pl.String})
        hits = hits.join(merged, left_on="named", right_on=MERGED, how="left")
        hits = hits.with_columns(pl.coalesce(PRIMARY, "named").alias("named"))
        keys = self.tables.scan(contact.table).select(
            pl.col(contact.key).alias("contact_id"), _folded(contact.key).alias("named")
        )
        return hits.join(keys.join(hits.lazy().select("named"), on="named", how="semi").collect(), on="named")


def _entries(kind: ObjectType, tables: Snapshot) -> pl.DataFrame:
    """Return the entries, and in ``contact_id:``, ``email:`` and ``domain:`` what each is looked up by."""
    there = tables.schema(kind.table)
    missing = [
        pl.lit(None, pl.String).alias(name)
        for name in (*_NEEDED, *_TAKEN)
        if name not in there and name not in ("suppressed_at", "expires_at")
    ]
    times = [
        pl.lit(None, pl.Datetime("us", "UTC")).alias(name)
        for name in ("suppressed_at", "expires_at")
        if name not in there
    ]
    rows = tables.scan(kind.table).with_columns(*missing, *times)
    address = pl.col("email").str.normalize("NFC").str.strip_chars().str.to_lowercase()
    domain = pl.col("domain").str.normalize("NFC").str.strip_chars().str.to_lowercase().str.strip_prefix("@")
    alone = pl.col("contact_id").is_null() & pl.col("email").is_null()
    return rows.select(
        pl.col(kind.key).alias("suppression_id"),
        *_TAKEN,
        _folded("contact_id").alias("contact_id:"),
        address.alias("email:"),
        pl.when(alone).then(domain).alias("domain:"),
    ).collect()


def _folded(column: str) -> pl.Expr:
    return pl.col(column).cast(pl.String).str.normalize("NFC")


def match_key(contact: str, entry: str) -> str:
    """Return the key of a match: the same whenever the same entry names the same contact."""
    return hashlib.sha256(f"{len(contact)} {contact} {entry}".encode()).hexdigest()[:32]
