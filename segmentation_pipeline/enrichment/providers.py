"""Reading the providers' files against the catalog."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from segmentation_pipeline.catalog.types import ListOf
from segmentation_pipeline.diagnostics import Diagnostic, did_you_mean
from segmentation_pipeline.documents import Mapping as MappingNode
from segmentation_pipeline.documents import Scalar, locate, read_file, read_model
from segmentation_pipeline.enrichment.declarations import KINDS, PLACEHOLDER, CsvProvider, HttpProvider
from segmentation_pipeline.errors import DefinitionError, DocumentError, Position, UsageError
from segmentation_pipeline.ingest.targets import target_of
from segmentation_pipeline.partners.addresses import address_fault
from segmentation_pipeline.partners.environment import SECRET

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from segmentation_pipeline.catalog.model import Catalog
    from segmentation_pipeline.documents import Node
    from segmentation_pipeline.enrichment.declarations import Provider
    from segmentation_pipeline.ingest.targets import Target

FOLDER = "enrichment"
"""Where they lie below a definitions folder, one file each, with the files of manual data."""
OBJECT = "contact"
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_OWN = frozenset({"last_enriched_at", "enrichment_score", "created_at", "updated_at"})


@dataclass(frozen=True, slots=True)
class NamedProvider:
    """A provider and what its file's name calls it; ``definitions`` is the folder below which it lies."""

    name: str
    provider: Provider
    definitions: Path


def contact_target(catalog: Catalog) -> Target:
    """Return the table that is enriched; raise `UsageError` for a catalog without contacts."""
    if OBJECT not in catalog.objects:
        raise UsageError(f"the catalog has no object `{OBJECT}` that could be enriched")
    return target_of(catalog, catalog.objects[OBJECT].table)


def fillable(target: Target) -> tuple[str, ...]:
    """Return the fields that a provider may fill: no keys, nothing that this project computes."""
    closed = {*target.key, *_OWN}
    return tuple(
        name for name, field in target.fields.items() if name not in closed and field.derived is None
    )


def load_providers(
    definitions: Path, catalog: Catalog, file_name: Callable[[Path], str] = str
) -> dict[str, NamedProvider]:
    """Return every provider of a definitions folder by name; raise `DefinitionError` with all findings."""
    found: dict[str, NamedProvider] = {}
    findings: list[Diagnostic] = []
    for path in sorted((definitions / FOLDER).glob("*.yaml")):
        try:
            provider = read_provider(path, catalog, definitions, file_name(path))
        except DefinitionError as error:
            findings += error.diagnostics
        except DocumentError as error:
            at = error.where if isinstance(error.where, Position) else Position(file_name(path), 1, 1)
            findings.append(Diagnostic("yaml", error.what, at, error.hint))
        else:
            found[path.stem] = NamedProvider(path.stem, provider, definitions)
    if findings:
        raise DefinitionError(sorted(findings, key=lambda one: one.at))
    return found


def read_provider(path: Path, catalog: Catalog, definitions: Path, name: str) -> Provider:
    """Return one file's provider; raise `DefinitionError` with every finding, positioned."""
    documents = read_file(path, name)
    if len(documents) != 1:
        at = documents[1].at if documents else Position(name, 1, 1)
        raise DefinitionError([Diagnostic("provider-shape", "a provider's file is one document", at)])
    node = documents[0]
    if not _NAME.fullmatch(path.stem):
        message = f"`{path.stem}` cannot name a provider: a-z, 0-9 and _, a letter first"
        raise DefinitionError([Diagnostic("provider-shape", message, node.at, "rename the file")])
    kind = node.get("kind") if isinstance(node, MappingNode) else None
    if not isinstance(kind, Scalar) or kind.text not in KINDS:
        at = kind.at if kind is not None else node.at
        message = "`kind` says where the answers come from"
        raise DefinitionError([Diagnostic("provider-shape", message, at, f"known: {', '.join(KINDS)}")])
    provider: Provider = read_model(KINDS[kind.text], node, "provider-shape")
    target = contact_target(catalog)
    findings = [*_of_fields(provider, node, target), *_of_questions(provider, node, target)]
    if isinstance(provider, HttpProvider):
        findings += _of_address(provider, node)
    else:
        findings += _of_file(provider, node, definitions)
    if findings:
        raise DefinitionError(sorted(findings, key=lambda one: one.at))
    return provider


def _of_fields(provider: Provider, node: Node, target: Target) -> Iterator[Diagnostic]:
    for name, source in provider.fields.items():
        at = locate(node, ("fields", name))
        if name not in target.fields:
            hint = did_you_mean(name, target.fields)
            yield Diagnostic("unknown-field", f"`{target.table}` has no field `{name}`", at, hint)
        elif name not in fillable(target):
            yield Diagnostic("provider-field", f"`{name}` is not a provider's to fill", at)
        elif source.lookup is not None:
            message = "`lookup` finds the owner of an event, and here it is known"
            yield Diagnostic("provider-field", message, locate(node, ("fields", name, "lookup")))
        elif source.split is not None and not isinstance(target.fields[name].type, ListOf):
            message = f"`split` makes a list, and `{name}` is of type {target.fields[name].type}"
            yield Diagnostic("split-not-for-type", message, locate(node, ("fields", name, "split")))
        yield from _of_zone(source.time_zone, locate(node, ("fields", name, "time_zone")))
    for name in provider.overwrite_fields:
        if name not in provider.fields:
            at = locate(node, ("overwrite_fields", name))
            message = f"`{name}` is not among the `fields`"
            yield Diagnostic("provider-field", message, at, did_you_mean(name, provider.fields))
    yield from _of_zone(provider.time_zone, locate(node, ("time_zone",)))


def _of_zone(zone: str | None, at: Position) -> Iterator[Diagnostic]:
    if zone is None:
        return
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        hint = "use a name such as `Europe/Paris` or `UTC`"
        yield Diagnostic("time-zone", f"`{zone}` is not a time zone", at, hint)


def _of_questions(provider: Provider, node: Node, target: Target) -> Iterator[Diagnostic]:
    """Only columns of the contact's own table can be asked with or compared."""
    stored = [name for name, field in target.fields.items() if field.stored]
    asked: dict[str, tuple[str, ...]]
    if isinstance(provider, HttpProvider):
        asked = dict.fromkeys(provider.asks_with, ("url",))
        asked |= {name: ("same", name) for name in provider.same}
    else:
        asked = {name: ("match", name) for name in provider.match}
    for name, path in asked.items():
        if name not in stored:
            message = f"a request cannot be made with `{name}`: it is no column of `{target.table}`"
            yield Diagnostic("provider-request", message, locate(node, path), did_you_mean(name, stored))


def _of_address(provider: HttpProvider, node: Node) -> Iterator[Diagnostic]:
    at = locate(node, ("url",))
    if fault := address_fault(PLACEHOLDER.sub("x", provider.url)):
        yield Diagnostic("unsafe-address", f"the address {fault}", at)
    elif SECRET.search(provider.url):
        hint = "put it into `headers` or `query`"
        yield Diagnostic("unsafe-address", "the address holds a secret", at, hint)
    elif "{" in urlsplit(provider.url).netloc:
        message = "the host depends on the contact: data would decide where requests go"
        yield Diagnostic("unsafe-address", message, at, "use `{field}` after the host only")


def _of_file(provider: CsvProvider, node: Node, definitions: Path) -> Iterator[Diagnostic]:
    at, path = locate(node, ("file",)), PurePosixPath(provider.file)
    inside = (definitions / path).resolve().is_relative_to(definitions.resolve())
    if path.is_absolute() or ".." in path.parts or not inside:
        hint = "write it as seen from the definitions folder, such as `enrichment/manual.csv`"
        yield Diagnostic("path-outside", f"`{provider.file}` may lead out of the definitions", at, hint)
    elif not (definitions / path).is_file():
        message = f"there is no file `{provider.file}` below the definitions folder"
        yield Diagnostic("provider-file", message, at)
