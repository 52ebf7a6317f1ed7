"""Which rows of an import may land: one a key, and no value that must be unique held twice.

Decided over the whole import before a row is written, so that neither the size of a batch nor a
kill between two batches changes what lands.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from segmentation_pipeline.ingest.batch import FINDINGS, ROW
from segmentation_pipeline.ingest.merge_claims import MERGE_CLAIMS, merge_findings
from segmentation_pipeline.ingest.merges import redirects_in

if TYPE_CHECKING:
    from collections.abc import Sequence

    from segmentation_pipeline.ingest.targets import Target
    from segmentation_pipeline.lake.store import DeltaStore

FILE = "file number"
_ORDER, _FIRST, _HELD = "claim order", "first holder", "held value"


@dataclass(frozen=True, slots=True)
class Verdict:
    """``landing`` has `FILE` and `ROW` of the rows that may land; ``findings`` `FILE` and `FINDINGS`."""

    landing: pl.DataFrame
    findings: pl.DataFrame


def claim_columns(target: Target, mapped: Sequence[str]) -> list[str]:
    """Return the columns that decide: the key, unique fields, the time of the last change; all of a merge."""
    unique = [name for name in target.unique if name in mapped]
    changed = [clock] if (clock := target.clock(mapped)) is not None else []
    merging = [name for name in MERGE_CLAIMS if target.merges is not None and name in mapped]
    return [*target.key, *(name for name in (*unique, *changed, *merging) if name not in target.key)]


def judge(store: DeltaStore, target: Target, claims: pl.DataFrame) -> Verdict:
    """Settle the claims of an import (`FILE`, `ROW`, `claim_columns`), given in the files' order.

    Of several rows with one key that with the newest ``updated_at`` (or what `Target.clock` says) stays, else
    the last one. Of
    several holders of a unique value the one that has it in the lake keeps it, else the first row.
    """
    winners = _latest(target, claims)
    findings = pl.DataFrame(schema={FILE: pl.Int64(), **FINDINGS})
    if target.merges is not None:
        findings = merge_findings(store, target.merges, winners, FILE)
        winners = winners.join(findings, on=[FILE, ROW], how="anti", maintain_order="left")
    merged = _merged(store, target)
    for name in target.unique:
        if name in claims.columns:
            lost = _conflicts(store, target, winners, name, merged)
            winners = winners.join(lost, on=[FILE, ROW], how="anti", maintain_order="left")
            findings = pl.concat([findings, lost])
    return Verdict(winners.select(FILE, ROW), findings)


def nobody() -> Verdict:
    """Return the verdict on an import without rows."""
    landing = pl.DataFrame(schema={FILE: pl.Int64(), ROW: pl.Int64()})
    return Verdict(landing, pl.DataFrame(schema={FILE: pl.Int64(), **FINDINGS}))


def _latest(target: Target, claims: pl.DataFrame) -> pl.DataFrame:
    ordered = claims.with_row_index(_ORDER)
    if claims.n_unique(target.key) == claims.height:
        return ordered
    if (clock := target.clock(claims.columns)) is not None:
        ordered = ordered.sort(clock, _ORDER, nulls_last=False)
    return ordered.unique(list(target.key), keep="last").sort(_ORDER)


def _merged(store: DeltaStore, target: Target) -> pl.Series | None:
    """Return the keys of objects merged into others, None for none: values are unique among the live."""
    if target.kind is None or target.kind.merges is None or not target.unique:
        return None
    if not store.exists(target.kind.merges):
        return None
    snapshot = store.snapshot([target.table, target.kind.merges])
    found = redirects_in(snapshot, target.kind)["merged"]
    return None if found.is_empty() else found


def _conflicts(
    store: DeltaStore, target: Target, claims: pl.DataFrame, name: str, merged: pl.Series | None
) -> pl.DataFrame:
    """Return the claims on ``name`` that must fail, with findings that name the first holder.

    Those of ``merged`` objects neither fail nor make others fail. A claim that fails leaves its object
    as it is in the lake, which may fail another: hence the loop.
    """
    key = target.key[0]
    held = _held(store, target, claims, name)
    if merged is not None:
        live = ~pl.col(key).is_in(merged.implode())
        claims, held = claims.filter(live), held.filter(live)
    nobody_lost = pl.DataFrame(schema={FILE: pl.Int64(), **FINDINGS})
    if held.is_empty():
        # Nobody to take it from: if all differ, as in a first import they should, all may have it.
        values = claims.select(_folded(target, name, pl.col(name))).to_series().drop_nulls()
        if values.n_unique() == len(values):
            return nobody_lost
    wanted = claims.select(FILE, ROW, _ORDER, key, pl.col(name).alias("value")).with_columns(
        _folded(target, name, pl.col("value")).alias(name)
    )
    wanted = wanted.join(held.rename({name: _HELD}), on=key, how="left", maintain_order="left")
    accepted = _not_stale(target, claims, held, wanted)
    failed: list[pl.DataFrame] = []
    while True:
        kept = held.join(accepted, on=key, how="anti").select(key, name, pl.lit(-1, pl.Int64).alias(_ORDER))
        mine = accepted.select(
            key,
            name,
            pl.when(pl.col(name) == pl.col(_HELD))
            .then(-1)
            .otherwise(pl.col(_ORDER).cast(pl.Int64))
            .alias(_ORDER),
        )
        holders = pl.concat([kept, mine]).filter(pl.col(name).is_not_null()).sort(_ORDER, key)
        first = holders.unique(name, keep="first").select(name, pl.col(key).alias(_FIRST))
        lost = accepted.join(first, on=name, how="inner", maintain_order="left").filter(
            pl.col(_FIRST) != pl.col(key)
        )
        if lost.is_empty():
            break
        failed.append(lost)
        accepted = accepted.join(lost, on=[FILE, ROW], how="anti", maintain_order="left")
    if not failed:
        return nobody_lost
    noun = target.kind.name if target.kind is not None else "row"
    reason = pl.format(f"`{{}}` already belongs to {noun} `{{}}`, and `{name}` is unique", "value", _FIRST)
    return pl.concat(failed).select(
        FILE, ROW, pl.lit(name).alias("column"), pl.col("value"), reason.alias("reason")
    )


def _held(store: DeltaStore, target: Target, claims: pl.DataFrame, name: str) -> pl.DataFrame:
    """Return key, folded value and time of change of the stored objects that the claims touch."""
    key = target.key[0]
    clock = target.clock(claims.columns)
    columns = [key, name, *([clock] if clock is not None else [])]
    if not store.exists(target.table):
        return claims.select(columns).clear()
    stored = store.scan(target.table).select(columns).with_columns(_folded(target, name, pl.col(name)))
    values = claims.select(_folded(target, name, pl.col(name))).drop_nulls().unique()
    by_key = stored.join(claims.select(key).lazy(), on=key, how="semi")
    by_value = stored.join(values.lazy(), on=name, how="semi")
    return pl.concat([by_key, by_value]).unique(key).collect()


def _not_stale(
    target: Target, claims: pl.DataFrame, held: pl.DataFrame, wanted: pl.DataFrame
) -> pl.DataFrame:
    """Leave out claims older than what the lake holds: their objects stay as they are."""
    key, clock = target.key[0], target.clock(claims.columns)
    if clock is None:
        return wanted
    times = claims.select(ROW, FILE, key, pl.col(clock).alias("claimed")).join(
        held.select(key, pl.col(clock).alias("stored")), on=key, how="inner"
    )
    stale = times.filter(pl.col("stored") > pl.col("claimed"))
    return wanted.join(stale, on=[FILE, ROW], how="anti", maintain_order="left")


def _folded(target: Target, name: str, value: pl.Expr) -> pl.Expr:
    field = target.fields[name]
    if field.form == "email" or field.normalise == "lower":
        return value.str.strip_chars().str.to_lowercase()
    return value
