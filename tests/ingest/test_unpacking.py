from __future__ import annotations

import bz2
import gzip
import io

import pyarrow as pa
import pytest

from segmentation_pipeline.errors import ImportFailed
from segmentation_pipeline.ingest.batch import ROW
from segmentation_pipeline.ingest.mapping import FileFormat
from segmentation_pipeline.ingest.reading import window
from segmentation_pipeline.ingest.reading.source_file import open_source

TEXT = 'a,b\n1,"x, y"\n2,Zürich\n'.encode()
ROWS = [("1", "x, y"), ("2", "Zürich")]
PACK = {
    "gzip": gzip.compress,
    "bz2": bz2.compress,
    "zstd": lambda text: pa.compress(text, codec="zstd", asbytes=True),
}


@pytest.fixture
def rows(tmp_path):
    def of(name, content, **how):
        path = tmp_path / name
        path.write_bytes(content)
        source = open_source(path, name, FileFormat(**how))
        return [row for batch in source.batches(10, source.headings) for row in batch.frame.drop(ROW).rows()]

    return of


@pytest.mark.parametrize("packing", PACK)
@pytest.mark.parametrize("name", ["a.csv", "a.csv.gz"])
def test_content_says_what_a_file_is_packed_with(rows, packing, name):
    if name == "a.csv.gz" and packing != "gzip":
        with pytest.raises(ImportFailed, match=r"is called `\.gz`, and its content is not gzip"):
            rows(name, PACK[packing](TEXT))
    else:
        assert rows(name, PACK[packing](TEXT)) == ROWS


@pytest.mark.parametrize("packing", PACK)
def test_several_parts_are_one_file(rows, packing):
    assert rows("a.csv", PACK[packing](TEXT[:9]) + PACK[packing](TEXT[9:])) == ROWS


@pytest.mark.parametrize("packing", PACK)
@pytest.mark.parametrize("share", [0.1, 0.5, 0.99])
def test_a_packed_file_that_is_cut_off_is_refused(rows, packing, share):
    whole = PACK[packing](b"a,b\n" + b"".join(b"%d,%d\n" % (at, at * at) for at in range(2000)))
    with pytest.raises(ImportFailed, match="damaged or cut off"):
        rows("a.csv", whole[: int(len(whole) * share)])


def test_json_lines_are_unpacked_too(rows):
    assert rows("a.jsonl.gz", gzip.compress(b'{"a": 1}\n{"a": 2}\n')) == [("1",), ("2",)]


def test_packing_may_be_declared(rows):
    with pytest.raises(ImportFailed, match="damaged or cut off: not readable as gzip"):
        rows("a.csv", TEXT, compression="gzip")
    assert rows("a.csv.gz", TEXT, compression="none") == ROWS


@pytest.mark.parametrize(
    ("start", "what"),
    [
        (b"PK\x03\x04" + b"\0" * 26 + b"[Content_Types].xml", "an Excel workbook (.xlsx)"),
        (b"PK\x03\x04 other", "a ZIP archive"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Office document"),
        (b"%PDF-1.4", "a PDF document"),
        (b"SQLite format 3\0", "a SQLite database"),
        (b"\n<!DOCTYPE HTML><html>", "a web page"),
        (b"\xfd7zXZ\0", "compressed with xz"),
    ],
)
@pytest.mark.parametrize("name", ["a.csv", "a.xlsx"])
def test_what_is_no_table_of_text_is_refused_by_its_name(rows, start, what, name):
    with pytest.raises(ImportFailed) as caught:
        rows(name, start)
    assert caught.value.what.startswith(f"the file is {what}")
    assert caught.value.allowed == ("CSV", "JSON lines", "Parquet")
    assert caught.value.hint


def test_parquet_is_known_by_its_content(rows):
    file = io.BytesIO()
    pa.parquet.write_table(pa.table({"a": [1]}), file)
    assert rows("a.csv", file.getvalue()) == [(1,)]
    with pytest.raises(ImportFailed, match="Parquet inside gzip is not read"):
        rows("a.parquet.gz", gzip.compress(file.getvalue()))


@pytest.mark.parametrize("name", ["a.csv", "a.jsonl"])
def test_a_bomb_without_lines_ends_early(rows, name, monkeypatch):
    monkeypatch.setattr(window, "_LONGEST_LINE", 1 << 21)
    packed = gzip.compress(b'a,b\n1,"2' + b"0" * (1 << 26), 1)
    with pytest.raises(ImportFailed, match="longer than"):
        rows(f"{name}.gz", packed)


def test_a_packed_file_with_nothing_in_it_is_refused(rows):
    with pytest.raises(ImportFailed, match="the gzip file has nothing in it"):
        rows("a.csv.gz", gzip.compress(b""))
