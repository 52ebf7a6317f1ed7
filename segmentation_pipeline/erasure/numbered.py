"""Rows that name an object by its number: of what was found, decided and simulated."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from segmentation_pipeline.catalog.contracts import OBJECT_INDEX
from segmentation_pipeline.catalog.scores import CONTACT
from segmentation_pipeline.lake.erasing import delete_rows
from segmentation_pipeline.lake.predicates import any_number, one_of

if TYPE_CHECKING:
    from segmentation_pipeline.erasure.subject import Subject
    from segmentation_pipeline.lake.commit import Commit
    from segmentation_pipeline.lake.store import DeltaStore
    from segmentation_pipeline.lake.tables import Table

_OBJECT, _KEY = "object", "contact_id"


def count_numbered(store: DeltaStore, table: Table, subject: Subject) -> int:
    """Return how many rows of a table name one of the subject's objects."""
    rows = store.scan(table.name).filter(_rows(table, subject))
    return int(rows.select(pl.len()).collect().item())


def delete_numbered(store: DeltaStore, table: Table, subject: Subject, commit: Commit) -> None:
    """Delete these rows; where there are none, nothing is committed."""
    if count_numbered(store, table, subject):
        delete_rows(store, table, _sql(table, subject), commit)


def _rows(table: Table, subject: Subject) -> pl.Expr:
    """Whether a row names one: by its kind and number, or, of a contact, by its key."""
    index = pl.col(OBJECT_INDEX)
    if _OBJECT in table.schema:
        same = [(pl.col(_OBJECT) == name) & index.is_in(list(of)) for name, of in subject.indexes.items()]
    else:
        same = [index.is_in(list(subject.indexes.get(CONTACT, ())))]
    if _has_key(table, subject):
        same.append(pl.col(_KEY).is_in(list(subject.keys)))
    return pl.any_horizontal(same).fill_null(value=False) if same else pl.lit(value=False)


def _sql(table: Table, subject: Subject) -> str:
    if _OBJECT in table.schema:
        same = [
            f"({one_of(_OBJECT, [name])} AND {any_number(OBJECT_INDEX, of)})"
            for name, of in subject.indexes.items()
        ]
    else:
        mine = subject.indexes.get(CONTACT, ())
        same = [any_number(OBJECT_INDEX, mine)] if mine else []
    if _has_key(table, subject):
        same.append(one_of(_KEY, list(subject.keys)))
    return " OR ".join(same)


def _has_key(table: Table, subject: Subject) -> bool:
    return _KEY in table.schema and subject.object == CONTACT
