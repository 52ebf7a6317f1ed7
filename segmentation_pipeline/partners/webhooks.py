"""Webhook files: who is told what about segments, and where."""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING, Annotated, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, field_validator

from segmentation_pipeline.diagnostics import Diagnostic, did_you_mean
from segmentation_pipeline.documents import locate, read_file, read_model
from segmentation_pipeline.errors import DefinitionError, DocumentError, Position
from segmentation_pipeline.partners.addresses import address_fault
from segmentation_pipeline.partners.environment import SECRET
from segmentation_pipeline.partners.quantities import Span

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping
    from pathlib import Path

    from segmentation_pipeline.catalog.model import Catalog
    from segmentation_pipeline.documents import Node

FOLDER = "webhooks"
"""Where they lie below a definitions folder, one file each."""
NAME = re.compile(r"[a-z][a-z0-9_]*")
Kind = Literal["segment_entered", "segment_left", "run_finished"]
KINDS: tuple[Kind, ...] = get_args(Kind)


class Webhook(BaseModel):
    """One file: the address and its secret, which events of which segments, how often it is tried.

    ``segments`` leaves none out where it is not given. Waits between two attempts double from
    ``first_wait`` to ``longest_wait``, until ``max_attempts`` or ``max_age``.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: str
    secret: str
    events: Annotated[tuple[Kind, ...], Field(min_length=1)] = KINDS
    segments: Annotated[tuple[str, ...], Field(min_length=1)] | None = None
    batch_size: Annotated[int, Field(ge=1, le=10_000)] = 500
    timeout: Span = dt.timedelta(seconds=10)
    connect_timeout: Span = dt.timedelta(seconds=5)
    max_attempts: Annotated[int, Field(ge=1)] = 12
    max_age: Span = dt.timedelta(days=3)
    first_wait: Span = dt.timedelta(seconds=30)
    longest_wait: Span = dt.timedelta(hours=6)
    active: bool = True

    @field_validator("secret")
    @classmethod
    def _from_environment(cls, value: str) -> str:
        if not SECRET.fullmatch(value):
            raise ValueError("write `env:NAME`: a secret stands in the environment, never in a file")
        return value

    def wants(self, kind: Kind, segment: str | None = None) -> bool:
        """Return whether it is told of such an event."""
        chosen = self.segments is None or segment is None or segment in self.segments
        return self.active and kind in self.events and chosen


def load_webhooks(
    definitions: Path,
    segments: Mapping[str, str | None],
    catalog: Catalog,
    file_name: Callable[[Path], str] = str,
) -> dict[str, Webhook]:
    """Return every webhook of a definitions folder by name; raise `DefinitionError` with all findings.

    ``segments`` are all there are, each with the object it is a segment of, None where it is unreadable.
    """
    found: dict[str, Webhook] = {}
    findings: list[Diagnostic] = []
    for path in webhook_files(definitions):
        try:
            found[path.stem] = read_webhook(path, segments, catalog, file_name(path))
        except DefinitionError as error:
            findings += error.diagnostics
        except DocumentError as error:
            at = error.where if isinstance(error.where, Position) else Position(str(path), 1, 1)
            findings.append(Diagnostic("yaml", error.what, at, error.hint))
    if findings:
        raise DefinitionError(sorted(findings, key=lambda one: one.at))
    return found


def webhook_files(definitions: Path) -> list[Path]:
    return sorted((definitions / FOLDER).glob("*.yaml"))


def has_personal_key(catalog: Catalog, kind: str | None) -> bool:
    """Return whether the key of an object is personal data, which webhooks do not tell."""
    known = catalog.objects.get(kind) if kind is not None else None
    return known is not None and known.key in known.fields and known.fields[known.key].pii


def read_webhook(path: Path, segments: Mapping[str, str | None], catalog: Catalog, name: str) -> Webhook:
    """Return one file's webhook; raise `DefinitionError` with every finding, positioned."""
    documents = read_file(path, name)
    if len(documents) != 1:
        at = documents[1].at if documents else Position(name, 1, 1)
        raise DefinitionError([Diagnostic("webhook-shape", "a webhook file holds exactly one document", at)])
    if not NAME.fullmatch(path.stem):
        message = f"`{path.stem}` cannot name a webhook: a-z, 0-9 and _, a letter first"
        raise DefinitionError([Diagnostic("webhook-shape", message, documents[0].at, "rename the file")])
    webhook = read_model(Webhook, documents[0], "webhook-shape")
    findings = [*_of_address(webhook, documents[0]), *_of_segments(webhook, documents[0], segments, catalog)]
    if findings:
        raise DefinitionError(findings)
    return webhook


def _of_address(webhook: Webhook, node: Node) -> Iterator[Diagnostic]:
    if fault := address_fault(webhook.url):
        yield Diagnostic("unsafe-address", f"the address {fault}", locate(node, ("url",)))
    elif SECRET.search(webhook.url):
        hint = "the signature proves who sends; an address is shown in messages"
        message = "the address holds a secret"
        yield Diagnostic("unsafe-address", message, locate(node, ("url",)), hint)


def _of_segments(
    webhook: Webhook, node: Node, segments: Mapping[str, str | None], catalog: Catalog
) -> Iterator[Diagnostic]:
    for index, name in enumerate(webhook.segments or ()):
        at = locate(node, ("segments", index))
        if name not in segments:
            hint = did_you_mean(name, segments)
            yield Diagnostic("unknown-segment", f"unknown segment `{name}`", at, hint)
        elif has_personal_key(catalog, segments[name]) and _tells_keys(webhook.events):
            message = f"the keys of the members of `{name}` are personal data (`pii: true`)"
            hint = "leave the segment out, or tell only of `run_finished`"
            yield Diagnostic("webhook-personal-key", message, at, hint)


def _tells_keys(events: Collection[Kind]) -> bool:
    return any(kind != "run_finished" for kind in events)
