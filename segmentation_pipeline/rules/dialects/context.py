"""What every dialect translates with, and how it goes on after a condition it must refuse."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from segmentation_pipeline.catalog.model import ObjectType
from segmentation_pipeline.diagnostics import Diagnostic, did_you_mean
from segmentation_pipeline.rules.faults import Fault, Incomplete
from segmentation_pipeline.rules.paths import ObjectScope, UnknownPath

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from segmentation_pipeline.catalog.model import Catalog
    from segmentation_pipeline.documents import Node, Scalar
    from segmentation_pipeline.rules.dialects.names import Names
    from segmentation_pipeline.rules.paths import Scope
    from segmentation_pipeline.rules.tree import Field

Item = TypeVar("Item")
Done = TypeVar("Done")


@dataclass
class Context:
    """The catalog, the names file, and the findings so far."""

    catalog: Catalog
    names: Names
    findings: list[Diagnostic] = field(default_factory=list)

    def each(self, items: Iterable[Item], translate: Callable[[Item], Done]) -> list[Done]:
        """Translate every item; those that are refused leave their findings, and then it ends."""
        done, refused = [], False
        for item in items:
            try:
                done.append(translate(item))
            except Fault as fault:
                self.findings.append(Diagnostic(fault.rule, fault.message, fault.at, fault.hint))
                refused = True
            except Incomplete:
                refused = True
        if refused:
            raise Incomplete
        return done

    def field(self, scope: Scope | ObjectType, path: str, named: Scalar) -> Field:
        """Return the catalog's field at a path of an object or an event; ``named`` is the seed's name."""
        if isinstance(scope, ObjectType):
            scope = ObjectScope(self.catalog, scope)
        try:
            return scope.field(path)
        except UnknownPath as error:
            mapped = f"map `{named.text}` under `fields:` of a names file"
            hint = f"{error.hint.removesuffix('?')}, or {mapped}" if error.hint else mapped
            raise Fault("dialect-field", str(error), named.at, hint) from error


def choice(word: str, table: Iterable[str], what: str, node: Node) -> str:
    """Return a word that must be one of a few; refuse any other by name."""
    allowed = tuple(table)
    if word in allowed:
        return word
    near = did_you_mean(word, allowed)
    hint = near if near and near.startswith("did") else f"allowed: {', '.join(allowed)}"
    raise Fault("dialect-word", f"{what} `{word}` is not one this dialect has", node.at, hint)
