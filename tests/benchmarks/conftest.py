"""Small rows with nulls and edges, the rules of `sql_rules.yaml`, and what the engine makes of them."""

from __future__ import annotations

import datetime as dt
import random
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from segmentation_pipeline.catalog.contracts import polars_type
from segmentation_pipeline.catalog.reading import read_catalog
from segmentation_pipeline.documents import Mapping, Scalar, read_documents
from segmentation_pipeline.evaluation.evaluate import evaluate
from segmentation_pipeline.rules.definition import Setting
from segmentation_pipeline.rules.definitions import read_local

if TYPE_CHECKING:
    from segmentation_pipeline.catalog.model import Catalog
    from segmentation_pipeline.rules.segment import Definitions

HERE = Path(__file__).parent
AS_OF = dt.datetime(2026, 3, 29, 12, tzinfo=dt.UTC)
CATALOG = """
objects:
  contact:
    table: contacts
    key: contact_id
    events: [activities]
    relations: {company: {object: company, key: company_id}}
    fields:
      contact_id: text
      company_id: text
      name: text
      nick: text
      tier: {type: enum, values: [free, pro, "élite", never]}
      custom.plan: text
      age: integer
      limit: integer
      score: number
      spent: decimal(2)
      budget: decimal(4)
      ok: boolean
      agreed: boolean
      born: date
      renewed: date
      seen: datetime
      signed: datetime
      tags: {type: list, of: text}
      lucky: {type: list, of: integer}
      holidays: {type: list, of: date}
  company: {table: companies, key: company_id, fields: {company_id: text, staff: integer}}
events:
  activities:
    table: activities
    key: contact_id
    type: kind
    time: at
    id: activity_id
    fields: {channel: text, weight: number}
    types:
      open: {}
      click: {}
      purchase: {fields: {revenue: decimal(2), items: integer, huge: integer, gift: boolean}}
"""
HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
TICK = dt.timedelta(microseconds=1)
INSTANTS = [
    AS_OF + shift + tick
    for shift in (-365 * DAY, -31 * DAY, -30 * DAY, -8 * DAY, -7 * DAY, -DAY, -HOUR, 0 * DAY, HOUR, 7 * DAY)
    for tick in (-TICK, 0 * TICK, TICK)
]
INSTANTS += [
    dt.datetime(2026, 3, day, hour, tzinfo=dt.UTC) for day in (27, 28, 29) for hour in (0, 1, 22, 23)
]
DAYS = [(AS_OF + days * DAY).date() for days in (-365, -31, -30, -7, -6, -1, 0, 1, 2, 7)]
DAYS += [dt.date(2024, 2, 29), dt.date(2023, 2, 28), dt.date(2000, 3, 1), dt.date(1990, 3, 31)]
VALUES: dict[str, list[Any]] = {
    "text": [
        *("", " ", "\t\u00a0\u2003", "vip", "VIP", "a%b", "a_b", "a.b", "it's", "back\\slash"),
        *("ÉTÉ", "été", "é"),
    ],
    "enum": ["free", "pro", "élite"],
    "integer": [-3, 0, 1, 2, 3, 18, 2**53 + 1, 2**63 - 1],
    "number": [0.0, -0.0, 0.1, 0.3, -2.5, 2.5, 1e-7, 1e21, float("inf")],
    "decimal(2)": [Decimal(cents) / 100 for cents in (-101, 0, 10, 33, 150, 10_000)],
    "decimal(4)": [Decimal(parts) / 10_000 for parts in (-10_100, 0, 1_000, 3_300, 3_301)],
    "boolean": [True, False],
    "date": DAYS,
    "datetime": INSTANTS,
    "list of text": [[], [None], ["vip"], ["VIP"], ["vip", "new"], ["new", None, "vip", "it's"], ["x"]],
    "list of integer": [[], [0], [0, 7], [None, 7], [5]],
    "list of date": [[], DAYS[5:7], [None, DAYS[0]]],
}  # fmt: skip
SMALL = [value for value in VALUES["integer"] if abs(value) < 10]


@dataclass(frozen=True)
class World:
    """Rows as the engine reads them and as databases load them, and who is in which segment.

    ``profiles`` and ``events`` are tables of the values that rules see. Without ``ties`` no two events share
    an instant.
    """

    catalog: Catalog
    definitions: Definitions
    as_of: dt.datetime
    profiles: pl.DataFrame
    events: pl.DataFrame
    members: dict[str, list[int]]
    ties: bool

    def write(self, folder: Path) -> None:
        for name, frame in (("contact", self.profiles), ("activities", self.events)):
            frame.write_parquet(folder / f"{name}.parquet")


def rules() -> dict[str, Mapping]:
    """Every written rule by name, as the node of a definition."""
    (node,) = read_documents((HERE / "sql_rules.yaml").read_text(encoding="utf-8"), "sql_rules.yaml")
    return {
        key.text: rule
        if "where" in rule and "event" not in rule
        else Mapping(((Scalar("where", False, key.at), rule),), rule.at)
        for key, rule in node.entries
    }


@pytest.fixture(scope="session", params=[False, True], ids=["untied", "tied"])
def world(request) -> World:
    catalog = read_catalog(read_documents(CATALOG, "catalog.yaml")[0])
    definitions = read_local(rules(), Setting(catalog, "Europe/Paris"), 0)
    assert definitions.errors == ()
    return made(catalog, definitions, ties=request.param)


def made(catalog: Catalog, definitions: Definitions, *, ties: bool) -> World:
    dice = random.Random(7)
    contacts = [row(catalog.objects["contact"].fields, dice, contact_id=f"c{n:03}") for n in range(300)]
    columns = catalog.events["activities"].columns
    when = times(dice, 1500, ties=ties)
    activities = [
        row(
            columns,
            dice,
            activity_id=f"a{dice.randrange(10**9)}",
            contact_id=f"c{dice.randrange(0, 300, 2):03}",
            kind=dice.choice(("open", "click", "purchase")),
            at=at,
            channel=dice.choice(("web", "shop", None)),
            items=dice.choice((*SMALL, None)),
            huge=dice.choice((2**62, 2**63 - 1, None)),
        )
        for at in when
    ]
    frames = {
        "contacts": frame(catalog.objects["contact"].fields, contacts),
        "companies": frame(catalog.objects["company"].fields, []),
        "activities": frame(columns, activities),
    }
    evaluation = evaluate(definitions, frames, AS_OF)
    assert not evaluation.failed
    profiles, events = (
        stored(lazy.collect())
        for lazy in (evaluation.index.profiles["contact"], evaluation.index.events["activities"])
    )
    members = {name: evaluation.members[name].to_list() for name in definitions.segments}
    return World(catalog, definitions, AS_OF, profiles, events, members, ties)


def stored(rows: pl.DataFrame) -> pl.DataFrame:
    """Return rows in the types of the benchmark's plain files."""
    return rows.with_columns(
        pl.col("object_index").cast(pl.Int32),
        pl.col(pl.Datetime("us", "UTC")).dt.replace_time_zone(None),
        *(
            pl.col(name).cast(pl.Decimal(18, t.scale))
            for name, t in rows.schema.items()
            if isinstance(t, pl.Decimal)
        ),
    )


def times(dice: random.Random, count: int, *, ties: bool) -> list[dt.datetime]:
    if ties:
        return [dice.choice(INSTANTS) for _ in range(count)]
    apart = dice.sample(range(-400 * 24 * 60, 24 * 60), count - len(INSTANTS))
    return [*INSTANTS, *(AS_OF + minutes * dt.timedelta(minutes=1) + 2 * TICK for minutes in apart)]


def row(fields: dict[str, Any], dice: random.Random, **fixed: Any) -> dict[str, Any]:
    drawn = {
        name: dice.choice(VALUES[str(field.type)]) if dice.random() < 0.8 else None
        for name, field in fields.items()
        if name not in fixed
    }
    return drawn | fixed


def frame(fields: dict[str, Any], rows: list[dict[str, Any]]) -> pl.DataFrame:
    schema = {name: polars_type(field.type) for name, field in fields.items()}
    return pl.DataFrame(rows, schema=schema, orient="row")


@pytest.fixture
def folder(world, tmp_path) -> Path:
    world.write(tmp_path)
    return tmp_path
