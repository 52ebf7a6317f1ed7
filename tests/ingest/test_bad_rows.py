"""A file with one bad row in a hundred, of ten kinds: each is rejected for its true reason.

The large file is killed five times on its way, by SIGKILL, and ends as one that was let alone.
"""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from segmentation_pipeline.catalog.reading import load_catalog
from segmentation_pipeline.ingest.job import import_files
from segmentation_pipeline.ingest.mapping_file import load_mapping
from segmentation_pipeline.lake.store import DeltaStore

CATALOG = """
objects:
  contact:
    table: contacts
    key: contact_id
    fields:
      contact_id: {type: text, required: true, unique: true}
      email: {type: text, unique: true, normalise: lower, form: email}
      country: {type: text, required: true}
      status: {type: enum, values: [active, bounced]}
      age: {type: integer, minimum: 0, maximum: 130}
      do_not_contact: boolean
      seen_at: datetime
      tags: {type: list, of: text, from: {table: contact_tag_assignments, value: tag}}
      custom: {type: struct, from: {table: contact_custom_field_values}, fields: {score: integer}}
"""
MAPPING = """
table: contacts
time_zone: Europe/Berlin
columns:
  contact_id: id
  email: mail
  country: country
  status: status
  age: age
  do_not_contact: quiet
  seen_at: seen
  tags: {column: tags, split: ";"}
  custom.score: score
"""
HEADING = "id,mail,country,status,age,quiet,seen,tags,score"
ONE_IN = 100


def line(number: int, chance: random.Random) -> dict[str, str]:
    seen = datetime(2025, 6, 1) + timedelta(minutes=number % 100_000)
    return {
        "id": f"c{number}",
        "mail": f"p{number}@x.org",
        "country": chance.choice(("de", "fr", "it")),
        "status": "bounced" if number % 7 == 0 else "active",
        "age": str(number % 100),
        "quiet": "no",
        "seen": seen.isoformat(),
        "tags": "vip;new" if number % 97 == 0 else "",
        "score": str(number) if number % 53 == 0 else "",
    }


def spoilt(row: dict[str, str], number: int, kind: int, holder: int) -> str:
    """Spoil a row in one way; return the reason for which it must be rejected."""
    match kind:
        case 0:
            row["age"] = "old"
            return "`old` is not a whole number of 64 bits"
        case 1:
            row["status"] = "gone"
            return "`gone` is not in the list of `status` (active, bounced)"
        case 2:
            row["age"] = "-4"
            return "`-4` is below the minimum 0 of `age`"
        case 3:
            row["mail"] = f"p{number}.x.org"
            return f"`p{number}.x.org` is not an e-mail address, which `email` must be"
        case 4:
            row["country"] = ""
            return "`country` is required and missing"
        case 5:
            row["mail"] = f"P{holder}@X.org"
            return f"`p{holder}@x.org` already belongs to contact `c{holder}`, and `email` is unique"
        case 6:
            del row["score"]
            return "the line has 8 cells, the heading 9"
        case 7:
            row["seen"] = "2025-02-30T10:00:00"
            return ISO.format("2025-02-30T10:00:00")
        case 8:
            row["seen"] = "2025-03-30T02:30:00"
            return ISO.format("2025-03-30T02:30:00")
        case _:
            row["quiet"] = "maybe"
            return "`maybe` is neither true (true, t, yes, y, 1) nor false (false, f, no, n, 0)"


ISO = (
    "`{}` is not a time in ISO form, such as 2026-06-30T14:00:00Z; if it is written otherwise, say "
    "`date_order` or `format` in the mapping"
)


def generate(folder: Path, rows: int) -> dict[int, str]:
    """Write catalog, mapping and file; return the true reason of every bad row by its number."""
    (folder / "catalog.yaml").write_text(CATALOG)
    (folder / "mapping.yaml").write_text(MAPPING)
    chance = random.Random(20261121)
    bad = set(chance.sample(range(2, rows + 1), rows // ONE_IN))
    reasons: dict[int, str] = {}
    holder = 1
    with (folder / "people.csv").open("w", encoding="utf-8") as file:
        file.write(HEADING + "\n")
        for number in range(1, rows + 1):
            row = line(number, chance)
            if number in bad:
                reasons[number] = spoilt(row, number, len(reasons) % 10, holder)
            elif chance.random() < 0.01:
                holder = number
            file.write(",".join(row.values()) + "\n")
    return reasons


def load(folder: Path, lake: Path, batch_rows: int, progress=None):
    catalog = load_catalog(folder / "catalog.yaml")
    return import_files(
        DeltaStore(lake),
        catalog,
        "contacts",
        [folder / "people.csv"],
        load_mapping(folder / "mapping.yaml", catalog),
        time_zone="UTC",
        now=lambda: datetime(2026, 7, 1, tzinfo=UTC),
        batch_rows=batch_rows,
        progress=progress,
    )


def check_reasons(lake: Path, reasons: dict[int, str], rows: int) -> None:
    store = DeltaStore(lake)
    job = store.scan("import_jobs").collect().row(-1, named=True)
    assert (job["read"], job["rejected"]) == (rows, len(reasons))
    assert job["landed"] + job["rejected"] == rows
    assert (job["unchanged"], job["duplicates"], job["orphaned"]) == (0, 0, 0)
    found = store.scan("import_records").select("row_number", "reason").collect()
    assert found.height == len(reasons)
    assert dict(found.iter_rows()) == reasons
    assert store.scan("contacts").select(pl.len()).collect().item() == rows - len(reasons)


def test_every_bad_row_has_its_true_reason(tmp_path):
    reasons = generate(tmp_path, 20_000)
    load(tmp_path, tmp_path / "lake", 3_000)
    check_reasons(tmp_path / "lake", reasons, 20_000)


CHILD = """
import json, sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from test_bad_rows import load
told = lambda step: print(json.dumps([step.status, step.counts.batches]), flush=True)
load(Path(sys.argv[2]), Path(sys.argv[3]), 100_000, told)
"""
# While all rows are judged before the first is written, and then further and further on.
KILLS = (("validating", 0), ("processing", 1), ("processing", 3), ("processing", 6), ("processing", 8))


def run(folder: Path, lake: Path, kill: tuple[str, int] | None = None, wait: float = 0) -> int:
    """Import in a process of its own, killed ``wait`` seconds after it said ``kill``; return its status."""
    command = [sys.executable, "-c", CHILD, str(Path(__file__).parent), str(folder), str(lake)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]
    ) as process:
        assert process.stdout is not None
        for said in process.stdout:
            status, batches = json.loads(said)
            if kill is not None and status == kill[0] and batches >= kill[1]:
                try:
                    process.wait(wait)
                except subprocess.TimeoutExpired:
                    process.kill()
                break
        return process.wait()


@pytest.mark.integration
def test_a_million_rows_killed_five_times(tmp_path):
    rows = 1_000_000
    reasons = generate(tmp_path, rows)
    whole, lake = tmp_path / "whole", tmp_path / "lake"
    assert run(tmp_path, whole) == 0
    check_reasons(whole, reasons, rows)
    chance = random.Random(20261121)
    for kill in KILLS:
        assert run(tmp_path, lake, kill, chance.uniform(0, 0.6)) == -signal.SIGKILL
    assert run(tmp_path, lake) == 0
    check_reasons(lake, reasons, rows)
    ((job, attempts),) = DeltaStore(lake).scan("import_jobs").select("job", "attempts").collect().rows()
    assert (job, attempts) == ("import-000001", 6)
    for name in ("contacts", "contact_tag_assignments", "contact_custom_field_values", "import_records"):
        once, again = (DeltaStore(folder).scan(name).collect().sort(pl.all()) for folder in (whole, lake))
        assert_frame_equal(again, once)
    told = ("read", "landed", "rejected", "batches", "rejects", "status", "fingerprint")
    once, again = (DeltaStore(folder).scan("import_jobs").select(told).collect() for folder in (whole, lake))
    assert_frame_equal(again, once)
