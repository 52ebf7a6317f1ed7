"""Every file of csv-spectrum and of csvkit's examples lands cell by cell, or is refused with its reason.

A file that no table below names must land whole. What it should hold is csv-spectrum's own JSON, or what
Python's reader makes of it, told how the file is written by hand.
"""

from __future__ import annotations

import bz2
import csv
import gzip
import io
import json
import os
import unicodedata
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import pytest

from segmentation_pipeline.catalog.reading import read_catalog
from segmentation_pipeline.documents import read_documents
from segmentation_pipeline.errors import ImportFailed
from segmentation_pipeline.ingest.job import import_files
from segmentation_pipeline.ingest.mapping import FileFormat, Source, SourceMapping
from segmentation_pipeline.ingest.reading.source_file import open_source
from segmentation_pipeline.lake.store import DeltaStore

FOLDER = os.environ.get("SEGMENTATION_REAL_DATA")
pytestmark = [
    pytest.mark.integration,
    pytest.mark.real,
    pytest.mark.skipif(FOLDER is None, reason="SEGMENTATION_REAL_DATA is not set"),
]
ROOT = Path(FOLDER or "/nowhere") / "messy_csv"
FILES = sorted(path for path in ROOT.rglob("*") if path.is_file())


class Written(NamedTuple):
    """How a file is written, as somebody who looked at it says."""

    encoding: str = "utf-8-sig"
    separator: str = ","
    rows_above: int = 0


WRITTEN = {
    "dummy.tsv": Written(separator="\t"),
    "sniff_limit.csv": Written(separator=";"),
    "event-notification-rpt-lastmonth.txt": Written(separator="|"),
    "test_latin1.csv": Written(encoding="latin-1"),
    "test_utf16_big.csv": Written(encoding="utf-16"),
    "test_utf16_little.csv": Written(encoding="utf-16"),
    "Datagov_FY10_EDU_recp_by_State.csv": Written(rows_above=2),
}
"""The others are UTF-8 with commas; blank lines are no rows."""

REFUSED = {
    "COPYING": "no format goes by ``",
    "dummy.xlsx": r"the file is an Excel workbook \(\.xlsx\)",
    "empty.csv": "the file has no rows",
    "no_header_row.csv": "line 1 stands where the heading should, and `1` reads like data",
    "no_header_row2.csv": "line 1 stands where the heading should, and `4` reads like data",
    "no_header_row3.csv": "line 1 stands where the heading should, and `1` reads like data",
    ".json": r"no format goes by `\.json`",
}
"""By name or suffix. (csv-spectrum has an `empty.csv` too, which is not empty.)"""

REJECTED = {
    "bad.csv": {1: "the line has 4 cells, the heading 3", 2: "the line has 2 cells, the heading 3"},
    "bad_skip_lines.csv": {
        1: "the line has 4 cells, the heading 3",
        2: "the line has 2 cells, the heading 3",
    },
    "join_a_short.csv": {1: "the line has 2 cells, the heading 3", 2: "the line has 1 cells, the heading 3"},
    "null_byte.csv": {1: "cell 1 has a null byte"},
    "test_empty_columns.csv": {2: "the line has 4 cells, the heading 5"},
    "test_empty_columns_long_row.csv": {1: "the line has 4 cells, the heading 3"},
    "test_empty_columns_short_row.csv": {1: "the line has 2 cells, the heading 3"},
    "test_extra_header.csv": {1: "the line has 3 cells, the heading 4"},
    "test_join_short_rows.csv": {
        1: "the line has 2 cells, the heading 3",
        2: "the line has 2 cells, the heading 3",
    },
}
"""Rows, by their number, that do not land; all others of these files do."""


def named(path):
    return path.relative_to(ROOT).as_posix()


def refusal(path):
    if path.parent.name == "csvs":
        return None
    return REFUSED.get(path.name) or REFUSED.get(path.suffix)


def expected(path):
    """The heading and the rows that should land, as a reader told how the file is written gives them."""
    if path.parent.name == "csvs":
        objects = json.loads((path.parents[1] / "json" / f"{path.stem}.json").read_text(encoding="utf8"))
        return list(objects[0]), [list(row.values()) for row in objects]
    how = WRITTEN.get(path.name, Written())
    unpack = {".gz": gzip.decompress, ".bz2": bz2.decompress}.get(path.suffix, bytes)
    text = unpack(path.read_bytes()).decode(how.encoding)
    rows = [row for row in csv.reader(io.StringIO(text, newline=""), delimiter=how.separator) if row]
    heading, *rows = rows[how.rows_above :]
    heading = [name.strip() or f"column {at}" for at, name in enumerate(heading, 1)]
    return heading, [row for at, row in enumerate(rows, 1) if at not in REJECTED.get(path.name, {})]


def project(width):
    """A catalog with an event of as many texts as the file has columns, and the mapping from ``headings``."""
    fields = {f"c{at}": "text" for at in range(width)}
    return read_catalog(
        read_documents(
            f"""
objects:
  contact: {{table: contacts, key: contact_id, born: created_at, events: [lines],
             fields: {{contact_id: {{type: text, required: true, unique: true}}, created_at: datetime}}}}
events:
  lines:
    table: lines
    key: contact_id
    type: kind
    time: at
    id: line_id
    orphans: lines_orphaned
    fields: {{line_id: {{type: text, required: true}}, contact_id: text, kind: text, at: datetime}}
    types: {{line: {{fields: {json.dumps(fields)}}}}}
""",
            "catalog.yaml",
        )[0]
    )


def as_named(path, folder):
    """The file, or one with its carriage returns, if its name has them and they were lost on the way."""
    content = path.read_bytes()
    if not path.stem.endswith("_crlf") or b"\r" in content:
        return path
    restored = folder / path.name
    restored.write_bytes(content.replace(b"\n", b"\r\n"))
    return restored


def stored_as(cell):
    return unicodedata.normalize("NFC", cell) or None


@pytest.mark.parametrize("path", FILES, ids=named)
def test_a_file_lands_exactly_or_says_why_not(path, tmp_path):
    reason = refusal(path)
    if reason is not None:
        with pytest.raises(ImportFailed, match=reason) as caught:
            open_source(path, path.name, FileFormat())
        assert caught.value.hint
        return
    headings, rows = expected(path)
    path = as_named(path, tmp_path)
    assert list(open_source(path, path.name, FileFormat()).headings) == headings
    constants = {
        "contact_id": Source(constant="nobody"),
        "kind": Source(constant="line"),
        "at": Source(constant="2026-01-01"),
    }
    cells = {f"c{at}": Source(column=heading) for at, heading in enumerate(headings)}
    store = DeltaStore(tmp_path / "lake")
    job = import_files(
        store,
        project(len(headings)),
        "lines",
        [path],
        SourceMapping(table="lines", columns=constants | cells),
        time_zone="UTC",
        now=lambda: datetime(2026, 7, 1, tzinfo=UTC),
    )
    rejected = REJECTED.get(path.name, {})
    assert {reject.row: reject.reason for reject in job.rejects} == rejected
    assert (job.read, job.rejected) == (len(rows) + len(rejected), len(rejected))
    found = store.scan("lines_orphaned").select(list(cells)).collect().rows() if rows else []
    order = [str(row) for row in found]
    assert sorted(order) == sorted(str(tuple(stored_as(cell) for cell in row)) for row in rows)
    if rejected:
        records = store.scan("import_records").select("row_number", "row").collect()
        assert set(records["row_number"]) == set(rejected)
        assert all(records["row"])


def test_every_file_of_the_tables_is_there():
    names = {path.name for path in FILES}
    assert {*REJECTED, *WRITTEN, *(name for name in REFUSED if not name.startswith("."))} <= names
