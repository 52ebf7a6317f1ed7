"""Where the files of a definitions folder name a segment: in rules, tests, policies, and elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import yaml

from segmentation_pipeline.documents import read_documents
from segmentation_pipeline.errors import DocumentError
from segmentation_pipeline.segments.yaml_text import YamlText, entries, get

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from segmentation_pipeline.workspace import Workspace

NAMING = ("segment", "among")
"""The keys of a rule whose value is a segment's id."""


@dataclass(frozen=True, slots=True)
class NamingFile:
    """A file that names a segment: the scalars that do, and what kind of file it is.

    ``meant`` are those that certainly mean the segment; ``mentions`` the lines of other scalars with
    the same text, and of files that cannot be read: there nobody can tell.
    """

    path: Path
    source: YamlText
    meant: tuple[yaml.Node, ...]
    mentions: tuple[int, ...]
    folder: str


def naming_files(workspace: Workspace, name: str) -> Iterator[NamingFile]:
    """Yield every YAML file of the definitions folder that names a segment, its own definition too."""
    for path in sorted(workspace.definitions.rglob("*.yaml")):
        try:
            text = path.read_bytes().decode("utf-8-sig")
        except UnicodeDecodeError:
            continue
        if name not in text:
            continue
        folder = path.relative_to(workspace.definitions).parts[0]
        try:
            read_documents(text, str(path))
        except DocumentError:
            lines = (number for number, line in enumerate(text.splitlines(), 1) if name in line)
            yield NamingFile(path, YamlText(text, ()), (), tuple(lines), folder)
            continue
        found = _naming(path, YamlText.read(text), name, folder)
        if found.meant or found.mentions:
            yield found


def _naming(path: Path, source: YamlText, name: str, folder: str) -> NamingFile:
    meant: list[yaml.Node] = []
    others: list[int] = []
    for document in source.documents:
        if folder == "segments":
            found = _in_definition(document, name)
        elif folder == "tests":
            found = _in_test(document, name)
        elif folder == "policies":
            found = _in_policy(document, name)
        else:
            found = []
        meant += found
        known = {id(node) for node in found}
        if folder not in ("segments", "tests", "mappings", "schemas"):
            same = (node for node in _scalars(document) if node.value == name and id(node) not in known)
            others += [node.start_mark.line + 1 for node in same]
    return NamingFile(path, source, tuple(meant), tuple(others), folder)


def _in_definition(document: yaml.Node, name: str) -> list[yaml.Node]:
    own = get(document, "segment")
    rules = [get(document, "where"), get(document, "exclude")]
    found = [] if own is None or own.value != name else [own]
    return found + [node for rule in rules for node in _named(rule, name)]


def _in_policy(document: yaml.Node, name: str) -> list[yaml.Node]:
    """Return where a policy names a segment: in its rules, and among those that suppress."""
    by_channel = get(document, "suppression")
    listed = [by_channel]
    if isinstance(by_channel, yaml.MappingNode):
        listed = [value for _, value in by_channel.value]
    suppressing = [node for part in listed for node in _scalars(part) if node.value == name]
    return [*_named(get(document, "rules"), name, ("segment",)), *suppressing]


def _in_test(document: yaml.Node, name: str) -> list[yaml.Node]:
    """Return where a test names a segment of the project; one that it defines itself is its own."""
    local = get(document, "segments")
    if local is not None and get(local, name) is not None:
        return []
    expected = get(document, "expect")
    keys = expected.value if isinstance(expected, yaml.MappingNode) else ()
    found = [key for key, _ in keys if key.value == name]
    found += _named(local, name)
    found += _named(get(document, "expect_error"), name)
    given = get(document, "given")
    tables = given.value if isinstance(given, yaml.MappingNode) else ()
    for table, rows in tables:
        if table.value.startswith("segment_"):
            found += _named(rows, name, ("segment", "segment_id"))
    return found


def _named(node: yaml.Node | None, name: str, keys: tuple[str, ...] = NAMING) -> list[yaml.Node]:
    return [
        value
        for key, value in entries(node)
        if key.value in keys and isinstance(value, yaml.ScalarNode) and value.value == name
    ]


def _scalars(node: yaml.Node | None) -> Iterator[yaml.Node]:
    if isinstance(node, yaml.ScalarNode):
        yield node
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _scalars(item)
    elif isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield from _scalars(key)
            yield from _scalars(value)
