"""Reads conditions: YAML nodes with positions into the tree, every finding at once."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from segmentation_pipeline.diagnostics import Diagnostic, did_you_mean
from segmentation_pipeline.documents import Mapping, Node, Scalar, Sequence
from segmentation_pipeline.rules.comparisons import OPTIONS, read_comparison
from segmentation_pipeline.rules.composites import read_rank, read_ratio, read_response
from segmentation_pipeline.rules.durations import read_ago
from segmentation_pipeline.rules.faults import Fault, Incomplete, field_at, only, place, required, word
from segmentation_pipeline.rules.measures import read_measured
from segmentation_pipeline.rules.paths import ObjectScope
from segmentation_pipeline.rules.sequence_reading import HISTORY, read_history, read_parent, read_sequence
from segmentation_pipeline.rules.tree import (
    All,
    Any,
    AtLeast,
    Compare,
    Condition,
    Everyone,
    Field,
    InSegment,
    Not,
    On,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from segmentation_pipeline.catalog.model import Catalog, ObjectType
    from segmentation_pipeline.rules.paths import Scope


@dataclass
class Reader:
    """Reads the conditions of one segment; ``findings`` collects what is wrong with them.

    ``in_rows`` is true inside a measure, where conditions name only fields of its rows.
    """

    catalog: Catalog
    scope: Scope
    segment: str
    findings: list[Diagnostic] = field(default_factory=list)
    in_rows: bool = False

    @property
    def owner(self) -> ObjectType:
        """The object whose rows are tested; conditions inside a measure have none."""
        assert isinstance(self.scope, ObjectScope)
        return self.scope.object

    def rows(self, scope: Scope) -> Reader:
        """Return a reader of conditions on the rows of a measure; it shares the findings."""
        return replace(self, scope=scope, in_rows=True)

    def condition(self, node: Node) -> Condition | None:
        """Return the condition, or None with the findings that say why not."""
        try:
            return self._condition(node)
        except Fault as fault:
            self.record(fault)
        except Incomplete:
            pass
        return None

    def record(self, fault: Fault) -> None:
        self.findings.append(
            Diagnostic(fault.rule, fault.message, fault.at, fault.hint, segment=self.segment)
        )

    def group(self, node: Mapping, key: str) -> tuple[Condition, ...]:
        """Return the conditions of a group; those that cannot be read leave their findings."""
        listed = required(node, key)
        if not isinstance(listed, Sequence):
            raise Fault("condition-shape", f"`{key}` takes a list of conditions", listed.at)
        if not listed.items:
            hint = "remove the group, or write a condition"
            raise Fault("empty-group", f"`{key}` is empty: no conditions to combine", place(node, key), hint)
        found = [self.condition(item) for item in listed.items]
        read = tuple(condition for condition in found if condition is not None)
        embedded = [condition for condition in read if isinstance(condition, InSegment)]
        for index, condition in enumerate(embedded):
            if condition in embedded[:index]:
                message = f"segment `{condition.segment}` stands twice in one group"
                self.record(Fault("embedded-twice", message, condition.at))
        if len(read) < len(found):
            raise Incomplete
        return read

    def _condition(self, node: Node) -> Condition:
        if not isinstance(node, Mapping):
            hint = (
                "a list of conditions stands under `all:` or `any:`" if isinstance(node, Sequence) else None
            )
            raise Fault(
                "condition-shape", "a condition is a mapping such as `{field: …, operator: …}`", node.at, hint
            )
        if "observed_for" in node:
            return self._observed(node)
        kind = next((key for key in _KINDS if key in node), None)
        if kind is None:
            raise Fault("condition-shape", _no_kind(node), node.at, _near(node))
        if self.in_rows and kind in _OF_OBJECTS:
            hint = "conditions inside a measure name fields of its rows"
            raise Fault(
                "condition-in-rows", f"`{kind}` cannot stand inside a measure", place(node, kind), hint
            )
        return _KINDS[kind](self, node)

    def _observed(self, node: Mapping) -> Condition:
        """Read ``observed_for``: the condition, and the object born that long ago."""
        kind = self.owner if isinstance(self.scope, ObjectScope) and not self.in_rows else None
        at = place(node, "observed_for")
        if kind is None or kind.born is None:
            message = "`observed_for` needs an object whose `born` field the catalog names"
            raise Fault("observed-for", message, at)
        born = Field((kind.born,), kind.fields[kind.born].type)
        ago = read_ago(required(node, "observed_for"), "observed_for")
        rest = Mapping(tuple(entry for entry in node.entries if entry[0].text != "observed_for"), node.at)
        return All((self._condition(rest), Compare(born, "on_or_before", ago, at=at)), node.at)


def _field(reader: Reader, node: Mapping) -> Condition:
    only(node, "field", *OPTIONS)
    operand = field_at(reader.scope, required(node, "field"), "field")
    return read_comparison(operand, node, reader.scope)


def _segment(reader: Reader, node: Mapping) -> Condition:
    only(node, "segment", *HISTORY)
    name = word(required(node, "segment"), "segment")
    history = read_history(node)
    for kind in reader.catalog.objects:
        if name == f"all_{kind}s":
            own = reader.owner.name
            if kind != own:
                raise Fault("embedded-object", f"`{name}` holds objects of `{kind}`, not `{own}`", node.at)
            if history is not None:
                raise Fault("built-in-history", f"`{name}` is built in: it has no history", node.at)
            return Everyone(node.at)
    return InSegment(name, history, required(node, "segment").at)


def _on(reader: Reader, node: Mapping) -> Condition:
    relation, parent = read_parent(reader, node)
    scope = ObjectScope(reader.catalog, reader.catalog.objects[parent])
    found = replace(reader, scope=scope).condition(required(node, "where"))
    if found is None:
        raise Incomplete
    return On(relation, parent, found, node.at)


def _all(reader: Reader, node: Mapping) -> Condition:
    only(node, "all")
    return All(reader.group(node, "all"), node.at)


def _any(reader: Reader, node: Mapping) -> Condition:
    only(node, "any")
    return Any(reader.group(node, "any"), node.at)


def _not(reader: Reader, node: Mapping) -> Condition:
    only(node, "not")
    inner = reader.condition(required(node, "not"))
    if inner is None:
        raise Incomplete
    return Not(inner, node.at)


def _at_least(reader: Reader, node: Mapping) -> Condition:
    only(node, "at_least", "of")
    written = required(node, "at_least")
    k = written.plain if isinstance(written, Scalar) else None
    conditions = reader.group(node, "of")
    if not isinstance(k, int) or isinstance(k, bool) or not 1 <= k <= len(conditions):
        message = (
            f"`at_least` takes a whole number from 1 to {len(conditions)}, how many conditions there are"
        )
        raise Fault("at-least", message, written.at)
    return AtLeast(k, conditions, node.at)


def _everyone(_reader: Reader, node: Mapping) -> Condition:
    only(node, "everyone")
    written = required(node, "everyone")
    if not isinstance(written, Scalar) or written.plain is not True:
        raise Fault(
            "condition-shape",
            "`everyone` takes only `true`",
            written.at,
            "for no one, write `not: {everyone: true}`",
        )
    return Everyone(node.at)


_KINDS: dict[str, Callable[[Reader, Mapping], Condition]] = {
    "field": _field,
    "ratio": read_ratio,
    "response": read_response,
    "rank": read_rank,
    "sequence": read_sequence,
    "event": read_measured,
    "related": read_measured,
    "segment": _segment,
    "on": _on,
    "at_least": _at_least,
    "not": _not,
    "everyone": _everyone,
    "all": _all,
    "any": _any,
}


_OF_OBJECTS = ("segment", "event", "related", "ratio", "response", "rank", "sequence", "on")


def _no_kind(node: Mapping) -> str:
    found = ", ".join(f"`{key}`" for key in node) or "nothing"
    return f"a condition needs one of {', '.join(f'`{key}`' for key in _KINDS)}; found {found}"


def _near(node: Mapping) -> str | None:
    hints = (did_you_mean(key, _KINDS) for key in node)
    return next((hint for hint in hints if hint and hint.startswith("did")), None)
