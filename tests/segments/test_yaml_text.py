"""Edits of YAML texts: every byte that is not meant stays."""

from __future__ import annotations

import pytest

from segmentation_pipeline.documents import read_documents
from segmentation_pipeline.segments.yaml_text import YamlText, get, written


def keys(text):
    source = YamlText.read(text)
    return source, get(source.documents[0], "keys")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("keys: []\n", "keys: [x, y]\n"),
        ("keys: [a]  # few\n", "keys: [a, x, y]  # few\n"),
        ("keys: [a, b,]\n", "keys: [a, b, x, y,]\n"),
        ("keys:\n- a # first\n", "keys:\n- a # first\n- x\n- y\n"),
        ("keys:\n    - a\n\n# end\nlast: 1\n", "keys:\n    - a\n    - x\n    - y\n\n# end\nlast: 1\n"),
        ("keys:\n  - a", "keys:\n  - a\n  - x\n  - y"),
        ("keys:\r\n  - é\r\nlast: ü\r\n", "keys:\r\n  - é\r\n  - x\r\n  - y\r\nlast: ü\r\n"),
        ("keys: [\n  a,  # one\n  b\n]\n", "keys: [\n  a,  # one\n  b,\n  x,\n  y\n]\n"),
        ("keys: [\n  a,\n  b,  # two\n]\n", "keys: [\n  a,\n  b,  # two\n  x,\n  y,\n]\n"),
        ("# 😀 é\nkeys:\n  - '😀'\n", "# 😀 é\nkeys:\n  - '😀'\n  - x\n  - y\n"),
    ],
)
def test_items_are_written_after_the_last_in_the_style_of_the_list(before, after):
    source, items = keys(before)
    assert source.applied(source.append(items, ["x", "y"])) == after
    assert read_documents(after, "x")[0].plain["keys"][-2:] == ["x", "y"]


@pytest.mark.parametrize(
    ("before", "gone", "after"),
    [
        ("keys: [a, b, c]\n", [0], "keys: [b, c]\n"),
        ("keys: [a, b, c]\n", [1], "keys: [a, c]\n"),
        ("keys: [a, b, c]\n", [1, 2], "keys: [a]\n"),
        ("keys: [a, b, c]\n", [0, 2], "keys: [b]\n"),
        ("keys: [a]\n", [0], "keys: []\n"),
        ("keys:\n  - a  # one\n  # about b\n  - b\n", [0], "keys:\n  # about b\n  - b\n"),
        ("keys:\n  - a\n  # about b\n  - b # two\nlast: 1\n", [1], "keys:\n  - a\n  # about b\nlast: 1\n"),
        ("keys: # all\n  - a\n  - b\nlast: 1\n", [0, 1], "keys: [] # all\nlast: 1\n"),
        ("keys:\n  - a", [0], "keys: []\n"),
        ("keys: [\n  a,  # one\n  # about b\n  b\n]\n", [0], "keys: [\n  # about b\n  b\n]\n"),
        ("keys: [\n  a,\n  b, c\n]\n", [1, 2], "keys: [\n  a\n]\n"),
        ("keys: [\n  a,\n  b\n]\n", [1], "keys: [\n  a,\n]\n"),
        ("keys:\n  - {k: a,\n     v: 1}\n  - {k: b}\n", [0], "keys:\n  - {k: b}\n"),
    ],
)
def test_items_go_and_the_comments_of_others_stay(before, gone, after):
    source, items = keys(before)
    assert source.applied(source.remove(items, gone)) == after
    left = [
        item for number, item in enumerate(read_documents(before, "x")[0].plain["keys"]) if number not in gone
    ]
    assert read_documents(after, "x")[0].plain["keys"] == left


@pytest.mark.parametrize(
    "text", ["c-0042", "012", "no", "~", "a: b", "# x", "é", 'q"', "12:30", "", "a,b", "-x"]
)
def test_a_key_reads_back_as_itself(text):
    for line in (f"keys: [{written(text)}]", f"keys:\n- {written(text)}"):
        assert read_documents(line, "x")[0].get("keys").items[0].text == text
        assert not read_documents(line, "x")[0].get("keys").items[0].is_null
