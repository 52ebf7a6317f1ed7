"""Writes a definition as YAML: conditions on one line, groups as blocks, always the same text."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING

import yaml
import yaml.emitter
import yaml.resolver

from segmentation_pipeline.documents import Mapping, Node, Scalar, Sequence

if TYPE_CHECKING:
    from collections.abc import Iterator

WIDTH = 110
_BLOCKS = {"all", "any", "not", "on"}
_BREAKS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff]")
_PLAIN = yaml.resolver.Resolver().yaml_implicit_resolvers


class _Emitter(yaml.emitter.Emitter):
    """Indents the items of a sequence below their key."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002 — its signature
        super().increase_indent(flow, False)


def write_definition(node: Mapping) -> str:
    """Return the YAML of a definition or of a part of one; it reads back to the same nodes.

    >>> from segmentation_pipeline.documents import read_documents
    >>> print(
    ...     write_definition(read_documents('{"where": {"all": [{"field": "a", "value": "5"}]}}', "x")[0]),
    ...     end="",
    ... )
    where:
      all:
        - {field: a, value: '5'}
    """
    out = io.StringIO()
    emitter = _Emitter(out, width=WIDTH, allow_unicode=True)
    for event in (
        yaml.StreamStartEvent(),
        yaml.DocumentStartEvent(explicit=False),
        *_events(node, flow=False),
        yaml.DocumentEndEvent(explicit=False),
        yaml.StreamEndEvent(),
    ):
        emitter.emit(event)
    return out.getvalue()


def _events(node: Node, *, flow: bool) -> Iterator[yaml.Event]:
    if isinstance(node, Scalar):
        yield _scalar(node)
    elif isinstance(node, Sequence):
        line = flow or not any(isinstance(item, Mapping) for item in node.items)
        yield yaml.SequenceStartEvent(None, None, implicit=True, flow_style=line)
        for item in node.items:
            yield from _events(item, flow=line or not _has_groups(item))
        yield yaml.SequenceEndEvent()
    else:
        yield yaml.MappingStartEvent(None, None, implicit=True, flow_style=flow)
        for key, value in node.entries:
            yield _scalar(key)
            yield from _events(value, flow=flow or (isinstance(value, Mapping) and not _has_groups(value)))
        yield yaml.MappingEndEvent()


def _has_groups(node: Node) -> bool:
    if isinstance(node, Scalar):
        return False
    if isinstance(node, Sequence):
        return any(_has_groups(item) for item in node.items)
    return any(key.text in _BLOCKS or _has_groups(value) for key, value in node.entries)


def _scalar(node: Scalar) -> yaml.ScalarEvent:
    """A text that another reader of YAML would take for a number, a date or nothing keeps its quotes."""
    plain = not node.quoted or not _means_more(node.text)
    style = '"' if _BREAKS.search(node.text) else None
    return yaml.ScalarEvent(None, None, (plain, True), node.text, style=style)


def _means_more(text: str) -> bool:
    return any(pattern.match(text) for _, pattern in _PLAIN.get(text[:1], ()))
