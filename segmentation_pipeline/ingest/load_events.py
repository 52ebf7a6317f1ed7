"""Events: append what is new, let the rows of unknown objects wait, make objects where asked to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from segmentation_pipeline.catalog.contracts import MONTH, split
from segmentation_pipeline.ingest.batch import FINDINGS, ROW, Checked
from segmentation_pipeline.ingest.claims import FILE, claim_columns, judge
from segmentation_pipeline.ingest.identity import Occurrences, event_ids, row_hash
from segmentation_pipeline.ingest.landing import land
from segmentation_pipeline.ingest.orphans import adopt, present
from segmentation_pipeline.ingest.satellites import satellite_findings, satellite_rows
from segmentation_pipeline.ingest.targets import target_of
from segmentation_pipeline.ingest.transform import Fields
from segmentation_pipeline.lake.commit import Commit
from segmentation_pipeline.lake.tables import catalog_table

if TYPE_CHECKING:
    from segmentation_pipeline.catalog.model import EventSource, ObjectType
    from segmentation_pipeline.ingest.batch import Batch
    from segmentation_pipeline.ingest.reading import SourceFile
    from segmentation_pipeline.ingest.run import Run


def load_events(run: Run, source: EventSource) -> None:
    """Import every file, one commit of the event table a batch.

    Created objects come first, then waiting rows, then events: whatever a kill leaves undone is
    done by importing the file again. Adoption ends the import, because an object that a later batch
    makes may be the one that rows of an earlier batch wait for.
    """
    run.tally.adopted += len(adopt(run.store, run.catalog, source, run.batch_rows, run.metadata))
    fields = Fields(run.mapping.columns, run.target.fields, run.mapping.time_zone or run.time_zone)
    waiting = [pl.Series(dtype=pl.String)]
    for number, file in enumerate(run.files):
        seen = Occurrences()
        for batch in file.batches(run.batch_rows, run.mapping.reads):
            waiting.append(_load_batch(run, source, file, batch, _checked(run, source, fields, batch, seen)))
            run.done(number, batch)
    if run.tally.created:
        taken = adopt(run.store, run.catalog, source, run.batch_rows, run.metadata)
        # What waited for another row of this same import was not orphaned after all.
        back = len(taken.to_frame("id").join(pl.concat(waiting).to_frame("id"), on="id", how="semi"))
        run.tally.orphaned -= back
        run.tally.landed += back
        run.tally.adopted += len(taken) - back


def _checked(run: Run, source: EventSource, fields: Fields, batch: Batch, seen: Occurrences) -> Checked:
    """Return typed rows with id and month that meet the table's contract."""
    checked = fields.typed(batch)
    frame = _identified(source, fields, checked.frame, seen)
    if source.partition_by_month:
        frame = frame.with_columns(pl.col(source.time).dt.strftime("%Y-%m").alias(MONTH))
    good, bad = split(run.catalog, source.table, frame)
    numbers = frame.get_column(ROW).gather(bad.get_column("row"))
    breaches = bad.drop("row").with_columns(numbers.alias(ROW)).select(FINDINGS.names())
    return Checked(good, pl.concat([checked.findings, breaches]))


def _identified(source: EventSource, fields: Fields, frame: pl.DataFrame, seen: Occurrences) -> pl.DataFrame:
    given = source.id in frame.columns
    if given and not frame.get_column(source.id).null_count():
        return frame
    hashes = row_hash(frame, {name: fields.fields[name] for name in fields.sources if name != source.id})
    made = event_ids(hashes, seen.number(hashes)).alias(source.id)
    if given:
        return frame.with_columns(pl.col(source.id).fill_null(made))
    return frame.with_columns(made)


def _load_batch(run: Run, source: EventSource, file: SourceFile, batch: Batch, checked: Checked) -> pl.Series:
    """Load one batch; return the ids of those new waiting rows that have an object to wait for."""
    events = checked.frame
    _create(run, source, file, batch, events)
    owner = run.catalog.owner_of_source(source.name)
    known = _known(run, owner.table, owner.key, events.get_column(source.key))
    mine = events.join(known, left_on=source.key, right_on=owner.key, how="semi", maintain_order="left")
    others = events.join(known, left_on=source.key, right_on=owner.key, how="anti", maintain_order="left")
    if source.orphans is None:
        checked = checked.without(_homeless(owner, source, others))
        events, others = checked.frame, others.clear()
    made = source.id not in run.mapping.columns
    orphans = _new(run, source, others, made, (source.table, source.orphans))
    if orphans.height and source.orphans is not None:
        _append(run, source, source.orphans, orphans)
        run.tally.orphaned += orphans.height
    run.reject(file, batch, checked.findings)
    landing = _new(run, source, mine, made, (source.table,))
    if landing.height:
        _append(run, source, source.table, landing)
    run.tally.landed += landing.height
    run.tally.unchanged += events.height - landing.height - orphans.height
    return orphans.filter(pl.col(source.key).is_not_null()).get_column(source.id)


def _homeless(owner: ObjectType, source: EventSource, events: pl.DataFrame) -> pl.DataFrame:
    """Return findings on events of unknown objects whose catalog has no table for them to wait in."""
    key = pl.col(source.key)
    return events.select(
        ROW,
        pl.lit(source.key).alias("column"),
        key.cast(pl.String).alias("value"),
        pl.format(f"no {owner.name} has the key `{{}}`", key.fill_null("")).alias("reason"),
    )


def _new(
    run: Run, source: EventSource, rows: pl.DataFrame, made: bool, tables: tuple[str | None, ...]
) -> pl.DataFrame:
    """Return the rows whose id is in none of the tables yet; an event never changes, the first row stays."""
    rows = rows.unique(source.id, keep="first", maintain_order=True)
    for table in tables:
        if table is not None and rows.height:
            there = present(run.store, table, source, rows, made=made)
            rows = rows.join(there, on=source.id, how="anti", maintain_order="left")
    return rows


def _append(run: Run, source: EventSource, name: str, rows: pl.DataFrame) -> None:
    table = catalog_table(run.catalog, name)
    missing = [
        pl.lit(None, kind).alias(column)
        for column, kind in table.schema.items()
        if column not in rows.columns
    ]
    ordered = rows.with_columns(missing).select(table.schema.names())
    run.store.append(table, ordered.sort(source.time, maintain_order=True), Commit(run.metadata))


def _known(run: Run, table: str, key: str, wanted: pl.Series) -> pl.DataFrame:
    if not run.store.exists(table):
        return wanted.clear().alias(key).to_frame()
    keys = wanted.drop_nulls().unique().alias(key).to_frame().lazy()
    return run.store.scan(table).select(key).join(keys, on=key, how="semi").collect()


def _create(run: Run, source: EventSource, file: SourceFile, batch: Batch, events: pl.DataFrame) -> None:
    """Make the unknown objects of a batch: of the rows of one object the first good one decides."""
    owner = run.catalog.owner_of_source(source.name)
    made = run.mapping.creates.get(owner.table)
    if made is None or events.is_empty():
        return
    known = _known(run, owner.table, owner.key, events.get_column(source.key))
    unknown = events.filter(pl.col(source.key).is_not_null()).join(
        known, left_on=source.key, right_on=owner.key, how="anti", maintain_order="left"
    )
    if unknown.is_empty():
        return
    target = target_of(run.catalog, owner.table)
    numbers = unknown.select(ROW, pl.col(source.key).alias(owner.key))
    rows = type(batch)(batch.frame.join(numbers.select(ROW), on=ROW, how="semi", maintain_order="left"))
    sources = {name: origin for name, origin in made.items() if name != owner.key}
    zone = run.mapping.time_zone or run.time_zone
    checked = Fields(sources, target.fields, zone).typed(rows)
    frame = checked.frame.join(numbers, on=ROW, how="inner", maintain_order="left")
    good, bad = split(run.catalog, owner.table, frame)
    at = frame.get_column(ROW).gather(bad.get_column("row"))
    breaches = bad.drop("row").with_columns(at.alias(ROW)).select(FINDINGS.names())
    checked = Checked(good, pl.concat([checked.findings, breaches]))
    checked = checked.without(satellite_findings(run.catalog, satellite_rows(target, good)))
    first = checked.frame.unique(owner.key, keep="first", maintain_order=True)
    claims = first.select(pl.lit(0, pl.Int64).alias(FILE), ROW, *claim_columns(target, first.columns))
    verdict = judge(run.store, target, claims)
    refused = verdict.findings.select(FINDINGS.names())
    landing = first.join(verdict.landing, on=ROW, how="semi", maintain_order="left")
    run.tally.created += land(run.store, run.catalog, target, landing, run.metadata).landed
    findings = pl.concat([checked.findings, refused])
    left = _unmade(findings, numbers, landing, owner.key)
    why = pl.lit(f"the {owner.name} is not created: ").alias("reason")
    run.note(file, batch, left.with_columns(why + pl.col("reason")))


def _unmade(findings: pl.DataFrame, numbers: pl.DataFrame, landed: pl.DataFrame, key: str) -> pl.DataFrame:
    """Return the findings on objects that no other row has made."""
    owners = findings.join(numbers, on=ROW, how="inner", maintain_order="left")
    return owners.join(landed.select(key), on=key, how="anti", maintain_order="left").drop(key)
