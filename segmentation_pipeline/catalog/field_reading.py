"""Declarations of fields, from nodes to `Field` values: short and long forms, structs flattened."""

from __future__ import annotations

import re
import unicodedata
from typing import Any, TypeVar

from segmentation_pipeline.catalog.declarations import Declaration, FieldDeclaration
from segmentation_pipeline.catalog.derivations import DERIVATIONS
from segmentation_pipeline.catalog.model import Field, Satellite
from segmentation_pipeline.catalog.types import (
    Decimal,
    Enum,
    FieldType,
    Integer,
    ListOf,
    Number,
    ScalarType,
    Text,
    scalar_type,
)
from segmentation_pipeline.diagnostics import Diagnostic, did_you_mean
from segmentation_pipeline.documents import Mapping, Node, Scalar, Sequence, read_model
from segmentation_pipeline.errors import DefinitionError, Position

_NAME = re.compile(r"[a-z][a-z0-9_]*")
_FIELD_NAME = re.compile(r'[^\s"\x00-\x1f](?:[^"\x00-\x1f]*[^\s"\x00-\x1f])?')
_TEXTS = ("values", "aliases", "key", "made_from", "description", "name")
_UNREAD = Scalar("", quoted=True, at=Position("", 0, 0))

Model = TypeVar("Model", bound=Declaration)


class FieldReader:
    """Reads declarations and keeps every finding, so that one pass shows all faults."""

    def __init__(self) -> None:
        self.findings: list[Diagnostic] = []

    def report(self, rule: str, message: str, at: Position, hint: str | None = None) -> None:
        self.findings.append(Diagnostic(rule, message, at, hint))

    def declaration(self, model: type[Model], node: Node, what: str) -> Model | None:
        """Return the node as a declaration; None, with findings, where it is none."""
        if not isinstance(node, Mapping):
            self.report("catalog-shape", f"{what} must be a mapping", node.at)
            return None
        try:
            return read_model(model, _without_nulls(node, model), "catalog-shape")
        except DefinitionError as error:
            self.findings.extend(error.diagnostics)
            return None

    def entries(self, node: Node | None, what: str) -> tuple[tuple[Scalar, Node], ...]:
        """Return the entries of a mapping; none where it is left out or null."""
        if node is None or (isinstance(node, Scalar) and node.is_null):
            return ()
        if isinstance(node, Mapping):
            return node.entries
        self.report("catalog-shape", f"`{what}` must be a mapping of names", node.at)
        return ()

    def named(self, key: Scalar, what: str) -> bool:
        if _NAME.fullmatch(key.text):
            return True
        self.report(
            "bad-name",
            f"`{key.text}` is no name for {what}",
            key.at,
            "names are [a-z][a-z0-9_]*, such as contact_tags",
        )
        return False

    def fields(
        self, node: Node | None, satellite: Satellite | None = None, above: tuple[str, ...] = ()
    ) -> dict[str, Field]:
        """Return the fields a mapping declares, by path; those of a struct as ``struct.field``."""
        found: dict[str, Field] = {}
        for key, value in self.entries(node, "fields"):
            if not _FIELD_NAME.fullmatch(key.text):
                self.report(
                    "bad-name",
                    f"`{key.text}` is no name for a field",
                    key.at,
                    "no quotes, no blanks around it",
                )
                continue
            path = (*above, key.text)
            if (short := _short(path, value, satellite)) is not None:
                new = {short.name: short}
            else:
                long = value if isinstance(value, Mapping) else _long_form(value)
                declared = self.declaration(FieldDeclaration, long, f"field `{key.text}`")
                if declared is None:
                    continue
                new = self.declared(declared, long, path, satellite)
            for name in new.keys() & found.keys():
                self.report("duplicate-name", f"`{name}` is declared twice", key.at)
            found |= new
        return found

    def declared(
        self, declared: FieldDeclaration, node: Node, path: tuple[str, ...], outer: Satellite | None
    ) -> dict[str, Field]:
        if declared.type == "struct":
            return self.struct(declared, node, path, outer)
        field = self.field(declared, node, path, outer)
        return {field.name: field} if field else {}

    def struct(
        self, declared: FieldDeclaration, node: Node, path: tuple[str, ...], outer: Satellite | None
    ) -> dict[str, Field]:
        extra = declared.model_fields_set - {"type", "fields", "source", "description"}
        if extra:
            self.report("catalog-shape", f"a struct takes no `{min(extra)}`: write it at its fields", node.at)
        if declared.source is not None and declared.source.value is not None:
            self.report("catalog-shape", "the `from` of a struct takes no `value`", node.at)
        inner = Satellite(declared.source.table) if declared.source else outer
        parts = node.get("fields") if isinstance(node, Mapping) else None
        return self.fields(parts, inner, path)

    def field(
        self, declared: FieldDeclaration, node: Node, path: tuple[str, ...], outer: Satellite | None
    ) -> Field | None:
        kind = self.type(declared, node)
        if kind is None:
            return None
        satellite = outer
        if declared.source is not None:
            if not isinstance(kind, ListOf):
                self.report("catalog-shape", "only a list or a struct takes `from`", node.at)
            elif declared.source.value is None:
                self.report(
                    "catalog-shape", "the `from` of a list needs `value`: the column of its elements", node.at
                )
            satellite = Satellite(declared.source.table, declared.source.value)
        self.constraints(declared, kind, node)
        return Field(
            name=".".join(path),
            type=kind,
            required=declared.required,
            unique=declared.unique,
            pii=declared.pii,
            normalise=declared.normalise,
            form=declared.form,
            minimum=declared.minimum,
            maximum=declared.maximum,
            derived=declared.derived,
            history=declared.history,
            satellite=satellite,
            aliases=tuple(declared.aliases),
            description=declared.description,
        )

    def type(self, declared: FieldDeclaration, node: Node) -> FieldType | None:
        is_list = declared.type == "list"
        name = declared.of if is_list else declared.type
        if name is None:
            self.report("catalog-shape", "a list needs `of`: the type of its elements", node.at)
            return None
        if declared.of is not None and not is_list:
            self.report("catalog-shape", "only a list takes `of`", node.at)
        if declared.fields is not None:
            self.report("catalog-shape", "only a struct takes `fields`", node.at)
        kind: ScalarType | None
        if name == "enum":
            kind = self.enum(declared, node)
        else:
            if declared.values is not None:
                self.report("catalog-shape", "only an enum takes `values`", node.at)
            kind = self.scalar(name, node)
        return ListOf(kind) if is_list and kind is not None else kind

    def enum(self, declared: FieldDeclaration, node: Node) -> Enum | None:
        values = declared.values or []
        if not values or len(set(values)) < len(values):
            fault = "is listed twice" if values else "needs `values`: the texts it may hold"
            twice = next((value for value in values if values.count(value) > 1), "")
            self.report(
                "catalog-shape", f"an enum {fault}" if not twice else f"value `{twice}` {fault}", node.at
            )
            return None
        return Enum(tuple(unicodedata.normalize("NFC", value) for value in values))

    def scalar(self, name: str, node: Node) -> ScalarType | None:
        try:
            return scalar_type(name)
        except ValueError as error:
            written = node.get("type") if isinstance(node, Mapping) else None
            self.report("unknown-type", str(error), (written or node).at, _type_hint(name))
            return None

    def constraints(self, declared: FieldDeclaration, kind: FieldType, node: Node) -> None:
        """Report constraints that the type cannot have."""
        bounded = declared.minimum is not None or declared.maximum is not None
        if bounded and not isinstance(kind, Integer | Number | Decimal):
            self.report(
                "constraint-not-for-type", f"`minimum` and `maximum` are for numbers, not {kind}", node.at
            )
        low, high = declared.minimum, declared.maximum
        if low is not None and high is not None and low > high:
            self.report("reversed-bounds", f"`minimum` {low:g} is above `maximum` {high:g}", node.at)
        for name in ("normalise", "form"):
            if getattr(declared, name) is not None and not isinstance(kind, Text):
                self.report("constraint-not-for-type", f"`{name}` is for text, not {kind}", node.at)
        if declared.derived is not None and declared.derived not in DERIVATIONS:
            self.report(
                "unknown-derivation",
                f"`{declared.derived}` is not a derived field",
                node.at,
                did_you_mean(declared.derived, DERIVATIONS),
            )


def _type_hint(name: str) -> str | None:
    near = {
        "string": "text",
        "str": "text",
        "int": "integer",
        "float": "number",
        "bool": "boolean",
        "timestamp": "datetime",
    }
    return f"did you mean `{near[name]}`?" if name in near else None


def _short(path: tuple[str, ...], node: Node, outer: Satellite | None) -> Field | None:
    """Return the field that one word declares, as most do: `email: text`. None if it says more, or wrong."""
    if not isinstance(node, Scalar) or not isinstance(node.plain, str):
        return None
    try:
        return Field(".".join(path), scalar_type(node.text), satellite=outer)
    except ValueError:
        return None


def _long_form(short: Node) -> Mapping:
    """Return ``email: text`` as ``email: {type: text}``; of null, a mapping without a type."""
    if isinstance(short, Scalar) and short.is_null:
        return Mapping((), short.at)
    return Mapping(((Scalar("type", quoted=False, at=short.at), short),), short.at)


def _without_nulls(node: Mapping, model: type[Declaration]) -> Mapping:
    """Return the mapping without known keys that are null, and with names and values as texts.

    Parts that the model does not look into are left out of what it is given, however large they are.
    """
    known = {field.alias or name: field.annotation is Any for name, field in model.model_fields.items()}
    kept = (
        (key, _UNREAD if known.get(key.text) else _as_text(value) if key.text in _TEXTS else value)
        for key, value in node.entries
        if not (key.text in known and isinstance(value, Scalar) and value.is_null)
    )
    return Mapping(tuple(kept), node.at)


def _as_text(node: Node) -> Node:
    """Return scalars as they are written: ``values: [1, true]`` are the texts `1` and `true`."""
    if isinstance(node, Scalar) and not node.is_null:
        return Scalar(node.text, quoted=True, at=node.at)
    if isinstance(node, Sequence):
        return Sequence(tuple(_as_text(item) for item in node.items), node.at)
    return node
