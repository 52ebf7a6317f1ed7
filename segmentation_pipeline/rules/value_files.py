"""Values from a file: ``value: {file: ids.csv, column: id}`` reads as if they were written out."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from segmentation_pipeline.diagnostics import Diagnostic
from segmentation_pipeline.documents import Mapping, Node, Scalar, Sequence
from segmentation_pipeline.errors import DefinitionError
from segmentation_pipeline.rules.member_files import read_member_file

if TYPE_CHECKING:
    from pathlib import Path


def expand_value_files(node: Node, folder: Path | None) -> Node:
    """Return a rule with every file of values replaced by its values, in file order, each once.

    The file lies inside the definitions folder. Raises `DefinitionError` where it cannot be read.
    """
    if isinstance(node, Sequence):
        return replace(node, items=tuple(expand_value_files(item, folder) for item in node.items))
    if not isinstance(node, Mapping):
        return node
    entries = tuple(
        (
            key,
            _values(value, folder)
            if key.text == "value" and _is_file(value)
            else expand_value_files(value, folder),
        )
        for key, value in node.entries
    )
    return replace(node, entries=entries)


def _is_file(node: Node) -> bool:
    return isinstance(node, Mapping) and "file" in node


def _values(node: Node, folder: Path | None) -> Sequence:
    assert isinstance(node, Mapping)
    file, column = node.get("file"), node.get("column")
    if set(node) != {"file", "column"} or not isinstance(file, Scalar) or not isinstance(column, Scalar):
        message = "a file of values is written `{file: ids.csv, column: id}`"
        raise DefinitionError([Diagnostic("csv-file", message, node.at)])
    values = read_member_file(file.text, column.text, folder, file.at)
    if not values:
        message = f"column `{column.text}` of `{file.text}` has no values"
        raise DefinitionError([Diagnostic("empty-list", message, file.at)])
    return Sequence(tuple(Scalar(value, quoted=True, at=file.at) for value in values), node.at)
