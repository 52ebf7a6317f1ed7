"""Translates a seed's rule document into a definition of this language, checked by its reader."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from segmentation_pipeline.diagnostics import Diagnostic, did_you_mean
from segmentation_pipeline.documents import Mapping, Node, read_documents
from segmentation_pipeline.errors import DefinitionError, DocumentError, Position, UsageError
from segmentation_pipeline.rules.definition import Setting, read_definition
from segmentation_pipeline.rules.dialects import contact_rules, filter_rules, rule_groups
from segmentation_pipeline.rules.dialects.context import Context
from segmentation_pipeline.rules.dialects.names import Names
from segmentation_pipeline.rules.dialects.nodes import mapping, text
from segmentation_pipeline.rules.dialects.record import unwrap
from segmentation_pipeline.rules.faults import Fault, Incomplete

if TYPE_CHECKING:
    from collections.abc import Callable

    from segmentation_pipeline.catalog.model import Catalog, ObjectType

Entries = list[tuple[str, Node | None]]

DIALECTS: dict[str, Callable[[Context, ObjectType, Node], Entries]] = {
    "contact_rules": contact_rules.translate_rule,
    "filter_rules": filter_rules.translate_rule,
    "rule_groups": rule_groups.translate_rule,
}
DEFAULT_OBJECT = "contact"
_PAIR = re.compile(r"\\\\|\\u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})")


def read_rule(content: str, file: str) -> Node:
    """Return the one document of a seed's file, JSON or YAML; raise `DocumentError` with the place."""
    documents = read_documents(_joined(content) if file.endswith(".json") else content, file)
    if len(documents) != 1:
        at = documents[1].at if documents else Position(file, 1, 1)
        raise DocumentError(f"one file holds one rule; found {len(documents)} documents", where=at)
    return documents[0]


def translate(
    rule: Node,
    dialect: str,
    catalog: Catalog,
    *,
    segment: str | None = None,
    object_name: str | None = None,
    names: Names | None = None,
) -> Mapping:
    """Return the definition that means what ``rule`` means in its dialect.

    It has ``segment`` where an id is given, what the seed's row says of it, ``object`` unless it is
    the default, ``where`` and ``exclude``. Every node stands where the seed's own words stand.
    Raises `DefinitionError` with every finding: what the dialect or this language cannot say.
    """
    if dialect not in DIALECTS:
        raise UsageError(f"there is no dialect `{dialect}`", allowed=list(DIALECTS))
    if object_name is not None and object_name not in catalog.objects:
        hint = did_you_mean(object_name, catalog.objects)
        raise UsageError(f"the catalog has no object `{object_name}`", hint=hint)
    context = Context(catalog, names or Names())
    try:
        entries = _entries(context, rule, dialect, segment, object_name)
    except Fault as fault:
        context.findings.append(Diagnostic(fault.rule, fault.message, fault.at, fault.hint))
    except Incomplete:
        pass
    if context.findings:
        raise DefinitionError(context.findings)
    definition = mapping(rule.at, entries)
    _check(definition, catalog, segment or "translated")
    return definition


def _entries(
    context: Context, document: Node, dialect: str, segment: str | None, object_name: str | None
) -> Entries:
    rule, header = unwrap(document, dialect)
    if dialect == "rule_groups":
        name = object_name or rule_groups.object_of(context, document, rule, DEFAULT_OBJECT)
    else:
        name = object_name or DEFAULT_OBJECT
    kind = context.catalog.objects.get(name)
    if kind is None:
        hint = did_you_mean(name, context.catalog.objects)
        raise UsageError(f"the catalog has no object `{name}`: of which object is the segment?", hint=hint)
    return [
        ("segment", text(segment, document.at) if segment else None),
        *header,
        ("object", text(name, document.at) if name != DEFAULT_OBJECT else None),
        *DIALECTS[dialect](context, kind, rule),
    ]


def _check(definition: Mapping, catalog: Catalog, segment: str) -> None:
    """Read the definition as its file will be read; what is refused there is refused here."""
    _, findings = read_definition(definition, Setting(catalog), segment=segment, named=False)
    if findings:
        raise DefinitionError(findings)


def _joined(content: str) -> str:
    """Join the two halves in which JSON escapes a character beyond 16 bits; YAML has no such halves."""

    def character(found: re.Match[str]) -> str:
        if found[1] is None:
            return found[0]
        return chr(0x10000 + ((int(found[1], 16) - 0xD800) << 10) + int(found[2], 16) - 0xDC00)

    return _PAIR.sub(character, content)
