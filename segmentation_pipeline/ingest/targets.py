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
    from collections.abc import Iterable, Mapping

    from segmentation_pipeline.catalog.model import Catalog, EventSource, ObjectType


@dataclass(frozen=True, slots=True)
class Target:
    """A table as an import sees it: ``fields`` are all that a mapping may name.

    ``kind`` is set for an object's table, ``source`` for a table of events; a plain table has neither.
    """

    table: str
    key: tuple[str, ...]
    fields: Mapping[str, Field]
    kind: ObjectType | None = None
    source: EventSource | None = None

    @property
    def identity(self) -> Field | None:
        """The unique e-mail from which a missing key is made."""
        if self.kind is None:
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
        """Fields without which no row can land; a key that is made from an e-mail is not among them."""
        if self.source is not None:
            return (self.source.key, self.source.type, self.source.time)
        return self.key if self.identity is None else ()

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
    if kind is not None:
        key = {kind.key: kind.fields.get(kind.key) or Field(kind.key, Text(), required=True)}
        return Target(table, (kind.key,), {**key, **kind.fields}, kind=kind)
    source = catalog.source_of_table(table)
    if source is not None:
        return Target(table, (source.id,), source.columns, source=source)
    if table in catalog.tables:
        plain = catalog.tables[table]
        return Target(table, plain.key, plain.columns)
    raise ImportFailed(
        f"unknown table `{table}`",
        allowed=catalog.table_names(),
        hint=did_you_mean(table, catalog.table_names()),
    )


def squash(word: str) -> str:
    """Return a heading without case and punctuation.

    >>> squash("E-mail Address")
    'emailaddress'
    """
    return re.sub(r"[\W_]+", "", word).casefold()
