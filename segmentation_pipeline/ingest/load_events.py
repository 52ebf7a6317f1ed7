"""Events: append what is new, let the rows of unknown objects wait, make objects where asked to."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import polars as pl

from segmentation_pipeline.catalog.contracts import MONTH, split
from segmentation_pipeline.ingest.batch import FINDINGS, ROW, Checked
from segmentation_pipeline.ingest.claims import FILE, claim_columns, judge
from segmentation_pipeline.ingest.erased import unwelcome
from segmentation_pipeline.ingest.identity import Occurrences, event_ids, row_hash
from segmentation_pipeline.ingest.jobs.journal import AFTER, BEFORE, Place
from segmentation_pipeline.ingest.landing import plan_landing, write_landing
from segmentation_pipeline.ingest.lookups import resolved
from segmentation_pipeline.ingest.merges import known_keys
from segmentation_pipeline.ingest.orphans import adopt_waiting
from segmentation_pipeline.ingest.satellites import satellite_findings, satellite_rows
from segmentation_pipeline.ingest.stored_ids import StoredIds
from segmentation_pipeline.ingest.tally import Counts
from segmentation_pipeline.ingest.targets import target_of
from segmentation_pipeline.ingest.tenancy import foreign_rows
from segmentation_pipeline.ingest.transform import Fields, fields_of
from segmentation_pipeline.lake.commit import Commit
from segmentation_pipeline.lake.tables import catalog_table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from segmentation_pipeline.catalog.model import EventSource, ObjectType
    from segmentation_pipeline.ingest.batch import Batch
    from segmentation_pipeline.ingest.landing import Landing
    from segmentation_pipeline.ingest.run import Run


def load_events(run: Run, source: EventSource) -> None:
    """Import every file, one commit of the event table a batch.

    Created objects come first, then waiting rows, then events: whatever a kill leaves undone is
    done by doing the batch again. Adoption ends the import, because an object that a later batch
    makes may be the one that rows of an earlier batch wait for.
    """
    adopt_waiting(run, Place(BEFORE), [source])
    if not run.journal.in_batches and source.orphans is not None and run.store.exists(source.orphans):
        run.journal.waiting = run.store.version(source.orphans)
    fields = fields_of(run)
    made = source.id not in run.mapping.columns
    tables = [name for name in (source.table, source.orphans) if name is not None]
    stored = {name: StoredIds(run.store, name, source, made=made) for name in tables}
    numbering = _Numbering(source, fields, each=run.mapping.equal_rows == "each")
    for place, batch in run.batches(passed=numbering.pass_by):
        checked = _checked(run, source, fields, batch, numbering.of(place.file))
        run.show(checked.frame)
        _load_batch(_Loading(run, source, stored), place, batch, checked)
        run.done(place, batch)
    if run.tally.created:
        began_at = -1 if run.journal.waiting is None else run.journal.waiting
        adopt_waiting(run, Place(AFTER), [source], own_after=began_at)


@dataclass(slots=True)
class _Numbering:
    """Counts equal rows file by file, those of batches that need not be loaded again too."""

    source: EventSource
    fields: Fields
    file: int = -1
    each: bool = True
    seen: Occurrences = field(default_factory=Occurrences)

    def of(self, number: int) -> Occurrences:
        if number != self.file:
            self.file, self.seen = number, Occurrences(each=self.each)
        return self.seen

    def pass_by(self, number: int, batch: Batch) -> None:
        _identified(self.source, self.fields, self.fields.typed(batch).frame, self.of(number))


def _checked(run: Run, source: EventSource, fields: Fields, batch: Batch, seen: Occurrences) -> Checked:
    """Return typed rows with id and month that meet the table's contract."""
    checked = fields.typed(batch)
    checked = checked.without(foreign_rows(run.store.tenant, checked.frame))
    checked = checked.without(unwelcome(run.erased, run.catalog, source.table, checked.frame))
    frame = _identified(source, fields, checked.frame, seen)
    frame = resolved(run, source, fields, batch, frame)
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


def _load_batch(into: _Loading, place: Place, batch: Batch, checked: Checked) -> None:
    """Plan one batch against the lake as it is, then write it."""
    run, source, events = into.run, into.source, checked.frame
    created = _created(run, source, batch, events)
    mine, others = _divided(run, source, events, created)
    if source.orphans is None:
        owner = run.catalog.owner_of_source(source.name)
        checked = checked.without(_homeless(owner, source, others))
        events, others = checked.frame, others.clear()
    orphans = _distinct(source, _not_preceded(source, others, mine))
    for ids in into.stored.values():
        orphans = ids.new(orphans)
    landing = into.stored[source.table].new(_distinct(source, mine))
    counts = Counts(
        batches=1,
        read=batch.read,
        landed=landing.height,
        unchanged=events.height - landing.height - orphans.height,
        rejected=checked.findings.get_column(ROW).n_unique(),
        orphaned=orphans.height,
        created=created.landing.landed if created is not None else 0,
    )
    notes = created.notes if created is not None else checked.findings.clear()
    run.plan_batch(place, batch, counts, checked.findings, notes)
    if created is not None:
        write_landing(run.store, run.catalog, created.landing, run.metadata, run.started)
    if source.orphans is not None:
        _append(into, source.orphans, orphans)
    _append(into, source.table, landing)


def _divided(
    run: Run, source: EventSource, events: pl.DataFrame, created: _Created | None
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the events of objects that are known or will be, and those of unknown ones or of none."""
    owner = run.catalog.owner_of_source(source.name)
    keys = events.get_column(source.key)
    known = _known(run, owner, keys).to_series()
    if created is not None:
        known = pl.concat([known, created.landing.changed.get_column(owner.key)])
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


def _append(into: _Loading, name: str, rows: pl.DataFrame) -> None:
    """Add new rows to a table in one commit."""
    if rows.is_empty():
        return
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


def _known(run: Run, owner: ObjectType, wanted: pl.Series) -> pl.DataFrame:
    if not run.store.exists(owner.table):
        return wanted.clear().alias(owner.key).to_frame()
    keys = wanted.drop_nulls().unique().alias(owner.key).to_frame().lazy()
    return known_keys(run.store, owner).join(keys, on=owner.key, how="semi").collect()


@dataclass(frozen=True, slots=True)
class _Created:
    """The objects that a batch makes, and why it cannot make others."""

    landing: Landing
    notes: pl.DataFrame


def _created(run: Run, source: EventSource, batch: Batch, events: pl.DataFrame) -> _Created | None:
    """Plan the unknown objects of a batch: of the rows of one object the first good one decides."""
    owner = run.catalog.owner_of_source(source.name)
    sources_of = run.mapping.creates.get(owner.table)
    if sources_of is None or events.is_empty():
        return None
    known = _known(run, owner, events.get_column(source.key))
    unknown = events.filter(pl.col(source.key).is_not_null()).join(
        known, left_on=source.key, right_on=owner.key, how="anti", maintain_order="left"
    )
    if unknown.is_empty():
        return None
    target = target_of(run.catalog, owner.table)
    numbers = unknown.select(ROW, pl.col(source.key).alias(owner.key))
    rows = type(batch)(batch.frame.join(numbers.select(ROW), on=ROW, how="semi", maintain_order="left"))
    sources = {name: origin for name, origin in sources_of.items() if name != owner.key}
    zone = run.mapping.time_zone or run.time_zone
    checked = Fields(sources, target.fields, zone).typed(rows)
    checked = checked.without(unwelcome(run.erased, run.catalog, owner.table, checked.frame))
    frame = checked.frame.join(numbers, on=ROW, how="inner", maintain_order="left")
    good, bad = split(run.catalog, owner.table, frame)
    at = frame.get_column(ROW).gather(bad.get_column("row"))
    breaches = bad.drop("row").with_columns(at.alias(ROW)).select(FINDINGS.names())
    checked = Checked(good, pl.concat([checked.findings, breaches]))
    checked = checked.without(satellite_findings(run.catalog, satellite_rows(run.catalog, target, good)))
    first = checked.frame.unique(owner.key, keep="first", maintain_order=True)
    claims = first.select(pl.lit(0, pl.Int64).alias(FILE), ROW, *claim_columns(target, first.columns))
    verdict = judge(run.store, target, claims)
    refused = verdict.findings.select(FINDINGS.names())
    accepted = first.join(verdict.landing, on=ROW, how="semi", maintain_order="left")
    landing = plan_landing(run.store, run.catalog, target, accepted)
    left = _unmade(pl.concat([checked.findings, refused]), numbers, accepted, owner.key)
    why = pl.lit(f"the {owner.name} is not created: ").alias("reason")
    return _Created(landing, left.with_columns(why + pl.col("reason")))


def _unmade(findings: pl.DataFrame, numbers: pl.DataFrame, landed: pl.DataFrame, key: str) -> pl.DataFrame:
    """Return the findings on objects that no other row has made."""
    owners = findings.join(numbers, on=ROW, how="inner", maintain_order="left")
    return owners.join(landed.select(key), on=key, how="anti", maintain_order="left").drop(key)
