"""Columns that no field is mapped to, as custom fields: those that the catalog declares."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segmentation_pipeline.errors import ImportFailed
from segmentation_pipeline.ingest.mapping import Source
from segmentation_pipeline.ingest.targets import squash

if TYPE_CHECKING:
    from collections.abc import Iterable

    from segmentation_pipeline.ingest.mapping import SourceMapping
    from segmentation_pipeline.ingest.targets import Target


def with_custom_columns(mapping: SourceMapping, target: Target, headings: Iterable[str]) -> SourceMapping:
    """Return a mapping of `unknown: custom` with its unknown columns mapped; any other as it is.

    A heading names the custom field of that name or alias, in any case and punctuation.

    Raises:
        ImportFailed: a heading names no custom field, two name the same, or the table has none.
    """
    if mapping.unknown != "custom":
        return mapping
    known = _custom_fields(target)
    used = {*mapping.reads, *mapping.ignore}
    wanted = [heading for heading in dict.fromkeys(headings) if heading not in used]
    undeclared = [heading for heading in wanted if squash(heading) not in known]
    if undeclared:
        raise ImportFailed(
            f"no custom field is declared for {', '.join(f'`{heading}`' for heading in undeclared)}",
            where=target.table,
            allowed=sorted(set(known.values())),
            hint=_hint(target, undeclared),
        )
    found: dict[str, str] = {}
    for heading in wanted:
        name = known[squash(heading)]
        if name in mapping.columns or name in found:
            raise ImportFailed(
                f"`{heading}` is one column too many for the field `{name}`",
                where=target.table,
                hint="list it in `ignore`, or map it to another field",
            )
        found[name] = heading
    columns = mapping.columns | {name: Source(column=heading) for name, heading in found.items()}
    return mapping.model_copy(update={"columns": columns})


def _custom_fields(target: Target) -> dict[str, str]:
    """Return the fields of structs that are kept a row a field, by what a heading may call them."""
    found: dict[str, str] = {}
    for name, field in target.fields.items():
        if field.satellite is None or field.satellite.value is not None:
            continue
        for word in (name, name.partition(".")[2], *field.aliases):
            found.setdefault(squash(word), name)
    if not found:
        raise ImportFailed(
            "`unknown: custom` needs a table with custom fields",
            where=target.table,
            hint="leave it out: columns that are not mapped are then left out and listed",
        )
    return found


def _hint(target: Target, undeclared: list[str]) -> str:
    name = target.kind.name if target.kind is not None else target.table
    struct = next(path.partition(".")[0] for path in _custom_fields(target).values())
    field = "_".join("".join(c if c.isalnum() else " " for c in undeclared[0].lower()).split()) or "name"
    return (
        f"declare it in catalog.yaml, such as `objects: {{{name}: {{fields: {{{struct}: "
        f"{{fields: {{{field}: text}}}}}}}}}}`, or list it in the mapping's `ignore`"
    )
