"""The writer: what it writes reads back to the same texts, and always looks the same."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from segmentation_pipeline.documents import Mapping, Scalar, Sequence, read_documents
from segmentation_pipeline.errors import Position
from segmentation_pipeline.rules.dialects.canonical import write_definition

AT = Position("x", 1, 1)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=200) | st.sampled_from(
    [
        "no",
        "null",
        "~",
        "012",
        "12:30",
        "2026-01-01",
        "- a",
        "a: b",
        "#",
        "=",
        "<<",
        "!x",
        "&a",
        "*a",
        "  ",
        "a\nb",
        "\x85",
    ]
)


def _texts(node) -> list[str]:
    if isinstance(node, Scalar):
        return [f"{node.text}|{node.is_null}"]
    parts = node.items if isinstance(node, Sequence) else [part for entry in node.entries for part in entry]
    return [text for part in parts for text in _texts(part)]


@settings(max_examples=150, deadline=None)
@given(st.lists(TEXTS, min_size=1, max_size=5))
def test_any_text_reads_back(words):
    values = Sequence(tuple(Scalar(word, quoted=True, at=AT) for word in words), AT)
    leaf = Mapping(((Scalar("field", True, AT), values.items[0]), (Scalar("value", True, AT), values)), AT)
    group = Mapping(((Scalar("any", True, AT), Sequence((leaf, leaf), AT)),), AT)
    node = Mapping(((Scalar("where", True, AT), group),), AT)
    written = write_definition(node)
    assert _texts(read_documents(written, "x")[0]) == _texts(node)
    assert write_definition(read_documents(written, "x")[0]) == written


def test_groups_are_blocks_and_conditions_are_lines():
    text = """\
segment: a
object: session
where:
  all:
    - {field: score, operator: in, value: [1, 2]}
    - not:
        any:
          - {segment: vip}
          - {event: purchase, where: {field: revenue, operator: less_than, value: '5'}, within: last 30 days}
    - on: company
      where: {field: size, operator: equals, value: small}
exclude: {segment: trial}
"""
    assert write_definition(read_documents(text, "x")[0]) == text


def test_what_no_quotes_marked_stays_without():
    text = "where: {field: a, operator: in, value: [012, no, 5, 1e3]}\n"
    assert write_definition(read_documents(text, "x")[0]) == text
