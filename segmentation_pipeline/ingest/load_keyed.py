"""Objects and other keyed rows: the newest row of a key wins, what it leaves out is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from segmentation_pipeline.catalog.contracts import split
from segmentation_pipeline.ingest.batch import FINDINGS, ROW, Checked
from segmentation_pipeline.ingest.claims import FILE, claim_columns, judge, nobody
from segmentation_pipeline.ingest.erased import unwelcome
from segmentation_pipeline.ingest.history.record import begin, settle
from segmentation_pipeline.ingest.identity import made_key
from segmentation_pipeline.ingest.jobs.journal import AFTER, Place
from segmentation_pipeline.ingest.landing import plan_landing, write_landing
from segmentation_pipeline.ingest.made_keys import with_made_keys
from segmentation_pipeline.ingest.orphans import adopt_waiting
from segmentation_pipeline.ingest.satellites import satellite_findings, satellite_rows
from segmentation_pipeline.ingest.tally import Counts
from segmentation_pipeline.ingest.tenancy import foreign_rows
from segmentation_pipeline.ingest.transform import Fields, fields_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from segmentation_pipeline.catalog.model import EventSource
    from segmentation_pipeline.ingest.batch import Batch
    from segmentation_pipeline.ingest.claims import Verdict
    from segmentation_pipeline.ingest.run import Run


def load_keyed(run: Run) -> None:
    """Import every file in two passes: who may land is settled over all of them, then batches are written."""
    fields = fields_of(run)
    verdict = _judge(run, fields)
    for place, batch in run.batches():
        _load_batch(run, fields, place, batch, verdict)
        run.done(place, batch)
    begin(run.store, run.catalog, run.target, run.metadata)
    settle(run.store, run.catalog)
    adopt_waiting(run, Place(AFTER), list(_events(run)))


def _judge(run: Run, fields: Fields) -> Verdict:
    parts: list[pl.DataFrame] = []
    for number, batch in run.every_batch():
        frame = _checked(run, fields, batch).frame
        columns = claim_columns(run.target, frame.columns)
        parts.append(frame.select(pl.lit(number, pl.Int64).alias(FILE), ROW, *columns))
    run.journal.judged()
    return judge(run.store, run.target, pl.concat(parts)) if parts else nobody()


def _checked(run: Run, fields: Fields, batch: Batch) -> Checked:
    """Return typed rows with their key that meet the contracts of the table and its satellites."""
    checked = fields.typed(batch)
    checked = checked.without(foreign_rows(run.store.tenant, checked.frame))
    checked = checked.without(unwelcome(run.erased, run.catalog, run.target.table, checked.frame))
    frame = _keyed(run, checked.frame)
    good, bad = split(run.catalog, run.target.table, _with_required(run, frame))
    numbers = frame.get_column(ROW).gather(bad.get_column("row"))
    breaches = bad.drop("row").with_columns(numbers.alias(ROW)).select(FINDINGS.names())
    kept = Checked(good.select(frame.columns), pl.concat([checked.findings, breaches]))
    if run.target.kind is None:
        return kept
    return kept.without(satellite_findings(run.catalog, satellite_rows(run.catalog, run.target, kept.frame)))


def _keyed(run: Run, frame: pl.DataFrame) -> pl.DataFrame:
    """Make the key where the source has none: from the columns the catalog names, or the e-mail."""
    if run.target.made_from:
        return with_made_keys(run.target, frame)
    identity = run.target.identity
    if identity is None or identity.name not in frame.columns:
        return frame
    key = run.target.key[0]
    if key in frame.columns and not frame.get_column(key).null_count():
        return frame
    made = made_key(frame.get_column(identity.name)).alias(key)
    return frame.with_columns(pl.col(key).fill_null(made) if key in frame.columns else made)


def _with_required(run: Run, frame: pl.DataFrame) -> pl.DataFrame:
    """Add required fields that the file leaves out, as the lake has them: they stay as they are."""
    fields = run.target.fields
    wanted = [
        name
        for name, field in fields.items()
        if field.required and field.stored and name not in frame.columns
    ]
    if not wanted or not run.store.exists(run.target.table):
        return frame
    stored = run.store.scan(run.target.table).select(*run.target.key, *wanted)
    held = stored.join(frame.select(run.target.key).lazy(), on=run.target.key, how="semi").collect()
    return frame.join(held, on=run.target.key, how="left", maintain_order="left")


def _load_batch(run: Run, fields: Fields, place: Place, batch: Batch, verdict: Verdict) -> None:
    checked = _checked(run, fields, batch)
    refused = verdict.findings.filter(pl.col(FILE) == place.file).drop(FILE)
    refused = refused.join(checked.frame.select(ROW), on=ROW, how="semi", maintain_order="left")
    accepted = checked.frame.join(
        verdict.landing.filter(pl.col(FILE) == place.file), on=ROW, how="semi", maintain_order="left"
    )
    run.show(accepted)
    landing = plan_landing(run.store, run.catalog, run.target, accepted)
    findings = pl.concat([checked.findings, refused.select(FINDINGS.names())])
    counts = Counts(
        batches=1,
        read=batch.read,
        landed=landing.landed,
        unchanged=landing.unchanged,
        rejected=findings.get_column(ROW).n_unique(),
        duplicates=checked.frame.height - accepted.height - refused.get_column(ROW).n_unique(),
    )
    run.plan_batch(place, batch, counts, findings, findings.clear())
    write_landing(run.store, run.catalog, landing, run.metadata, run.started)


def _events(run: Run) -> Iterator[EventSource]:
    kind = run.target.kind or run.target.merges
    if kind is not None:
        yield from (run.catalog.events[name] for name in kind.events)
