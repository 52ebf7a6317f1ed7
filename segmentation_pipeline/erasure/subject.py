"""Whom an erasure is about: every key and address under which the lake knows one object."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

import polars as pl

from segmentation_pipeline.catalog.contracts import polars_type
from segmentation_pipeline.catalog.types import Text
from segmentation_pipeline.errors import UsageError
from segmentation_pipeline.ingest.identity import made_key
from segmentation_pipeline.ingest.merges import redirects

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from segmentation_pipeline.catalog.model import Catalog, ObjectType
    from segmentation_pipeline.lake.store import DeltaStore

_LEAST = 4
"""A shorter text is no trace of anybody."""


@dataclass(frozen=True, slots=True)
class Subject:
    """``keys`` of the object and of those merged into it; ``addresses`` are its e-mails, lower-case.

    ``traces`` are other personal values that nobody else has. ``indexes`` are the numbers of the
    objects, by kind, that are deleted with it, itself among them.
    """

    object: str
    keys: tuple[str, ...]
    addresses: tuple[str, ...] = ()
    traces: tuple[str, ...] = ()
    indexes: Mapping[str, tuple[int, ...]] = field(default_factory=dict)

    @property
    def names(self) -> tuple[str, ...]:
        """What a later request or import may call it."""
        return tuple(dict.fromkeys((*self.keys, *self.addresses)))

    def text(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def of(cls, text: str) -> Subject:
        said = json.loads(text)
        indexes = {name: tuple(numbers) for name, numbers in said["indexes"].items()}
        keys, addresses, traces = (tuple(said[name]) for name in ("keys", "addresses", "traces"))
        return cls(said["object"], keys, addresses, traces, indexes)


def forgettable(catalog: Catalog, asked: str | None) -> ObjectType:
    """Return the kind of object that is to be forgotten: the one asked for, else `contact`, else the first.

    Raises `UsageError` for an unknown one.
    """
    name = asked or ("contact" if "contact" in catalog.objects else next(iter(catalog.objects)))
    if name not in catalog.objects:
        raise UsageError(f"there is no object `{name}`", allowed=list(catalog.objects))
    return catalog.objects[name]


def find_subject(store: DeltaStore, catalog: Catalog, kind: ObjectType, asked: str) -> Subject:
    """Return what is known of a key or an e-mail, of merged objects all their keys; nothing is written.

    An unknown one is a subject too: rows may wait for it.
    """
    own = pl.col(kind.key).cast(pl.String)
    unique = [name for name, found in kind.fields.items() if found.stored and found.form == "email"]
    keys = {asked.strip()}
    addresses = {asked.strip().lower()} if "@" in asked else set()
    if store.exists(kind.table):
        there = [name for name in unique if name in store.schema(kind.table)]
        same = [pl.col(name).str.to_lowercase() == asked.strip().lower() for name in there]
        found = store.scan(kind.table).filter(pl.any_horizontal(own == asked.strip(), *same)).select(own)
        keys = set(found.collect().to_series()) or keys
    keys = _merged(store, catalog, kind, keys)
    rows = pl.DataFrame()
    if store.exists(kind.table):
        rows = store.scan(kind.table).filter(own.is_in(sorted(keys))).collect()
        addresses |= {text for name in there for text in _texts(rows, name)}
    addresses |= _former(store, catalog, kind, keys, unique)
    if isinstance(kind.fields[kind.key].type, Text) and addresses:
        # A file that knows only the address has the key made from it.
        keys |= set(made_key(pl.Series(sorted(addresses))))
    return Subject(kind.name, tuple(sorted(keys)), tuple(sorted(addresses)), _rare(store, kind, rows))


def _merged(store: DeltaStore, catalog: Catalog, kind: ObjectType, keys: set[str]) -> set[str]:
    """Return the keys with those of every object that is one with them."""
    if kind.merges is None or not store.exists(kind.merges) or not store.exists(kind.table):
        return keys
    pairs = redirects(store, catalog, kind.name).cast(pl.String)
    primaries = keys | set(pairs.filter(pl.col("merged").is_in(sorted(keys)))["primary"])
    return primaries | set(pairs.filter(pl.col("primary").is_in(sorted(primaries)))["merged"])


def _former(
    store: DeltaStore, catalog: Catalog, kind: ObjectType, keys: Iterable[str], fields: Iterable[str]
) -> set[str]:
    """Return addresses that the object once had, as its history knows."""
    if kind.history is None or not store.exists(table := catalog.events[kind.history].table):
        return set()
    history = catalog.events[kind.history]
    mine = pl.col(history.key).cast(pl.String).is_in(sorted(keys)) & pl.col("field_name").is_in(list(fields))
    rows = store.scan(table).filter(mine).select("old_value", "new_value").collect()
    return {text for name in rows.columns for text in _texts(rows, name)}


def _texts(rows: pl.DataFrame, column: str) -> set[str]:
    return set(rows.get_column(column).drop_nulls().str.strip_chars().str.to_lowercase())


def _rare(store: DeltaStore, kind: ObjectType, rows: pl.DataFrame) -> tuple[str, ...]:
    """Return personal texts of the rows that no other row of the table has."""
    if rows.is_empty():
        return ()
    others = store.scan(kind.table).join(rows.lazy().select(kind.key), on=kind.key, how="anti")
    found: set[str] = set()
    for name, column in kind.fields.items():
        if not (
            column.pii and column.stored and name in rows.columns and polars_type(column.type) == pl.String
        ):
            continue
        mine = {text for text in _texts(rows, name) if len(text) >= _LEAST}
        if mine:
            folded = pl.col(name).str.strip_chars().str.to_lowercase()
            shared = others.select(folded.unique()).filter(pl.col(name).is_in(sorted(mine))).collect()
            found |= mine - set(shared.to_series())
    return tuple(sorted(found))
