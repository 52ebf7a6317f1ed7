"""``features:`` of a catalog → `Engagement`, and what it says of the rest of the catalog."""

from __future__ import annotations

from decimal import Decimal as Exact
from typing import TYPE_CHECKING, Literal

from segmentation_pipeline.catalog.declarations import FeaturesDeclaration, ScorePartDeclaration
from segmentation_pipeline.catalog.scores import (
    COLUMNS,
    CONTACT,
    COUNTS,
    ENGAGEMENT,
    RATES,
    REVENUE,
    SCALES,
    TIMES,
    Engagement,
    ScorePart,
)
from segmentation_pipeline.catalog.types import Decimal, Integer
from segmentation_pipeline.diagnostics import Diagnostic, did_you_mean
from segmentation_pipeline.documents import Node, Scalar, locate

if TYPE_CHECKING:
    from collections.abc import Iterator

    from segmentation_pipeline.catalog.field_reading import FieldReader
    from segmentation_pipeline.catalog.model import Catalog

_PLACE = ("features", ENGAGEMENT)
_LARGEST = 1_000_000
_LONGEST = 3650
_PLACES = 4


def read_engagement(reader: FieldReader, node: Node | None) -> Engagement | None:
    """Return what ``features:`` declares; None, perhaps with findings, where it declares nothing."""
    if node is None or (isinstance(node, Scalar) and node.is_null):
        return None
    declared = reader.declaration(FeaturesDeclaration, node, "`features`")
    if declared is None or declared.engagement is None:
        return None
    found = declared.engagement
    parts = []
    for number, part in enumerate(found.score):
        if (fault := _fault(part)) is not None:
            at = locate(node, (ENGAGEMENT, "score", number))
            reader.report("catalog-shape", f"a part of the score {fault}", at)
        else:
            parts.append(_part(part))
    for name, weight in found.completeness.items():
        if not 0 < weight <= _LARGEST:
            at = locate(node, (ENGAGEMENT, "completeness", name))
            reader.report("catalog-shape", f"the weight of `{name}` must be from 1 to {_LARGEST}", at)
    if found.minimum < 1:
        at = locate(node, (ENGAGEMENT, "minimum"))
        reader.report("catalog-shape", "`minimum` must be at least 1", at)
    return Engagement(found.received, found.minimum, tuple(parts), tuple(found.completeness.items()))


def check_engagement(catalog: Catalog, node: Node) -> Iterator[Diagnostic]:
    """Yield what fits neither the objects, nor the fields, nor the meanings of a catalog."""
    declared = catalog.engagement
    if declared is None:
        return
    yield from _objects(catalog, node)
    if declared.received not in COUNTS:
        hint = did_you_mean(declared.received, COUNTS)
        message = f"`{declared.received}` is no meaning that is counted"
        yield Diagnostic("unknown-event", message, locate(node, (*_PLACE, "received")), hint)
    allowed = {"recency": TIMES, "rate": RATES, "count": COUNTS}
    for number, part in enumerate(declared.parts):
        if part.meaning not in allowed[part.kind]:
            at = locate(node, (*_PLACE, "score", number, part.kind))
            hint = did_you_mean(part.meaning, allowed[part.kind])
            message = f"`{part.kind}` takes one of {', '.join(allowed[part.kind])}, not `{part.meaning}`"
            yield Diagnostic("unknown-event", message, at, hint)
    for name, _ in declared.completeness:
        fields = catalog.objects[CONTACT].fields if CONTACT in catalog.objects else {}
        if name not in fields or not fields[name].stored:
            at = locate(node, (*_PLACE, "completeness", name))
            hint = did_you_mean(name, [one for one, field in fields.items() if field.stored])
            yield Diagnostic("unknown-column", f"contacts have no column `{name}`", at, hint)
    yield from _events(catalog, node)


def _objects(catalog: Catalog, node: Node) -> Iterator[Diagnostic]:
    """Both objects are there, with one key; the derived one has the columns that are computed."""
    kind, owner = catalog.objects.get(ENGAGEMENT), catalog.objects.get(CONTACT)
    if kind is None or owner is None or not kind.derived:
        message = f"engagement needs the objects `{CONTACT}` and `{ENGAGEMENT}`, the second `derived: true`"
        yield Diagnostic("unknown-object", message, locate(node, _PLACE))
        return
    place = ("objects", ENGAGEMENT)
    keys = [(one.key, one.fields[one.key].type) for one in (kind, owner)]
    if keys[0] != keys[1]:
        message = f"the key of `{ENGAGEMENT}` must be that of `{CONTACT}`: `{owner.key}`"
        yield Diagnostic("column-type", message, locate(node, (*place, "key")))
    for name, wanted in COLUMNS.items():
        found = kind.fields.get(name)
        if found is None or found.type != wanted:
            message = f"`{ENGAGEMENT}` needs the field `{name}: {wanted}`"
            yield Diagnostic("column-type", message, locate(node, (*place, "fields", name)))
    for name in kind.fields.keys() - COLUMNS.keys() - {kind.key}:
        at = locate(node, (*place, "fields", name))
        yield Diagnostic("unknown-column", f"nothing computes `{name}` of `{ENGAGEMENT}`", at)


def _events(catalog: Catalog, node: Node) -> Iterator[Diagnostic]:
    """What counts is an event of contacts; what is summed is a whole number or a decimal."""
    if CONTACT not in catalog.objects:
        return
    for meaning in (*COUNTS, *TIMES, "revenue"):
        for name in catalog.meanings.get(meaning, ()):
            event, _, column = name.partition(".")
            source = catalog.event_source(CONTACT, event)
            at = locate(node, ("meanings", meaning))
            if source is None:
                message = f"`{meaning}` counts for engagement, and `{event}` is no event of `{CONTACT}`"
                yield Diagnostic("unknown-event", message, at)
            elif (meaning == "revenue") != bool(column):
                what = "a column, as in `purchase.revenue`" if meaning == "revenue" else "types of events"
                yield Diagnostic("unknown-event", f"`{meaning}` counts for engagement and names {what}", at)
            elif column:
                kind = source.columns[column].type
                if not (isinstance(kind, Integer) or _is_fine(kind)):
                    message = f"`{name}` is {kind}: revenue is summed of decimals and integers"
                    yield Diagnostic("column-type", message, at)


def _is_fine(kind: object) -> bool:
    return isinstance(kind, Decimal) and kind.scale <= SCALES[REVENUE]


def _fault(part: ScorePartDeclaration) -> str | None:
    """Return what a part of the score lacks, or has too much of."""
    if sum(name is not None for name in (part.recency, part.rate, part.count)) != 1:
        return "is one of `recency`, `rate` and `count`"
    if not 0 < part.weight <= _LARGEST:
        return f"has a `weight` from 1 to {_LARGEST}"
    if part.recency is not None:
        if part.half_life is None or not 0 < part.half_life <= _LONGEST or part.full_at is not None:
            return f"of `recency` has a `half_life` of 1 to {_LONGEST} days, and no `full_at`"
    elif part.full_at is None or part.half_life is not None:
        return "of `rate` or `count` has `full_at`, and no `half_life`"
    elif not 0 < part.full_at <= _LARGEST or _exact(part.full_at) != round(_exact(part.full_at), _PLACES):
        return f"has a `full_at` above 0 with at most {_PLACES} decimals"
    elif part.count is not None and part.full_at != int(part.full_at):
        return "of `count` has a whole `full_at`"
    return None


def _part(part: ScorePartDeclaration) -> ScorePart:
    kinds: tuple[tuple[Literal["recency", "rate", "count"], str | None], ...] = (
        ("recency", part.recency),
        ("rate", part.rate),
        ("count", part.count),
    )
    kind, meaning = next((kind, meaning) for kind, meaning in kinds if meaning is not None)
    full_at = None if part.full_at is None else _exact(part.full_at)
    return ScorePart(kind, meaning, part.weight, part.half_life, full_at)


def _exact(number: float) -> Exact:
    return Exact(str(number))
