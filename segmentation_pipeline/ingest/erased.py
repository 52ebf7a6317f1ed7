"""Who was erased and may not come back: known by salted hashes alone.

The salt is a file of the lake. Without it nobody can tell whether a hash is that of a given key.
"""

from __future__ import annotations

import json
import os
import re
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl
import polars_hash as plh

from segmentation_pipeline.catalog.merging import key_columns
from segmentation_pipeline.errors import LakeError
from segmentation_pipeline.ingest.batch import FINDINGS, ROW
from segmentation_pipeline.ingest.text import as_text
from segmentation_pipeline.lake.tables import Table

if TYPE_CHECKING:
    from collections.abc import Iterable

    from segmentation_pipeline.catalog.model import Catalog
    from segmentation_pipeline.ingest.batch import Batch
    from segmentation_pipeline.lake.store import DeltaStore

_INSTANT = pl.Datetime("us", "UTC")
ERASURES = Table(
    "erasures",
    pl.Schema(
        {
            "erasure_id": pl.String(),
            "object": pl.String(),
            "status": pl.String(),
            "started_at": _INSTANT,
            "finished_at": _INSTANT,
            "requested_by": pl.String(),
            "subjects": pl.List(pl.String()),
            "tables": pl.List(pl.Struct({"table": pl.String(), "action": pl.String(), "rows": pl.Int64()})),
            "readmitted_at": _INSTANT,
        }
    ),
    comment="One row an erasure: that it was done, when, by whom and where; not of whom.",
    column_comments={
        "status": "started, finished; readmitted: imports may bring it again",
        "subjects": "salted hashes of its keys and addresses",
        "tables": "rows that were deleted, unlinked or cleaned, by table",
    },
)
SALT = ".erasures-salt"
REASON = "names somebody who was erased, who stays away until `segmentation forget --readmit`"
_WORDS = re.compile(r"[^\s,;|\t\"'<>(){}\[\]]+")


@dataclass(frozen=True, slots=True)
class Erased:
    """The hashes of everyone who may not come back."""

    salt: str
    hashes: frozenset[str]

    @classmethod
    def of(cls, store: DeltaStore) -> Erased | None:
        """Return who was erased; None where nobody was. Raises `LakeError` where the salt is gone."""
        if not store.root.local or not store.exists(ERASURES.name):
            return None
        away = store.scan(ERASURES.name).filter(pl.col("readmitted_at").is_null())
        hashes = away.select(pl.col("subjects").explode()).collect().to_series().drop_nulls()
        return cls(read_salt(store), frozenset(hashes)) if len(hashes) else None

    def among(self, values: pl.Series) -> pl.Series:
        """Return which of the values are keys or addresses of somebody erased."""
        distinct = values.cast(pl.String).drop_nulls().unique()
        away = distinct.filter(hashed(distinct, self.salt).is_in(list(self.hashes)))
        return values.cast(pl.String).is_in(away.implode()).fill_null(value=False)

    def names(self, text: str | None) -> bool:
        """Whether a cell, a row as JSON or a line names somebody erased."""
        words = {*_WORDS.findall(text or ""), *_cells(text)}
        return bool(words) and bool(self.among(pl.Series(sorted(words))).any())


def unwelcome(erased: Erased | None, catalog: Catalog, table: str, frame: pl.DataFrame) -> pl.DataFrame:
    """Return findings (`FINDINGS`) on rows that name somebody erased, without saying whom."""
    if erased is None:
        return pl.DataFrame(schema=FINDINGS)
    found = [pl.DataFrame(schema=FINDINGS)]
    for column in sorted(naming_columns(catalog, table) & set(frame.columns)):
        rows = frame.get_column(ROW).filter(erased.among(frame.get_column(column)))
        said = pl.DataFrame({ROW: rows}).with_columns(
            pl.lit(column).alias("column"),
            pl.lit(None, pl.String).alias("value"),
            pl.lit(f"`{column}` {REASON}").alias("reason"),
        )
        found.append(said)
    return pl.concat(found)


def veiled(
    erased: Erased | None, batch: Batch, findings: pl.DataFrame
) -> tuple[pl.DataFrame, frozenset[int]]:
    """Return findings that say nothing of rows that name somebody erased, and the numbers of those rows."""
    if erased is None or findings.is_empty():
        return findings, frozenset()
    wanted = batch.frame.join(findings.select(ROW).unique(), on=ROW, how="semi")
    hidden = {line.row for line in batch.broken if erased.names(line.text)}
    for column in wanted.drop(ROW).iter_columns():
        hidden |= set(wanted.get_column(ROW).filter(erased.among(as_text(column))))
    mine = pl.col(ROW).is_in(sorted(hidden))
    said = findings.with_columns(
        pl.when(~mine).then("value"),
        pl.when(mine).then(pl.lit(f"a row that {REASON}")).otherwise("reason").alias("reason"),
    )
    return said, frozenset(hidden)


def naming_columns(catalog: Catalog, table: str) -> set[str]:
    """Return the columns of a table that hold keys of objects, or addresses."""
    found: set[str] = {name for name, field in catalog.columns(table).items() if field.form == "email"}
    for kind in catalog.objects.values():
        found |= {kind.key} if kind.table == table else set()
        found |= set(key_columns(catalog, kind).get(table, ()))
    if (source := catalog.source_of_table(table)) is not None:
        found.add(source.key)
    return found


def hashed(values: pl.Series, salt: str) -> pl.Series:
    """Return the salted hash of each text, without regard to case and to blanks around it."""
    text = pl.concat_str(pl.lit(salt), pl.col("x").str.strip_chars().str.to_lowercase())
    folded = values.to_frame("x").select(text.alias("x"))
    return folded.select(plh.col("x").chash.sha2_256()).to_series()


def read_salt(store: DeltaStore) -> str:
    """Return the lake's salt; raise `LakeError` where it is gone."""
    path = Path(store.root.text) / SALT
    try:
        return path.read_text(encoding="ascii")
    except OSError as error:
        message = "the salt of the erasures is gone: nobody can tell any more who was erased"
        raise LakeError(message, where=str(path), hint="put it back from a backup") from error


def made_salt(store: DeltaStore) -> str:
    """Return the lake's salt, made where there is none yet. Needs the lake's lock."""
    path = Path(store.root.text) / SALT
    if not path.exists() and not store.exists(ERASURES.name):
        new = path.with_name(f"{SALT}.new")
        new.unlink(missing_ok=True)
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(32))
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)
    return read_salt(store)


def _cells(text: str | None) -> Iterable[str]:
    try:
        row = json.loads(text or "")
    except ValueError:
        return ()
    return [str(cell) for cell in row.values() if cell is not None] if isinstance(row, dict) else ()
