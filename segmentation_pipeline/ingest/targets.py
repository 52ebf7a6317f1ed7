"""What a table accepts: its key, its fields, and which of them live elsewhere."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from segmentation_pipeline.catalog.model import Field
from segmentation_pipeline.catalog.types import Text
from segmentation_pipeline.diagnostics import did_you_mean
from segmentation_pipeline.errors import ImportFailed

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Mapping

    from segmentation_pipeline.catalog.model import Catalog, EventSource, ObjectType

UPDATED = "updated_at"


@dataclass(frozen=True, slots=True)
class Target:
    """A table as an import sees it: ``fields`` are all that a mapping may name.

    A missing key is made from the columns ``made_from``, an object's from its e-mail if it has none.
    ``kind`` is set for an object's table, ``source`` for a table of events; a plain table has neither.
    ``merges`` is the object whose merges a plain table holds.
    """

    table: str
    key: tuple[str, ...]
    fields: Mapping[str, Field]
    made_from: tuple[str, ...] = ()
    kind: ObjectType | None = None
    source: EventSource | None = None
    merges: ObjectType | None = None

    @property
    def identity(self) -> Field | None:
        """The unique e-mail from which a missing key is made."""
        if self.kind is None or self.made_from:
            return None
        return next((f for f in self.fields.values() if f.unique and f.form == "email"), None)

    @property
    def unique(self) -> tuple[str, ...]:
        """Stored fields, other than the key, that no two objects may share."""
        return tuple(
            name for name, f in self.fields.items() if f.unique and f.stored and name not in self.key
        )

    @property
    def needed(self) -> tuple[str, ...]:
        """Fields without which no row can land; a key that can be made is not among them."""
        if self.source is not None:
            return (self.source.key, self.source.type, self.source.time)
        if self.made_from:
            return tuple(name for name in self.made_from if self.fields[name].required)
        return self.key if self.identity is None else ()

    def clock(self, columns: Container[str]) -> str | None:
        """Return which of ``columns`` says which of two rows with one key is newer, if one does.

        Rows whose key is made need not say when they were changed; then it is when they came to be.
        """
        born = self.kind.born if self.kind is not None and self.made_from else None
        return next((n for n in (UPDATED, born) if n in columns and n in self.fields), None)

    def match(self, headings: Iterable[str]) -> dict[str, str]:
        """Return field: heading where a heading is a field's name or alias, in any case and punctuation.

        Raises:
            ImportFailed: two headings name the same field.
        """
        known = {squash(word): name for name, f in self.fields.items() for word in (name, *f.aliases)}
        found: dict[str, str] = {}
        for heading in headings:
            name = known.get(squash(heading))
            if name is None:
                continue
            if name in found:
                raise ImportFailed(
                    f"the columns `{found[name]}` and `{heading}` both name the field `{name}`",
                    where=self.table,
                    hint="choose one in a mapping file",
                )
            found[name] = heading
        return found


def target_of(catalog: Catalog, table: str) -> Target:
    """Return the target for ``table``; raise `ImportFailed` that lists the tables there are."""
    kind = catalog.object_of_table(table)
    if kind is not None and kind.derived:
        raise ImportFailed(
            f"`{table}` is computed from other tables and cannot be imported",
            allowed=catalog.imported_tables(),
        )
    if kind is not None:
        key = {kind.key: kind.fields.get(kind.key) or Field(kind.key, Text(), required=True)}
        return Target(table, (kind.key,), {**key, **kind.fields}, kind.made_from, kind=kind)
    source = catalog.source_of_table(table)
    if source is not None:
        return Target(table, (source.id,), source.columns, source=source)
    if table in catalog.tables:
        plain = catalog.tables[table]
        merges = next((kind for kind in catalog.objects.values() if kind.merges == table), None)
        return Target(table, plain.key, plain.columns, plain.made_from, merges=merges)
    raise ImportFailed(
        f"unknown table `{table}`",
        allowed=catalog.imported_tables(),
        hint=did_you_mean(table, catalog.imported_tables()),
    )


def squash(word: str) -> str:
    """Return a heading without case and punctuation.

    >>> squash("E-mail Address")
    'emailaddress'
    """
    return re.sub(r"[\W_]+", "", word).casefold()
