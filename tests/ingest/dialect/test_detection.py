"""How a CSV file is written is found out, shown, and overridden property by property."""

from __future__ import annotations

import pytest

from segmentation_pipeline.errors import ImportFailed
from segmentation_pipeline.ingest.dialect import detection


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_the_separator_is_what_divides_every_row(opened, separator):
    text = "name,city,note\nAnna,Rom,x\nBob,Bern,y\n".replace(",", separator)
    assert opened(text).rows == [("Anna", "Rom", "x"), ("Bob", "Bern", "y")]


def test_a_semicolon_file_may_have_decimal_commas(opened):
    found = opened("name;amount\nAnna;1,5\nBob;2,5\n")
    assert found.rows == [("Anna", "1,5"), ("Bob", "2,5")]
    assert found.shown["separator"] == "semicolon `;`"


def test_a_comma_in_one_cell_of_the_heading_decides_nothing(opened):
    assert opened("name;sales, net\nAnna;1\nBob;2\n").headings == ("name", "sales, net")


def test_two_separators_that_both_fit_are_asked_for(opened):
    with pytest.raises(ImportFailed, match=r"comma \(2 cells\), semicolon \(2 cells\)") as caught:
        opened("a;b,c\n1;2,3\n")
    assert "format: {separator:" in caught.value.hint
    assert opened("a;b,c\n1;2,3\n", separator=";").headings == ("a", "b,c")


def test_the_first_line_may_name_the_separator(opened):
    found = opened("sep=;\r\na;b,c\r\n1;2,3\r\n")
    assert found.headings == ("a", "b,c")
    assert found.rows == [("1", "2,3")]
    assert (found.how["separator"], found.shown["heading"]) == ("line 1 says `sep=;`", "line 2")


def test_a_tsv_file_is_divided_by_tabs_if_it_has_any(opened):
    assert opened("a\tb,c\n1\t2,3\n", "a.tsv").headings == ("a", "b,c")
    assert opened("a;b\n1;2\n", "a.tsv").headings == ("a", "b")


def test_apostrophes_are_quotes_where_the_heading_stands_in_them(opened):
    assert opened("'a','b'\n'x, y','it''s'\n").rows == [("x, y", "it's")]


def test_apostrophes_are_quotes_where_only_so_the_rows_are_whole(opened):
    assert opened("a,b\n'x, y',z\n").rows == [("x, y", "z")]
    assert opened("a,b\n'x',z\n").rows == [("'x'", "z")]


def test_titles_above_the_heading_are_passed_over(opened):
    text = "Report of January\n,,\n\n# made by hand, on a Sunday\nname,city,note\nAnna,Rom,x\n"
    found = opened(text)
    assert found.rows == [("Anna", "Rom", "x")]
    assert found.shown["heading"] == "line 5"


def test_a_title_that_looks_like_a_heading_is_declared(opened):
    text = "Report,January\nname,city,note\n" + "Anna,Rom,x\n" * 3
    with pytest.raises(ImportFailed, match="line 1, the heading, has 2 cells, and all lines below it have 3"):
        opened(text)
    assert len(opened(text, skip_lines=1).rows) == 3


def test_lines_are_skipped_whatever_they_hold(opened):
    found = opened('a "broken title\nname,city\nAnna,Rom\n', skip_lines=1)
    assert found.rows == [("Anna", "Rom")]


@pytest.mark.parametrize("first", ["1,2,3", "Anna,anna@example.com,Rom", "Anna,Rom,2026-01-01"])
def test_a_first_line_of_data_asks_for_the_heading(opened, first):
    text = f"{first}\nBob,x,Bern\n"
    with pytest.raises(ImportFailed, match="line 1 stands where the heading should") as caught:
        opened(text)
    assert "header: false" in caught.value.hint
    assert len(opened(text, header=False, columns=["a", "b", "c"]).rows) == 2
    assert len(opened(text, header=True).rows) == 1


def test_years_may_head_columns(opened):
    assert opened("state,2009,2010\nKS,1,2\n").headings == ("state", "2009", "2010")


def test_a_heading_may_have_newlines_in_quotes(opened):
    found = opened('"first\nname",city\nAnna,Rom\n')
    assert found.headings == ("first\nname", "city")
    assert found.rows == [("Anna", "Rom")]


def test_a_column_without_a_name_is_called_by_its_place(opened):
    found = opened("a,,b,\n1,2,3,4\n")
    assert found.headings == ("a", "column 2", "b", "column 4")
    assert found.shown["columns without a name"] == "column 2, column 4"


@pytest.mark.parametrize(
    "text", ["a,b,a\n1,2,3\n", "a, a\n1,2\n", "x,column 3,\n1,2,3\n", ",x,column 1\n1,2,3\n"]
)
def test_a_name_that_stands_twice_is_refused(opened, text):
    with pytest.raises(ImportFailed, match="more than once") as caught:
        opened(text)
    assert "columns: [...]" in caught.value.hint


@pytest.mark.parametrize(
    ("end", "shown"), [("\n", "LF"), ("\r\n", "CRLF"), ("\r", "CR")], ids=["lf", "crlf", "cr"]
)
def test_lines_end_as_they_do(opened, end, shown):
    found = opened(f'a,b{end}1,"x{end}y"{end}')
    assert found.rows == [("1", f"x{end}y")]
    assert found.shown["line ends"] == shown


def test_a_row_with_a_null_byte_is_broken_and_the_others_stay(opened):
    found = opened(b"a,b\n1,2\n\0,3\n4,5\n")
    assert found.rows == [("1", "2"), ("4", "5")]
    assert [(line.row, line.text, line.reason) for line in found.broken] == [
        (2, "\0,3", "cell 1 has a null byte")
    ]


def test_a_heading_with_a_null_byte_is_refused(opened):
    with pytest.raises(ImportFailed, match="the heading, has a null byte") as caught:
        opened(b"a\0,b\n1,2\n")
    assert "utf-16-le" in caught.value.hint


def test_a_million_columns_are_refused(opened):
    with pytest.raises(ImportFailed, match="the heading, has 1,000,000 cells") as caught:
        opened(",".join(f"c{at}" for at in range(1_000_000)) + "\n1\n")
    assert caught.value.allowed == ("up to 10,000 columns",)


def test_a_row_of_a_million_cells_is_broken(opened):
    found = opened("a,b\n1,2\n" + "x," * 1_000_000 + "\n3,4\n")
    assert found.rows == [("1", "2"), ("3", "4")]
    assert found.broken[0].reason == "the line has 1000001 cells, the heading 2"


def test_a_cell_that_is_too_long_is_refused_with_its_line(opened):
    found = opened("a,b\n1,2\n3," + "x" * (1 << 24) + "xx\n")
    with pytest.raises(ImportFailed, match=r"field larger than field limit \(16777216\) near line 3"):
        _ = found.rows


def test_a_first_line_without_end_is_refused(opened, monkeypatch):
    monkeypatch.setattr(detection, "ENCODED", 1 << 19)
    with pytest.raises(ImportFailed, match="the first line is longer than 524,288 bytes"):
        opened("x" * (1 << 20))


def test_a_heading_longer_than_the_sample_is_read_whole(opened, monkeypatch):
    monkeypatch.setattr(detection, "SAMPLE", 16)
    names = [f"column number {at}" for at in range(50)]
    assert opened(",".join(names) + "\n" + "x," * 49 + "x\n").headings == tuple(names)


def test_a_quote_cut_by_the_end_of_the_sample_is_no_fault(opened, monkeypatch):
    monkeypatch.setattr(detection, "SAMPLE", 16)
    assert opened('a,b\n1,"a long\ncell of\nsome lines"\n').rows == [("1", "a long\ncell of\nsome lines")]


def test_every_property_is_shown_with_how_it_is_known(opened):
    found = opened("a;b\n1;2\n", separator=";", encoding="latin-1", header=True, quote="")
    assert found.source.dialect == (
        ("encoding", "iso8859-1", "declared"),
        ("separator", "semicolon `;`", "declared"),
        ("quote", "none", "declared"),
        ("line ends", "LF", "as they stand in the sample"),
        ("heading", "line 1", "declared"),
    )
