"""The row a seed keeps a segment in: the rule it carries, and what it says of the definition around it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from segmentation_pipeline.documents import Mapping, Node, Scalar
from segmentation_pipeline.rules.dialects.nodes import bare, given, text
from segmentation_pipeline.rules.faults import Fault, only, word

if TYPE_CHECKING:
    from collections.abc import Mapping as Mapped

_SHARED = (
    "id",
    "name",
    "description",
    "workspace_id",
    "created_by",
    "updated_by",
    "created_at",
    "updated_at",
)


@dataclass(frozen=True, slots=True)
class Record:
    """Which key of a row holds the rule, which its type, and what else it may have.

    ``switch`` is the key that turns the segment on, or off where it ``blocks``.
    """

    rule: str
    type: str | None
    switch: str | None
    blocks: bool
    columns: tuple[str, ...]


RECORDS: Mapped[str, Record] = {
    "contact_rules": Record(
        "rules", "segment_type", "is_active", False, ("tenant_id", "contact_count", "last_recalculated_at")
    ),
    "filter_rules": Record(
        "filter_rules",
        "type",
        None,
        False,
        (
            "customer_id", "color", "is_public", "auto_refresh", "last_refreshed_at",
            "total_contacts", "active_contacts",
        ),
    ),
    "rule_groups": Record(
        "ruleGroups",
        None,
        "isBlocked",
        True,
        (
            "_id", "accountId", "isCustom", "segmentObject", "status", "queryStatus", "query",
            "isEmbeddedBy", "totalBytesBilled", "buildAt", "createdAt", "updatedAt",
        ),
    ),
}  # fmt: skip


def unwrap(node: Node, dialect: str) -> tuple[Node, list[tuple[str, Node | None]]]:
    """Return the rule of a document, and the header its row gives; a bare rule gives none.

    Columns that say how the seed computed or showed the segment are passed over.
    """
    record = RECORDS[dialect]
    if not isinstance(node, Mapping) or record.rule not in node:
        return node, []
    only(node, record.rule, *_SHARED, *record.columns, *filter(None, (record.type, record.switch)))
    rule = given(node, record.rule)
    kind = given(node, record.type) if record.type else None
    if kind is not None and word(kind, str(record.type)) == "static":
        raise Fault(
            "dialect-static",
            f"`{record.type}: static` has members instead of a rule",
            kind.at,
            "write a segment of `type: static` with its `members`",
        )
    if rule is None:
        raise Fault("dialect-shape", f"`{record.rule}` is empty: there is no rule to translate", node.at)
    header = [(key, given(node, key)) for key in ("name", "description")]
    if kind is not None and word(kind, str(record.type)) == "suppression":
        header.append(("type", text("suppression", kind.at)))
    switch = given(node, record.switch) if record.switch else None
    if isinstance(switch, Scalar) and switch.plain is record.blocks:
        header.append(("active", bare("false", switch.at)))
    return rule, header
