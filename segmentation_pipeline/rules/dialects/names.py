"""The names file: what a seed calls a field, an object, an event … and what the catalog does."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, Field

from segmentation_pipeline.diagnostics import Diagnostic, did_you_mean
from segmentation_pipeline.documents import Mapping, Node, Scalar, locate, read_model
from segmentation_pipeline.errors import DefinitionError
from segmentation_pipeline.rules.operators import OPERATORS

if TYPE_CHECKING:
    from collections.abc import Mapping as Mapped

_RULE = "names-file"


class _Sections(BaseModel):
    model_config = ConfigDict(extra="forbid", coerce_numbers_to_str=True)

    fields: dict[str, str] = Field(default_factory=dict)
    objects: dict[str, str] = Field(default_factory=dict)
    events: dict[str, str] = Field(default_factory=dict)
    segments: dict[str, str] = Field(default_factory=dict)
    conditions: dict[str, str] = Field(default_factory=dict)
    ways: dict[str, str] = Field(default_factory=dict)
    metrics: dict[str, dict[str, object]] = Field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Names:
    """The seed's names on the left, this project's on the right.

    ``fields``: paths, bare or after a seed's object (``crm-account.plan``). ``ways``: from the
    segment's object to another, relations joined by dots. ``conditions``: operators of this language.
    ``metrics``: measures as rules write them, without operator and value; kept as nodes.
    """

    fields: Mapped[str, str] = field(default_factory=dict)
    objects: Mapped[str, str] = field(default_factory=dict)
    events: Mapped[str, str] = field(default_factory=dict)
    segments: Mapped[str, str] = field(default_factory=dict)
    conditions: Mapped[str, str] = field(default_factory=dict)
    ways: Mapped[str, str] = field(default_factory=dict)
    metrics: Mapped[str, Mapping] = field(default_factory=dict)


def read_names(node: Node) -> Names:
    """Return the names a document declares; raise `DefinitionError` with every finding."""
    if isinstance(node, Scalar) and node.is_null:
        return Names()
    sections = read_model(_Sections, node, _RULE)
    findings = [
        Diagnostic(
            _RULE,
            f"unknown operator `{operator}`",
            locate(node, ("conditions", name)),
            did_you_mean(operator, OPERATORS),
        )
        for name, operator in sections.conditions.items()
        if operator not in OPERATORS
    ]
    if findings:
        raise DefinitionError(findings)
    metrics = node.get("metrics") if isinstance(node, Mapping) else None
    written = {key.text: value for key, value in metrics.entries} if isinstance(metrics, Mapping) else {}
    return Names(
        fields=sections.fields,
        objects=sections.objects,
        events=sections.events,
        segments=sections.segments,
        conditions=sections.conditions,
        ways=sections.ways,
        metrics={name: value for name, value in written.items() if isinstance(value, Mapping)},
    )
