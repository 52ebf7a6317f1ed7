"""The part of a definition around its rule: its keys, as pydantic reads them, and how they fit together."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from segmentation_pipeline.diagnostics import Diagnostic, did_you_mean
from segmentation_pipeline.documents import Mapping, Scalar, Sequence, locate
from segmentation_pipeline.rules.delivery import Delivery

if TYPE_CHECKING:
    from collections.abc import Iterator

    from segmentation_pipeline.catalog.model import Catalog


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"`{name}` is not a time zone, such as Europe/Paris or UTC") from error
    return name


TimeZone = Annotated[str, AfterValidator(_zone)]
Percent = Annotated[str, Field(pattern=r"^\d+(\.\d+)?\s*%$")]
SegmentId = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=100)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", coerce_numbers_to_str=True, frozen=True)


class PinEntry(_Strict):
    key: str
    put: Literal["in", "out"]
    reason: str = Field(min_length=1)
    until: dt.date | None = None


class MembersFile(_Strict):
    file: str
    column: str


class SizeBounds(_Strict):
    at_least: int | None = Field(None, ge=0)
    at_most: int | None = Field(None, ge=0)
    change_at_most: Percent | None = None


class Expectation(_Strict):
    size: SizeBounds


class Header(_Strict):
    """Every key of a definition; the rule itself is read from its nodes, for the positions."""

    segment: SegmentId
    name: str = Field("", max_length=200)
    description: str = ""
    owner: str | None = None
    object: str = "contact"
    type: Literal["dynamic", "static", "suppression"] = "dynamic"
    active: bool = True
    publish: bool = True
    labels: tuple[str, ...] = ()
    time_zone: TimeZone | None = None
    where: Any = None
    exclude: Any = None
    members: list[Any] | MembersFile | None = None
    pins: tuple[PinEntry, ...] = ()
    expect: Expectation | None = None
    delivery: Delivery | None = None


def check_header(header: Header, node: Mapping, catalog: Catalog, segment: str) -> list[Diagnostic]:
    """Return what is wrong with keys that are each well-formed; ``segment`` is the file's name."""

    def finding(rule: str, message: str, *path: str | int, hint: str | None = None) -> Diagnostic:
        return Diagnostic(rule, message, locate(node, path), hint)

    def identity() -> Iterator[Diagnostic]:
        if header.segment != segment:
            yield finding(
                "segment-id", f"`segment: {header.segment}` is not the file's name `{segment}`", "segment"
            )
        if any(header.segment == f"all_{kind}s" for kind in catalog.objects):
            yield finding("built-in-segment", f"`{header.segment}` is built in: nobody writes it", "segment")
        if header.object not in catalog.objects:
            hint = did_you_mean(header.object, catalog.objects)
            yield finding("unknown-object", f"unknown object `{header.object}`", "object", hint=hint)

    def rule_or_members() -> Iterator[Diagnostic]:
        if "members" in node and header.members is None:
            hint = "`members: []` is an ordinary day"
            yield finding(
                "members-shape", "`members` is null: it takes a list, or a file", "members", hint=hint
            )
        match header.type:
            case "static":
                if "members" not in node:
                    hint = "`members: []` is an ordinary day"
                    yield finding("where-or-members", "a static segment needs `members`", "type", hint=hint)
                if "where" in node:
                    yield finding(
                        "where-or-members", "a static segment has `members` instead of `where`", "where"
                    )
            case "dynamic":
                if "where" not in node:
                    hint = "for everyone, write `where: {everyone: true}`"
                    yield finding("where-or-members", "a dynamic segment needs `where`", hint=hint)
                if "members" in node:
                    hint = "write `type: static`, or pins"
                    yield finding(
                        "where-or-members", "a dynamic segment has no `members`", "members", hint=hint
                    )
            case "suppression":
                if ("where" in node) is ("members" in node):
                    message = "a suppression segment needs either `where` or `members`"
                    yield finding("where-or-members", message, "type")

    def pins() -> Iterator[Diagnostic]:
        seen: set[str] = set()
        for index, key in enumerate(_pinned(node)):
            if key in seen:
                yield finding("duplicate-pin", f"key `{key}` is pinned twice", "pins", index, "key")
            seen.add(key)

    return [*identity(), *rule_or_members(), *pins()]


def _pinned(node: Mapping) -> Iterator[str]:
    """Yield the keys of the pins as written: `012` is not `12`."""
    pins = node.get("pins")
    for item in pins.items if isinstance(pins, Sequence) else ():
        key = item.get("key") if isinstance(item, Mapping) else None
        if isinstance(key, Scalar):
            yield key.text
