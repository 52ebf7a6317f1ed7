"""``rule_groups``: groups of conditions, each on its own object, combined as sets in their order."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from segmentation_pipeline.documents import Mapping, Node, Sequence
from segmentation_pipeline.rules.dialects.context import Context, choice
from segmentation_pipeline.rules.dialects.date_ranges import DateRange, read_date_range
from segmentation_pipeline.rules.dialects.event_rows import event_condition
from segmentation_pipeline.rules.dialects.group_rows import row_condition
from segmentation_pipeline.rules.dialects.nodes import given, group, mapping, negated, text
from segmentation_pipeline.rules.dialects.seed_objects import named_object, target
from segmentation_pipeline.rules.dialects.seed_rows import FOCUSES, Row
from segmentation_pipeline.rules.dialects.ways import Target, Way
from segmentation_pipeline.rules.faults import Fault, only, required, word

if TYPE_CHECKING:
    from segmentation_pipeline.catalog.model import ObjectType
    from segmentation_pipeline.errors import Position

MAIN_OPERATORS = ("include", "exclude")
CONJUNCTIONS = {"and": "all", "or": "any"}
GROUP_KEYS = (
    "mainOperator",
    "conjunction",
    "segmentObject",
    "conditionFocus",
    "embeddedSegmentId",
    "dateRangeFilter",
    "id",
)
_ROW = re.compile(r"g(\d+)")
_SEGMENT_ID = re.compile(r"[a-z][a-z0-9_]*")


def object_of(context: Context, document: Node, rule: Node, default: str) -> str:
    """Return the catalog's object the segment is of.

    It is what the document says, else the one object that all its groups have, else the default.
    """
    if isinstance(document, Mapping) and (said := given(document, "segmentObject")) is not None:
        name = named_object(context, said)
        if name is None:
            what = word(said, "segmentObject")
            hint = "name the segment's object with --object"
            raise Fault("dialect-object", f"the catalog has no object for `{what}`", said.at, hint)
        return name
    items = rule.items if isinstance(rule, Sequence) else ()
    named = [given(item, "segmentObject") if isinstance(item, Mapping) else None for item in items]
    found = {named_object(context, node) for node in named}
    only_one = next(iter(found)) if len(found) == 1 else None
    return only_one or default


def translate_rule(context: Context, kind: ObjectType, rule: Node) -> list[tuple[str, Node | None]]:
    """Return ``where`` of a list of groups."""
    if not isinstance(rule, Sequence):
        raise Fault("dialect-shape", "`ruleGroups` is a list of groups", rule.at)
    if not rule.items:
        raise Fault("empty-group", "`ruleGroups` is empty: nothing says who belongs", rule.at)
    translator = _Groups(context, kind)
    return [("where", translator.combined(rule, context.each(rule.items, translator.group)))]


class _Groups:
    def __init__(self, context: Context, kind: ObjectType) -> None:
        self.context = context
        self.kind = kind

    def combined(self, rule: Sequence, conditions: list[Node]) -> Node:
        """Intersect, unite and remove in order; `exclude` removes, whatever joins it."""
        whole: Node | None = None
        for item, condition in zip(rule.items, conditions, strict=True):
            assert isinstance(item, Mapping)
            operator = required(item, "mainOperator")
            excluded = (
                choice(word(operator, "mainOperator"), MAIN_OPERATORS, "mainOperator", operator) == "exclude"
            )
            join = "all" if excluded else _join(item) if whole is not None else "all"
            part = negated(condition, item.at) if excluded else condition
            whole = part if whole is None else group(join, [whole, part], rule.at)
        assert whole is not None
        return whole

    def group(self, node: Node) -> Node:
        """Return the condition of one group on the segment's object."""
        if not isinstance(node, Mapping):
            raise Fault("dialect-shape", "a group is `{mainOperator, conjunction, g0, …}`", node.at)
        named = sorted(
            (key.text for key, _ in node.entries if _ROW.fullmatch(key.text)), key=lambda key: int(key[1:])
        )
        only(node, *GROUP_KEYS, *named)
        said = given(node, "segmentObject")
        there = target(self.context, self.kind, said) if said is not None else Target(self.kind)
        dates = read_date_range(node)
        embedded = given(node, "embeddedSegmentId")
        parts = []
        if embedded is not None:
            parts.append(self.embedded(embedded, there, dates if not named else None))
        if named:
            parts.append(
                self.rows(
                    node, self.context.each([required(node, key) for key in named], Row.read), there, dates
                )
            )
        if not parts:
            raise Fault("empty-group", "a group without conditions and without `embeddedSegmentId`", node.at)
        return _from(there.way, group("all", parts, node.at), node.at)

    def embedded(self, node: Node, there: Target, dates: DateRange | None) -> Node:
        written = word(node, "embeddedSegmentId")
        name = self.context.names.segments.get(written, written)
        if not _SEGMENT_ID.fullmatch(name):
            hint = f"name the segment it is under `segments: {{{written}: …}}` of a names file"
            raise Fault(
                "dialect-segment", f"`embeddedSegmentId: {written}` is no segment's id here", node.at, hint
            )
        if there.is_event or there.way.down:
            what = "events have no segments" if there.is_event else f"`{there.way}` leads to many rows"
            raise Fault("dialect-segment", f"`embeddedSegmentId` cannot stand in this group: {what}", node.at)
        if dates is not None:
            dates.refuse_unless_lifetime("an embedded segment")
        return mapping(node.at, [("segment", text(name, node.at))])

    def rows(self, node: Mapping, rows: list[Row], there: Target, dates: DateRange) -> Node:
        written = given(node, "conditionFocus")
        if written is None:
            raise Fault("missing-key", "`conditionFocus` is missing: what are the conditions about?", node.at)
        focus = choice(word(written, "conditionFocus"), FOCUSES, "conditionFocus", written)
        join = _joined(rows)
        if there.is_event and focus == "property":
            return event_condition(self.context, there, rows, dates, join=join, at=node.at)
        done = self.context.each(rows, lambda row: row_condition(self.context, there, focus, row, dates))
        condition = group(join, done, node.at)
        if there.way.down is None:
            return condition
        down = text(there.way.down, node.at)
        where = group("all", [*_there(there, node.at), condition], node.at)
        return mapping(node.at, [("related", down), ("where", where), ("within", dates.window)])


def _from(way: Way, condition: Node, at: Position) -> Node:
    """Return the condition as seen from where the way begins."""
    for relation in reversed(way.ups):
        condition = mapping(at, [("on", text(relation, at)), ("where", condition)])
    return condition


def _there(there: Target, at: Position) -> list[Node]:
    """Ask that the parent of a row exists: a path that leads nowhere would meet a negative condition."""
    if not there.way.onward:
        return []
    key = text(".".join((*there.way.onward, there.kind.key)), at)
    return [mapping(at, [("field", key), ("operator", text("is_not_empty", at))])]


def _join(node: Mapping) -> str:
    written = given(node, "conjunction")
    if written is None:
        raise Fault("missing-key", "`conjunction` is missing: `and` or `or` what stands before?", node.at)
    return CONJUNCTIONS[choice(word(written, "conjunction").lower(), CONJUNCTIONS, "conjunction", written)]


def _joined(rows: list[Row]) -> str:
    """Return how the rows of a group join. Both in one group would need brackets, which it has not."""
    joins = {_join(row.node): row.node for row in rows[1:]}
    if len(joins) > 1:
        raise Fault(
            "dialect-ambiguous",
            "`and` and `or` in one group: which of them binds first?",
            joins["any"].at,
            "put what belongs together into a group of its own",
        )
    return next(iter(joins), "all")
