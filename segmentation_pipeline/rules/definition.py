"""Reads one definition: header, rule, members and pins, into a `Segment`."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from segmentation_pipeline.diagnostics import Diagnostic
from segmentation_pipeline.documents import Mapping, Node, Scalar, Sequence, locate, read_model
from segmentation_pipeline.errors import DefinitionError
from segmentation_pipeline.rules.header import Header, MembersFile, PinEntry, check_header
from segmentation_pipeline.rules.member_files import read_member_file
from segmentation_pipeline.rules.paths import ObjectScope
from segmentation_pipeline.rules.reading import Reader
from segmentation_pipeline.rules.segment import Pin, Segment
from segmentation_pipeline.rules.value_files import expand_value_files

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from segmentation_pipeline.catalog.model import Catalog
    from segmentation_pipeline.rules.tree import Condition


@dataclass(frozen=True, slots=True)
class Setting:
    """What a definition is read with: the catalog, the workspace's zone, and where its files lie."""

    catalog: Catalog
    time_zone: str = "UTC"
    folder: Path | None = None


def read_definition(
    node: Node, setting: Setting, *, segment: str, source: str = "", named: bool = True
) -> tuple[Segment | None, list[Diagnostic]]:
    """Return the segment with its findings; the segment is None where one of them is an error.

    A definition that is not ``named`` may leave ``segment:`` out: it is known by where it stands.
    """
    try:
        return _read(node, setting, segment, source, named=named)
    except DefinitionError as error:
        return None, [_belonging(finding, segment) for finding in error.diagnostics]


def _read(
    node: Node, setting: Setting, segment: str, source: str, *, named: bool
) -> tuple[Segment | None, list[Diagnostic]]:
    if not isinstance(node, Mapping):
        message = "a definition is a mapping that starts with `segment:`"
        raise DefinitionError([Diagnostic("definition-shape", message, node.at)])
    if not named and "segment" not in node:
        known = (Scalar("segment", False, node.at), Scalar(segment, True, node.at))
        node = Mapping((known, *node.entries), node.at)
    reader = _reader(node, setting.catalog, segment)
    where, exclude = (_condition(reader, node, key, setting.folder) for key in ("where", "exclude"))
    try:
        header = read_model(Header, node, "definition-shape")
        checks = check_header(header, node, setting.catalog, segment)
        members = _members(header, node, setting) if not checks else None
    except DefinitionError as error:
        checks = list(error.diagnostics)
    findings = [_belonging(finding, segment) for finding in checks]
    if reader is not None:
        findings += reader.findings
    if findings:
        return None, findings
    zone = header.time_zone or setting.time_zone
    pins = tuple(_pin(entry, item) for entry, item in zip(header.pins, _items(node.get("pins")), strict=True))
    read = Segment(
        id=header.segment,
        name=header.name or header.segment,
        type=header.type,
        object=header.object,
        time_zone=zone,
        hash=_hash((header.object, header.type, zone, where, exclude, members), pins),
        at=node.at,
        where=where,
        exclude=exclude,
        members=members,
        pins=pins,
        description=header.description,
        owner=header.owner,
        active=header.active,
        publish=header.publish,
        labels=header.labels,
        expect=header.expect.model_dump(mode="json", exclude_none=True) if header.expect else None,
        delivery=None if header.type == "suppression" else header.delivery,
        source=source,
    )
    return read, findings


def _belonging(finding: Diagnostic, segment: str) -> Diagnostic:
    return Diagnostic(finding.rule, finding.message, finding.at, finding.hint, finding.severity, segment)


def _reader(node: Mapping, catalog: Catalog, segment: str) -> Reader | None:
    """Return the reader of the rule; None where its object is not known, a finding of its own."""
    named = node.get("object")
    name = named.text if isinstance(named, Scalar) else Header.model_fields["object"].default
    if name not in catalog.objects:
        return None
    return Reader(catalog, ObjectScope(catalog, catalog.objects[name]), segment)


def _condition(reader: Reader | None, node: Mapping, key: str, folder: Path | None) -> Condition | None:
    found = node.get(key)
    if found is None or reader is None:
        return None
    try:
        return reader.condition(expand_value_files(found, folder))
    except DefinitionError as error:
        reader.findings += [_belonging(finding, reader.segment) for finding in error.diagnostics]
        return None


def _members(header: Header, node: Mapping, setting: Setting) -> tuple[str, ...] | None:
    if header.members is None:
        return None
    if isinstance(header.members, MembersFile):
        at = locate(node, ("members", "file"))
        return read_member_file(header.members.file, header.members.column, setting.folder, at)
    members = []
    for item in _items(node.get("members")):
        if not isinstance(item, Scalar) or item.is_null:
            raise DefinitionError([Diagnostic("members-shape", "a member is one key or e-mail", item.at)])
        members.append(item.text.strip())
    return tuple(members)


def _pin(entry: PinEntry, item: Node) -> Pin:
    key = item.get("key") if isinstance(item, Mapping) else None
    text = key.text if isinstance(key, Scalar) else entry.key
    return Pin(text, entry.put, entry.reason, entry.until, item.at)


def _items(node: Node | None) -> tuple[Node, ...]:
    return node.items if isinstance(node, Sequence) else ()


def _hash(decided: Iterable[object], pins: tuple[Pin, ...]) -> str:
    """Hash what decides membership: trees print without positions, so moving lines changes nothing."""
    parts = [repr(part) for part in decided] + [f"{pin.key}|{pin.put}|{pin.until}" for pin in pins]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]
