from __future__ import annotations

import polars as pl
import pytest

from segmentation_pipeline.errors import ImportFailed
from segmentation_pipeline.ingest.batch import ROW
from segmentation_pipeline.ingest.dialect import detection
from segmentation_pipeline.ingest.mapping import FileFormat
from segmentation_pipeline.ingest.reading import window
from segmentation_pipeline.ingest.reading.source_file import open_source


@pytest.fixture
def read(tmp_path):
    def of(name, content, rows=100, **how):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        source = open_source(path, name, FileFormat(**how))
        return source, list(source.batches(rows, source.headings))

    return of


def cells(batches):
    return [row for batch in batches for row in batch.frame.drop(ROW).rows()]


def test_csv_is_text_and_empty_is_null(read):
    _, batches = read("a.csv", 'a,b\n1,"x, y"\n,"two\nlines"\n')
    assert cells(batches) == [("1", "x, y"), (None, "two\nlines")]


def test_a_byte_order_mark_is_no_part_of_the_heading(read):
    source, _ = read("a.csv", b"\xef\xbb\xbfa,b\n1,2\n")
    assert source.headings == ("a", "b")


def test_an_encoding_that_cannot_be_told_must_be_named(read):
    content = "a\nпривет\n".encode("windows-1251")
    with pytest.raises(ImportFailed, match="line 2 is not UTF-8, and as Windows-1252 it does not read"):
        read("a.csv", content)
    assert cells(read("a.csv", content, encoding="windows-1251")[1]) == [("привет",)]


def test_what_is_not_utf_8_after_the_part_that_was_looked_at_is_refused(read, monkeypatch):
    monkeypatch.setattr(detection, "ENCODED", 8)
    with pytest.raises(
        ImportFailed, match="not readable as utf-8: invalid start byte near line 22"
    ) as caught:
        read("a.csv", b"a\n" + b"x\n" * 20 + "Zürich\n".encode("windows-1252"))
    assert "encoding: windows-1252" in caught.value.hint


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "windows-1252", "utf-8-sig"])
def test_text_in_another_encoding_is_the_same(read, encoding):
    text = 'a,b\nZürich,"x\r\ny"\n1\n'
    _, (batch,) = read("a.csv", text.encode(encoding), encoding=encoding, rows=9)
    assert cells([batch]) == [("Zürich", "x\r\ny")]
    assert [line.text for line in batch.broken] == ["1"]


def test_a_line_without_end_is_refused(read, monkeypatch):
    monkeypatch.setattr(window, "_LONGEST_LINE", 1 << 21)
    with pytest.raises(ImportFailed, match="a line is longer than 2,097,152 bytes"):
        read("a.csv", "a,b\n" + "x" * (1 << 22))


def test_batches_are_bounded_and_rows_numbered_through(read):
    _, batches = read("a.csv", "a\n" + "x\n" * 5, rows=2)
    assert [batch.frame[ROW].to_list() for batch in batches] == [[1, 2], [3, 4], [5]]


def test_a_ragged_line_is_broken_and_the_others_stay(read):
    _, (batch,) = read("a.csv", "a,b\n1,2\n3\n4,5,6\n7,8\n")
    assert batch.frame[ROW].to_list() == [1, 4]
    assert [(line.row, line.reason) for line in batch.broken] == [
        (2, "the line has 1 cells, the heading 2"),
        (3, "the line has 3 cells, the heading 2"),
    ]
    assert batch.read == 4


def test_blanks_separate_where_asked(read):
    _, batches = read(
        "a.txt", " id  date \r\n 00001 19970101  \r\n\r\n 00002   19970102\r\n", separator="whitespace"
    )
    assert cells(batches) == [("00001", "19970101"), ("00002", "19970102")]


def test_a_file_without_a_heading_names_its_columns(read):
    source, batches = read("a.csv", "1;2\n3;4\n", separator=";", header=False, columns=["a", "b"])
    assert source.headings == ("a", "b")
    assert [batch.frame[ROW].to_list() for batch in batches] == [[1, 2]]


def test_null_values_are_the_mappings(read):
    assert cells(read("a.csv", "a,b\nNA,\n", null_values=["NA"])[1]) == [(None, "")]


def test_a_heading_that_stands_twice_is_refused(read):
    with pytest.raises(ImportFailed, match="`a` more than once"):
        read("a.csv", "a,b,a\n1,2,3\n")


def test_an_open_quote_is_refused_with_its_line(read):
    with pytest.raises(ImportFailed, match="not readable as CSV: unexpected end of data near line"):
        read("a.csv", 'a\n1\n"open\n')


@pytest.mark.parametrize("name", ["a.csv", "a.jsonl", "a.parquet"])
def test_an_empty_file_is_refused(read, name):
    with pytest.raises(ImportFailed, match="the file is empty"):
        read(name, "")


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(ImportFailed, match="there is no such file"):
        open_source(tmp_path / "none.csv", "none.csv", FileFormat())


def test_an_unknown_suffix_asks_for_the_format(read):
    with pytest.raises(ImportFailed, match=r"no format goes by `\.dat`") as caught:
        read("a.dat", "a\n1\n")
    assert "format: {type: csv}" in caught.value.hint
    assert cells(read("a.dat", "a\n1\n", type="csv")[1]) == [("1",)]


def test_json_lines_are_text_with_every_digit(read):
    row = '{"id": 17850.0, "n": 0.10000000000000000001, "b": true, "o": {"x": 1}, "l": ["a"]}'
    text = row + '\n{"id": "17850.0"}\n'
    source, batches = read("a.jsonl", text)
    assert source.headings == ("id", "n", "b", "o.x", "l")
    assert cells(batches) == [
        ("17850", "0.10000000000000000001", "true", "1", '["a"]'),
        ("17850.0", None, None, None, None),
    ]


def test_a_line_that_is_no_object_is_broken(read):
    _, (batch,) = read("a.ndjson", '{"a": 1}\n{"a": \n[1]\n')
    assert [line.row for line in batch.broken] == [2, 3]
    assert "not readable as JSON" in batch.broken[0].reason
    assert batch.broken[1].reason == "the line is not a JSON object"


def test_parquet_keeps_its_types_and_batches_across_row_groups(tmp_path):
    path = tmp_path / "a.parquet"
    pl.DataFrame({"a": range(10), "b": ["x"] * 10}).write_parquet(path, row_group_size=3)
    source = open_source(path, "a.parquet", FileFormat())
    batches = list(source.batches(4, ["a"]))
    assert [batch.frame["a"].to_list() for batch in batches] == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]
    assert [batch.frame[ROW].to_list()[0] for batch in batches] == [1, 5, 9]


def test_what_is_no_parquet_is_refused(read):
    with pytest.raises(ImportFailed, match="not readable as Parquet"):
        read("a.parquet", "hello, I am text")
