"""One rule that files must keep, and the small projects that show it kept and broken."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from segmentation_pipeline.diagnostics import Severity

Kind = Literal["syntactic", "semantic"]


@dataclass(frozen=True, slots=True)
class Rule:
    """``id`` is what findings name it by; ``summary`` says in one sentence what is wrong.

    A syntactic rule needs only the file itself, a semantic one the catalog or other files too.
    ``valid`` and ``invalid`` are the files of a definitions folder: text by path. Where they leave
    out the catalog, it is `EXAMPLE_CATALOG`. A rule of a dialect stands in ``DIALECT.yaml``, its
    names in ``names.yaml``; ``segmentation.toml`` is the project's.
    """

    id: str
    kind: Kind
    summary: str
    hint: str
    valid: Mapping[str, str]
    invalid: Mapping[str, str]
    severity: Severity = "error"


def one(path: str, text: str) -> Mapping[str, str]:
    """Return an example of one file."""
    return MappingProxyType({path: text if text.endswith("\n") else text + "\n"})


def several(files: Mapping[str, str]) -> Mapping[str, str]:
    """Return an example of several files."""
    return MappingProxyType({path: one(path, text)[path] for path, text in files.items()})


def where(condition: str) -> Mapping[str, str]:
    """Return the definition of a segment of contacts with one condition."""
    return definition(f"where: {condition}")


def definition(body: str) -> Mapping[str, str]:
    """Return the definition of the segment ``example``."""
    return one("segments/example.yaml", f"segment: example\n{body}")


def segments(**conditions: str) -> Mapping[str, str]:
    """Return several definitions, each with one condition."""
    return several(
        {f"segments/{name}.yaml": f"segment: {name}\nwhere: {rule}" for name, rule in conditions.items()}
    )


def fields(declared: str) -> Mapping[str, str]:
    """Return a catalog of one object with a key and the fields given, one a line."""
    lines = "".join(f"      {line}\n" for line in ("contact_id: text", *declared.splitlines()))
    head = "objects:\n  contact:\n    table: contacts\n    key: contact_id\n    fields:\n"
    return one("catalog.yaml", head + lines)


EXAMPLE_CATALOG = """\
objects:
  contact:
    table: contacts
    key: contact_id
    born: created_at
    fields:
      contact_id: text
      email: {type: text, unique: true, form: email}
      country: text
      city: text
      plan: {type: enum, values: [free, pro]}
      age: integer
      active: boolean
      tags: {type: list, of: text}
      created_at: datetime
      company_id: text
    relations:
      company: {object: company, key: company_id}
      orders: {object: order, foreign_key: contact_id, time: ordered_at}
      notes: {object: note, foreign_key: contact_id}
    events: [activities, visits]
  company:
    table: companies
    key: company_id
    fields: {company_id: text, name: text, employees: integer}
  order:
    table: orders
    key: order_id
    fields: {order_id: text, contact_id: text, amount: decimal(2), ordered_at: datetime}
  note:
    table: notes
    key: note_id
    fields: {note_id: text, contact_id: text, text: text}
events:
  activities:
    table: activities
    key: contact_id
    type: activity_type
    time: occurred_at
    id: activity_id
    types:
      login:
      cart: {fields: {product: text}}
      purchase: {fields: {product: text, revenue: number}}
  visits: {table: visits, key: contact_id, type: kind, time: at, id: visit_id, types: {page_view: }}
"""
"""The catalog of the examples, where they bring none of their own."""
