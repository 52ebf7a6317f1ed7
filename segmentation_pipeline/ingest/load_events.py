"""Events: append what is new, let the rows of unknown objects wait, make objects where asked to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from segmentation_pipeline.catalog.contracts import MONTH, split
from segmentation_pipeline.ingest.batch import FINDINGS, ROW, Checked
from segmentation_pipeline.ingest.claims import FILE, claim_columns, judge
from segmentation_pipeline.ingest.identity import Occurrences, event_ids, row_hash
from segmentation_pipeline.ingest.landing import land
from segmentation_pipeline.ingest.orphans import adopt
from segmentation_pipeline.ingest.satellites import satellite_findings, satellite_rows
from segmentation_pipeline.ingest.stored_ids import StoredIds
from segmentation_pipeline.ingest.targets import target_of
from segmentation_pipeline.ingest.transform import Fields
from segmentation_pipeline.lake.commit import Commit
from segmentation_pipeline.lake.tables import catalog_table

if TYPE_CHECKING:
    from collections.abc import Mapping

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
    made = source.id not in run.mapping.columns
    tables = [name for name in (source.table, source.orphans) if name is not None]
    stored = {name: StoredIds(run.store, name, source, made=made) for name in tables}
    waiting = [pl.Series(dtype=pl.String)]
    for number, file in enumerate(run.files):
        seen = Occurrences()
        for batch in file.batches(run.batch_rows, run.mapping.reads):
            checked = _checked(run, source, fields, batch, seen)
            waiting.append(_load_batch(_Loading(run, source, stored), file, batch, checked))
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


@dataclass(frozen=True, slots=True)
class _Loading:
    """An import of events under way, and which events the tables it writes have already."""

    run: Run
    source: EventSource
    stored: Mapping[str, StoredIds]


def _load_batch(into: _Loading, file: SourceFile, batch: Batch, checked: Checked) -> pl.Series:
    """Load one batch; return the ids of those new waiting rows that have an object to wait for."""
    run, source, events = into.run, into.source, checked.frame
    _create(run, source, file, batch, events)
    mine, others = _divided(run, source, events)
    if source.orphans is None:
        owner = run.catalog.owner_of_source(source.name)
        checked = checked.without(_homeless(owner, source, others))
        events, others = checked.frame, others.clear()
    orphans = _distinct(source, _not_preceded(source, others, mine))
    for ids in into.stored.values():
        orphans = ids.new(orphans)
    if source.orphans is not None:
        run.tally.orphaned += _append(into, source.orphans, orphans)
    run.reject(file, batch, checked.findings)
    landing = into.stored[source.table].new(_distinct(source, mine))
    run.tally.landed += _append(into, source.table, landing)
    run.tally.unchanged += events.height - landing.height - orphans.height
    return orphans.filter(pl.col(source.key).is_not_null()).get_column(source.id)


def _divided(run: Run, source: EventSource, events: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the events of known objects, and those of unknown ones or of none."""
    owner = run.catalog.owner_of_source(source.name)
    keys = events.get_column(source.key)
    known = _known(run, owner.table, owner.key, keys).to_series()
    mine = keys.is_in(known.implode()).fill_null(value=False)
    if mine.all():
        return events, events.clear()
    return events.filter(mine), events.filter(~mine)


def _not_preceded(source: EventSource, others: pl.DataFrame, mine: pl.DataFrame) -> pl.DataFrame:
    """Leave out rows whose id an earlier row of a known object has, as if it stood in a batch before."""
    if others.is_empty():
        return others
    first = mine.select(source.id, pl.col(ROW).alias("first")).join(others, on=source.id, how="semi")
    first = first.group_by(source.id).agg(pl.col("first").min())
    earlier = others.join(first, on=source.id, how="inner").filter(pl.col("first") < pl.col(ROW))
    return others.join(earlier, on=ROW, how="anti", maintain_order="left")


def _distinct(source: EventSource, rows: pl.DataFrame) -> pl.DataFrame:
    """Return one row an id: an event never changes, the first row stays."""
    if rows.get_column(source.id).n_unique() == rows.height:
        return rows
    return rows.unique(source.id, keep="first", maintain_order=True)


def _homeless(owner: ObjectType, source: EventSource, events: pl.DataFrame) -> pl.DataFrame:
    """Return findings on events of unknown objects whose catalog has no table for them to wait in."""
    key = pl.col(source.key)
    return events.select(
        ROW,
        pl.lit(source.key).alias("column"),
        key.cast(pl.String).alias("value"),
        pl.format(f"no {owner.name} has the key `{{}}`", key.fill_null("")).alias("reason"),
    )


def _append(into: _Loading, name: str, rows: pl.DataFrame) -> int:
    """Add new rows to a table in one commit; return how many."""
    if rows.is_empty():
        return 0
    run, source = into.run, into.source
    table = catalog_table(run.catalog, name)
    missing = [
        pl.lit(None, kind).alias(column)
        for column, kind in table.schema.items()
        if column not in rows.columns
    ]
    ordered = rows.sort(source.time, maintain_order=True).with_columns(missing)
    run.store.append(table, ordered.select(table.schema.names()), Commit(run.metadata))
    into.stored[name].add(rows.get_column(source.id))
    return rows.height


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
