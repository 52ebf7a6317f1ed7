from __future__ import annotations

import pytest

from segmentation_pipeline.errors import ImportFailed
from segmentation_pipeline.ingest.dialect.encodings import check_encoding, find_encoding


@pytest.mark.parametrize(
    ("text", "written", "found"),
    [
        ("a,b\n1,2\n", "ascii", "utf-8"),
        ("a,b\nZürich,Łódź\n", "utf-8", "utf-8"),
        ("a,b\nZürich\n", "utf-8-sig", "utf-8"),
        ("a,b\nZürich\n", "utf-16", "utf-16"),
        ("a,b\nZürich\n", "utf-16-le", "utf-16-le"),
        ("a,b\nЮра,привет\n", "utf-16-be", "utf-16-be"),
        ("a\r\n日本\r\n", "utf-16-le", "utf-16-le"),
        ("a,b\nZürich\n", "utf-32", "utf-32"),
        ("a,b\nZürich,garçon\n", "windows-1252", "windows-1252"),
        ("a\n“Zitat” – l’été O´Brien 5 €\n", "windows-1252", "windows-1252"),
        ("a\nZürich\n", "latin-1", "windows-1252"),
    ],
)
def test_what_can_be_told_is_told(text, written, found):
    assert find_encoding(text.encode(written), "a.csv", whole=True)[0] == found


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("a\nпривет\n", "windows-1251"),
        ("a\ncafé,garçon\n", "cp850"),
        ("a\ncafé\n", "mac-roman"),
        ("a\nŁódź,Wałęsa\n", "windows-1250"),
        ("a\n日本語\n", "shift-jis"),
        ("a\n东京,中国\n", "gbk"),
    ],
)
def test_what_reads_like_no_western_text_is_asked_for(text, written):
    with pytest.raises(ImportFailed, match="line 2 is not UTF-8") as caught:
        find_encoding(text.encode(written), "a.csv", whole=True)
    assert "windows-1252" in caught.value.allowed
    assert "format: {encoding:" in caught.value.hint


def test_two_encodings_in_one_file_are_refused():
    mixed = "a\nZürich\n".encode() + "Zürich\n".encode("windows-1252")
    with pytest.raises(ImportFailed, match="line 3 is not UTF-8, and other places are"):
        find_encoding(mixed, "a.csv", whole=True)


def test_a_character_cut_by_the_end_of_the_sample_is_no_fault():
    start = "é\nZü".encode()[:-1]
    assert find_encoding(start, "a.csv", whole=False)[0] == "utf-8"
    with pytest.raises(ImportFailed):
        find_encoding(start, "a.csv", whole=True)


def test_a_null_byte_alone_makes_no_utf_16():
    assert find_encoding(b"a,b,c\n\0,2,3\n", "a.csv", whole=True)[0] == "utf-8"


@pytest.mark.parametrize("name", ["utf8", "UTF-8", "latin-1", "cp1252"])
def test_any_text_encoding_can_be_declared(name):
    assert check_encoding(name, "a.csv")


@pytest.mark.parametrize("name", ["klingon", "base64", "a\0b"])
def test_what_is_no_encoding_is_refused(name):
    with pytest.raises(ImportFailed, match="is no encoding"):
        check_encoding(name, "a.csv")
