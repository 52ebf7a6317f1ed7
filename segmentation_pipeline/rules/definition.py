"""Reads one definition: header, rule, members and pins, into a `Segment`."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from segmentation_pipeline.diagnostics import Diagnostic, did_you_mean
from segmentation_pipeline.documents import Mapping, Node, Scalar, Sequence, locate, read_model
from segmentation_pipeline.errors import DefinitionError
from segmentation_pipeline.rules.header import Header, MembersFile, PinEntry
from segmentation_pipeline.rules.member_files import read_member_file
from segmentation_pipeline.rules.paths import ObjectScope
from segmentation_pipeline.rules.reading import Reader
from segmentation_pipeline.rules.segment import Pin, Segment

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


def _read(node: Node, setting: Setting, segment: str, source: str, *, named: bool) -> tuple[Segment | None, list[Diagnostic]]:
    if not isinstance(node, Mapping):
        raise DefinitionError([Diagnostic("definition-shape", "a definition is a mapping that starts with `segment:`", node.at)])
    if not named and "segment" not in node:
        node = Mapping(((Scalar("segment", False, node.at), Scalar(segment, True, node.at)), *node.entries), node.at)
    header = read_model(Header, node, "definition-shape")
    findings = [_belonging(finding, segment) for finding in _header_findings(header, node, setting.catalog, segment)]
    if header.object not in setting.catalog.objects:
        return None, findings
    scope = ObjectScope(setting.catalog, setting.catalog.objects[header.object])
    reader = Reader(setting.catalog, scope, segment)
    where, exclude = (_condition(reader, node, key) for key in ("where", "exclude"))
    members = _members(header, node, setting)
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
        delivery=header.delivery.model_dump(mode="json", exclude_none=True) if header.delivery else None,
        source=source,
    )
    return read, findings


def _belonging(finding: Diagnostic, segment: str) -> Diagnostic:
    return Diagnostic(finding.rule, finding.message, finding.at, finding.hint, finding.severity, segment)


def _header_findings(header: Header, node: Mapping, catalog: Catalog, segment: str) -> list[Diagnostic]:
    found = []

    def add(rule: str, message: str, *path: str | int, hint: str | None = None) -> None:
        found.append(Diagnostic(rule, message, locate(node, path), hint))

    if header.segment != segment:
        add("segment-id", f"`segment: {header.segment}` is not the file's name `{segment}`", "segment")
    if any(header.segment == f"all_{kind}s" for kind in catalog.objects):
        add("segment-id", f"`{header.segment}` is built in: nobody writes it", "segment")
    if header.object not in catalog.objects:
        add("unknown-object", f"unknown object `{header.object}`", "object", hint=did_you_mean(header.object, catalog.objects))
    if header.type == "static":
        if "members" not in node:
            add("members", "a static segment needs `members`", "type", hint="`members: []` is an ordinary day")
        if "where" in node:
            add("members", "a static segment has `members` instead of `where`", "where")
    else:
        if "where" not in node:
            add("where", f"a {header.type} segment needs `where`", hint="for everyone, write `where: {everyone: true}`")
        if "members" in node:
            add("members", f"a {header.type} segment has no `members`", "members", hint="write `type: static`, or pins")
    seen: set[str] = set()
    for index, pin in enumerate(header.pins):
        if pin.key in seen:
            add("pins", f"key `{pin.key}` is pinned twice", "pins", index, "key")
        seen.add(pin.key)
    return found


def _condition(reader: Reader, node: Mapping, key: str) -> Condition | None:
    found = node.get(key)
    return reader.condition(found) if found is not None else None


def _members(header: Header, node: Mapping, setting: Setting) -> tuple[str, ...] | None:
    if header.members is None:
        return None
    if isinstance(header.members, MembersFile):
        at = locate(node, ("members", "file"))
        return read_member_file(header.members.file, header.members.column, setting.folder, at)
    members = []
    for item in _items(node.get("members")):
        if not isinstance(item, Scalar) or item.is_null:
            raise DefinitionError([Diagnostic("members", "a member is one key or e-mail", item.at)])
        members.append(item.text)
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
