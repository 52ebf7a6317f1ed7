"""The catalog as a page of Markdown: objects, their fields and relations, events, tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segmentation_pipeline.catalog.types import Enum, ListOf

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from segmentation_pipeline.catalog.model import Catalog, EventSource, Field, ObjectType, PlainTable

_HEAD = """\
# The catalog: what rules may name

Generated from `segment_definitions/catalog.yaml` by
`python -m segmentation_pipeline.schemas --reference docs/catalog.md`. A new object, field, relation or
type of event is a change of that file alone; how rules use the names is in [rules.md](rules.md).

A relation to *one* object is a prefix of its fields (`company.industry`) or stands under `on:`; one to
*many* is counted and summed by `related:`, and `within:` looks at the column that times its rows.
There is no object `event`: what happened to an object is named by `event:`, from the sources below.
A customer system's opportunities are the object `opportunity`; there is no second one for them.

The first line of every definition names a JSON Schema made from this catalog, by which editors complete
fields, values and events and mark what is wrong; `segmentation schema --write` renews the schemas after
a change of the catalog.
"""


def reference_page(catalog: Catalog) -> str:
    """Return the page; it changes only with the catalog."""
    return "\n".join([_HEAD, *_overview(catalog), *_objects(catalog), *_events(catalog), *_tables(catalog)])


def _overview(catalog: Catalog) -> Iterator[str]:
    rows = [
        (f"[`{kind.name}`](#{kind.name})", f"`{kind.table}`", f"`{kind.key}`", kind.description)
        for kind in catalog.objects.values()
    ]
    yield from _table(("object", "table", "key", "what it is"), rows)


def _objects(catalog: Catalog) -> Iterator[str]:
    yield "## Objects\n"
    for kind in catalog.objects.values():
        yield f"### {kind.name}\n"
        yield f"{kind.description}\n"
        yield f"{_about(kind)}\n"
        yield from _fields(kind.fields.values())
        yield from _relations(kind)


def _about(kind: ObjectType) -> str:
    said = [f"Table `{kind.table}`, key `{kind.key}`"]
    if kind.born is not None:
        said.append(f"exists since `{kind.born}`")
    if kind.derived:
        said.append("computed from other tables, never imported")
    if kind.made_from:
        said.append(f"a key that the source lacks is made of {_names(kind.made_from)}")
    if kind.history is not None:
        said.append(f"what imports change is kept in [`{kind.history}`](#{kind.history})")
    if kind.merges is not None:
        said.append(f"which are one, [`{kind.merges}`](#{kind.merges}) says")
    if kind.events:
        said.append("events of " + ", ".join(f"[`{name}`](#{name})" for name in kind.events))
    return "; ".join(said) + "."


def _names(columns: Iterable[str]) -> str:
    return ", ".join(f"`{column}`" for column in columns)


def _relations(kind: ObjectType) -> Iterator[str]:
    rows = [
        (
            f"`{it.name}`",
            f"{'one' if it.key else 'many'} [`{it.object}`](#{it.object})",
            f"`{it.key or it.foreign_key}`" + (" of theirs" if it.key is None else ""),
            f"`{it.time}`" if it.time else "",
        )
        for it in kind.relations.values()
    ]
    if rows:
        yield from _table(("relation", "leads to", "through", "timed by"), rows)


def _events(catalog: Catalog) -> Iterator[str]:
    yield "## Events\n"
    for source in catalog.events.values():
        yield f"### {source.name}\n"
        yield f"{source.description}\n"
        owner = catalog.owner_of_source(source.name).name
        yield (
            f"Table `{source.table}`; of [`{owner}`](#{owner}) by `{source.key}`, timed by `{source.time}`, "
            f"of type `{source.type}`, told apart by `{source.id}`.\n"
        )
        yield from _fields(source.fields.values())
        yield from _types(source)


def _types(source: EventSource) -> Iterator[str]:
    rows = []
    for kind in source.types.values():
        own = ", ".join(f"`{it.name}` {it.type}" for it in kind.fields.values())
        contact = f"A contact by {kind.channel}. " if kind.channel is not None else ""
        said = contact + kind.description
        rows.append((f"`{kind.name}`", own, said.strip()))
    yield from _table(("event", "fields of its own", ""), rows)


def _tables(catalog: Catalog) -> Iterator[str]:
    if catalog.tables:
        yield "## Tables behind fields\n"
    for table in catalog.tables.values():
        yield from _plain_table(table)


def _plain_table(table: PlainTable) -> Iterator[str]:
    yield f"### {table.name}\n"
    made = f", made of {_names(table.made_from)} where the source lacks it" if table.made_from else ""
    yield f"{table.description} Key {_names(table.key)}{made}.\n".lstrip()
    yield from _fields(table.columns.values())


def _fields(fields: Iterable[Field]) -> Iterator[str]:
    rows = [(f"`{it.name}`", _type(it), "; ".join(_notes(it))) for it in fields]
    yield from _table(("field", "type", "notes"), rows)


def _type(field: Field) -> str:
    of = field.type.of if isinstance(field.type, ListOf) else field.type
    values = f": {', '.join(f'`{value}`' for value in of.values)}" if isinstance(of, Enum) else ""
    return f"{field.type}{values}"


def _notes(field: Field) -> Iterator[str]:
    if field.required:
        yield "required"
    if field.unique:
        yield "unique"
    if field.pii:
        yield "personal"
    if field.normalise is not None:
        yield {"lower": "lower case", "trim": "trimmed"}[field.normalise]
    if field.form is not None:
        yield f"in the form of an {field.form}"
    if field.minimum is not None or field.maximum is not None:
        ends = (("from", field.minimum), ("to", field.maximum))
        yield " ".join(f"{word} {end:g}" for word, end in ends if end is not None)
    if field.derived is not None:
        yield "computed"
    if not field.history:
        yield "without history"
    if field.satellite is not None:
        yield f"in `{field.satellite.table}`"
    if field.description:
        yield field.description.rstrip(".")


def _table(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    yield f"| {' | '.join(heads)} |"
    yield f"|{'---|' * len(heads)}"
    yield from (f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |" for row in rows)
    yield ""
