"""Kept answers become values of contacts: typed, judged and landed as an import's rows are.

Applying the same answers again changes nothing, so a kill at any instant is mended by doing it again.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from segmentation_pipeline.catalog.contracts import split
from segmentation_pipeline.enrichment.activity import ENRICHED, tell_enriched
from segmentation_pipeline.enrichment.providers import OBJECT
from segmentation_pipeline.enrichment.queue import COMPLETED, FAILED
from segmentation_pipeline.enrichment.winners import ENRICHED_AT, Winners
from segmentation_pipeline.ingest.batch import FINDINGS, ROW, Batch, Checked
from segmentation_pipeline.ingest.claims import FILE, claim_columns, judge
from segmentation_pipeline.ingest.history.record import settle
from segmentation_pipeline.ingest.landing import plan_landing, write_landing
from segmentation_pipeline.ingest.satellites import satellite_findings, satellite_rows
from segmentation_pipeline.ingest.transform import Fields
from segmentation_pipeline.lake.maintenance import add_columns
from segmentation_pipeline.lake.tables import catalog_table

if TYPE_CHECKING:
    from typing import Any

    from segmentation_pipeline.catalog.model import Catalog
    from segmentation_pipeline.enrichment.providers import NamedProvider
    from segmentation_pipeline.ingest.targets import Target
    from segmentation_pipeline.lake.store import DeltaStore

GONE = "the contact is no longer there"


@dataclass(frozen=True, slots=True)
class Applying:
    """Where answers of one provider go."""

    store: DeltaStore
    catalog: Catalog
    target: Target
    named: NamedProvider
    time_zone: str

    def apply(self, answers: pl.DataFrame) -> list[dict[str, Any]]:
        """Land rows of the queue that have an answer; return what becomes of each, for the queue."""
        if answers.is_empty():
            return []
        self._widen()
        settle(self.store, self.catalog)
        job = {"job": f"enrichment {self.named.name}"}
        started = answers["answered_at"].to_list()[-1]
        frame = self._drawn(answers)
        provider = self.named.provider
        fields = Fields(provider.fields, self.target.fields, provider.time_zone or self.time_zone)
        checked = fields.typed(Batch(frame))
        key = self.target.key[0]
        owners = frame.select(ROW, pl.col("contact_id").alias(key), pl.col("answered_at").alias(ENRICHED_AT))
        typed = Checked(checked.frame.join(owners, on=ROW, maintain_order="left"), checked.findings)
        stored = self._stored(typed.frame.get_column(key))
        there = typed.frame.join(stored.select(key), on=key, how="semi", maintain_order="left")
        ready = self._judged(Checked(there, typed.findings), stored)
        for part in Winners(self.store, self.target, provider, stored).parts(ready.frame):
            landing = plan_landing(self.store, self.catalog, self.target, part)
            write_landing(self.store, self.catalog, landing, job, started)
        settle(self.store, self.catalog)
        done = answers.join(ready.frame.select(pl.col(key).alias("contact_id")), on="contact_id", how="semi")
        tell_enriched(self.store, self.catalog, self.named.name, done)
        return _results(answers, owners, ready.findings, done, self.target)

    def _widen(self) -> None:
        """Give the tables that will be written the columns that the catalog has gained."""
        satellites = {field.satellite.table for field in self.target.fields.values() if field.satellite}
        source = self.catalog.event_source(OBJECT, ENRICHED)
        events = {source.table} if source is not None else set()
        for name in sorted({self.target.table, *satellites, *events}):
            if self.store.exists(name):
                add_columns(self.store, catalog_table(self.catalog, name))

    def _drawn(self, answers: pl.DataFrame) -> pl.DataFrame:
        """Return the texts of every answer, a column a path."""
        said = [json.loads(text) for text in answers.get_column("answer")]
        columns = {
            path: pl.Series([row.get(path) for row in said], dtype=pl.String)
            for path in self.named.provider.reads
        }
        numbers = pl.int_range(1, answers.height + 1, eager=True, dtype=pl.Int64)
        own = answers.select("contact_id", "answered_at")
        return pl.DataFrame({ROW: numbers, **columns}).hstack(own)

    def _stored(self, keys: pl.Series) -> pl.DataFrame:
        table = catalog_table(self.catalog, self.target.table)
        if not self.store.exists(table.name):
            return pl.DataFrame(schema=table.schema)
        wanted = keys.unique().to_frame().lazy()
        scan = self.store.scan(table.name)
        missing = [
            pl.lit(None, kind).alias(name)
            for name, kind in table.schema.items()
            if name not in scan.collect_schema()
        ]
        found = scan.with_columns(missing).join(wanted, on=self.target.key[0], how="semi")
        return found.select(table.schema.names()).collect()

    def _judged(self, checked: Checked, stored: pl.DataFrame) -> Checked:
        """Leave out answers that break the contract of a field they fill, or claim what others have."""
        winners = Winners(self.store, self.target, self.named.provider, stored)
        whole = winners.whole(checked.frame)
        _, bad = split(self.catalog, self.target.table, whole)
        bad = bad.filter(pl.col("column").is_in(list(self.named.provider.fields)))
        numbers = whole.get_column(ROW).gather(bad.get_column("row"))
        breaches = bad.drop("row").with_columns(numbers.alias(ROW)).select(FINDINGS.names())
        kept = checked.without(breaches)
        elsewhere = satellite_rows(self.catalog, self.target, kept.frame)
        kept = kept.without(satellite_findings(self.catalog, elsewhere))
        whole = whole.join(kept.frame.select(ROW), on=ROW, how="semi", maintain_order="left")
        claimed = [name for name in whole.columns if name in (*self.target.key, *self.named.provider.fields)]
        claims = whole.select(pl.lit(0, pl.Int64).alias(FILE), ROW, *claim_columns(self.target, claimed))
        verdict = judge(self.store, self.target, claims)
        refused = verdict.findings.drop(FILE).select(FINDINGS.names())
        return kept.without(refused)


def _results(
    answers: pl.DataFrame, owners: pl.DataFrame, findings: pl.DataFrame, done: pl.DataFrame, target: Target
) -> list[dict[str, Any]]:
    """Say of every answer what came of it; a personal value is in no reason."""
    named = findings.join(owners.select(ROW, pl.col(target.key[0]).alias("contact_id")), on=ROW)
    reasons: dict[str, str] = {}
    for row in named.iter_rows(named=True):
        reasons.setdefault(row["contact_id"], _reason(row))
    completed = set(done.get_column("contact_id"))
    results = []
    for row in answers.iter_rows(named=True):
        contact = row["contact_id"]
        enriched = contact in completed
        results.append(
            {
                "contact_id": contact,
                "status": COMPLETED if enriched else FAILED,
                "outcome": "enriched" if enriched else None,
                "error_message": None if enriched else reasons.get(contact, GONE),
                "processed_at": row["answered_at"],
                "answer": None,
            }
        )
    return results


def _reason(finding: dict[str, Any]) -> str:
    """Return a finding's sentence with the value itself left out: it may be somebody's."""
    reason, value = finding["reason"], finding["value"]
    said = reason.replace(f"`{value}`", "the value", 1) if value else reason
    return f"{finding['column']}: {said}" if finding["column"] else said
