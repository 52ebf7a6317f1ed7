"""Whatever bytes a file has: rows, or one of our errors, soon, and nothing written outside the lake."""

from __future__ import annotations

import bz2
import csv
import gzip
import io
import threading

import polars as pl
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from segmentation_pipeline.errors import ImportFailed, SegmentationError
from segmentation_pipeline.ingest.batch import ROW
from segmentation_pipeline.ingest.mapping import FileFormat
from segmentation_pipeline.ingest.reading.source_file import open_source

SECONDS = 20
QUICK = settings(
    max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
NAMES = st.sampled_from(["a.csv", "a.tsv", "a.txt", "a.jsonl", "a.parquet", "a.csv.gz", "a.csv.zst", "a.xyz"])
PACK = {
    "none": bytes,
    "gzip": lambda text: gzip.compress(text, 1),
    "bz2": bz2.compress,
    "zstd": lambda text: pa.compress(text, codec="zstd", asbytes=True),
}
PIECES = st.sampled_from(
    [
        *(b"a,b\n", b"1;2\r", b'"', b"'", b"\0", b"\r\n", b",", b"\t", b"|", b'""', b"sep=;\n", b"#"),
        *(b"\xff\xfe", b"\xef\xbb\xbf", b"\xe9", b"\xc3\xa9", b"\xe2\x80\xa8", b"\x85"),
        *(b"{", b"}", b'{"a": ', b"[", b"]", b"\\u", b"\\ud800", b"NaN", b"1e999"),
        *(b"PAR1", b"\x1f\x8b\x08", b"BZh9", b"1,234", b"01/02/2026", b"import: row number"),
    ]
)
BYTES = st.one_of(st.binary(max_size=300), st.lists(PIECES, max_size=30).map(b"".join))
CELLS = st.text(st.sampled_from("ab é\u2028'\"#,;|\t\n\r/.0"), max_size=8)


def watched(work):
    """Run ``work`` beside a watchdog: what hangs fails, what is no error of ours is raised."""
    result = []

    def run():
        try:
            result.append((work(), None))
        except BaseException as error:  # noqa: BLE001 — a panic of a library is one, and must show
            result.append((None, error))

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(SECONDS)
    assert result, f"not done after {SECONDS} s"
    value, error = result[0]
    if error is not None:
        raise error
    return value


def outcome(work):
    """What ``work`` gives, or the error of ours that it ends in."""
    try:
        return watched(work)
    except SegmentationError as error:
        return error


def rows_of(path, declared=None):
    """Every row of a file, and the numbers of its broken lines."""
    source = open_source(path, path.name, declared or FileFormat())
    rows, broken = [], []
    for batch in source.batches(7, source.headings):
        rows += batch.frame.drop(ROW).rows()
        broken += [line.row for line in batch.broken]
    return rows, broken


@QUICK
@given(content=BYTES, name=NAMES, packing=st.sampled_from(sorted(PACK)))
def test_any_bytes_are_rows_or_an_error(tmp_path, content, name, packing):
    path = tmp_path / name
    path.write_bytes(PACK[packing](content))
    assert str(outcome(lambda: rows_of(path))).startswith(("(", name))


@st.composite
def tables(draw):
    width = draw(st.integers(2, 4))
    row = st.lists(CELLS, min_size=width, max_size=width)
    return [["name", "city", "note", "more"][:width], *draw(st.lists(row, min_size=1, max_size=6))]


@st.composite
def dialects(draw):
    return {
        "separator": draw(st.sampled_from([",", ";", "\t", "|", "~"])),
        "quote": draw(st.sampled_from(['"', "'"])),
        "encoding": draw(st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])),
        "compression": draw(st.sampled_from(sorted(PACK))),
    }


def write(path, table, how, quoting, end):
    text = io.StringIO()
    writer = csv.writer(
        text, delimiter=how["separator"], quotechar=how["quote"], quoting=quoting, lineterminator=end
    )
    writer.writerows(table)
    path.write_bytes(PACK[how["compression"]](text.getvalue().encode(how["encoding"])))


def as_read(table):
    return [tuple(cell or None for cell in row) for row in table[1:]]


@QUICK
@given(
    table=tables(),
    how=dialects(),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
)
def test_a_declared_dialect_is_read_back(tmp_path, table, how, end):
    path = tmp_path / "a.csv"
    # Python's writer leaves a carriage return bare where it ends no line.
    quoting = csv.QUOTE_MINIMAL if end == "\r\n" else csv.QUOTE_ALL
    write(path, table, how, quoting, end)
    declared = FileFormat(**how, header=True, skip_lines=0)
    assert watched(lambda: rows_of(path, declared)) == (as_read(table), [])


@QUICK
@given(table=tables(), how=dialects(), end=st.sampled_from(["\n", "\r\n", "\r"]))
def test_a_detected_dialect_is_read_back_or_asked_for(tmp_path, table, how, end):
    assume(how["separator"] != "~")
    path = tmp_path / "a.csv"
    write(path, table, how, csv.QUOTE_ALL, end)
    found = outcome(lambda: rows_of(path))
    # Two separators may be in every row alike; UTF-16 without a mark may have no line to tell it by.
    assert found == (as_read(table), []) or found.hint


@pytest.mark.parametrize("packing", ["gzip", "bz2", "zstd"])
@QUICK
@given(share=st.floats(0.05, 0.999))
def test_a_packed_file_that_is_cut_is_refused(tmp_path, packing, share):
    packed = PACK[packing](b"a,b\n" + b"".join(b"%d,%d\n" % (at, at * at) for at in range(500)))
    path = tmp_path / "a.csv"
    path.write_bytes(packed[: int(len(packed) * share)])
    with pytest.raises(ImportFailed):
        watched(lambda: rows_of(path))


@pytest.mark.parametrize("name", ["a.csv", "a.jsonl", "a.parquet"])
@QUICK
@given(share=st.floats(0, 1))
def test_what_is_read_of_a_file_that_is_cut_is_its_beginning(tmp_path, name, share):
    frame = pl.DataFrame({"a": [f"row {at}" for at in range(50)], "b": ["x, y"] * 50})
    path = tmp_path / name
    {"a.csv": frame.write_csv, "a.jsonl": frame.write_ndjson, "a.parquet": frame.write_parquet}[name](path)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * share)])
    found = outcome(lambda: rows_of(path))
    if isinstance(found, ImportFailed):
        return
    rows, broken = found
    # The last row may be cut in a place where it still is one.
    assert rows[:-1] == frame.rows()[: max(len(rows) - 1, 0)]
    assert len(broken) <= 1


@settings(parent=QUICK, max_examples=15)
@given(content=BYTES, key=st.sampled_from(["../../x", "/etc/x", "a\\..\\b", "C:x", "%2e%2e/x", "."]))
def test_nothing_is_written_outside_the_lake(lake, content, key):
    path = lake.folder / "in" / "a.csv"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(f"contact_id,first_name\n{key},\n".encode() + content)
    before = outside(lake)
    assert outcome(lambda: lake.load("contacts", path))
    assert outside(lake) == before


def outside(lake):
    """Every file that is not in the lake, with its content's time."""
    root = lake.folder / "lake"
    files = [file for file in lake.folder.rglob("*") if file.is_file() and root not in file.parents]
    beside = dict.fromkeys(lake.folder.parent.iterdir(), 0)
    return beside | {file: file.stat().st_mtime_ns for file in files}
