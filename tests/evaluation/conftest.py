"""Random rules over random rows of a small catalog, and the worlds the interpreter judges them in."""

from __future__ import annotations

import datetime as dt
import decimal
import random
import unicodedata
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

import polars as pl
import pytest
from hypothesis import strategies as st

from segmentation_pipeline.catalog import types
from segmentation_pipeline.catalog.contracts import polars_type
from segmentation_pipeline.catalog.reading import read_catalog
from segmentation_pipeline.documents import read_documents
from segmentation_pipeline.errors import Position
from segmentation_pipeline.index.build import HISTORY, build_index
from segmentation_pipeline.rules import moments, tree, windows
from segmentation_pipeline.rules.operators import OPERATORS, operators_for
from segmentation_pipeline.rules.segment import Definitions, Pin, Segment
from segmentation_pipeline.rules.world import World

CATALOG = """
objects:
  contact:
    table: contacts
    key: contact_id
    events: [activities]
    relations:
      company: {object: company, key: company_id}
      deals: {object: deal, foreign_key: contact_id, time: closed_at}
      visits: {object: visit, foreign_key: contact_id, time: on_day}
      notes: {object: note, foreign_key: contact_id}
    fields:
      contact_id: text
      email: {type: text, form: email}
      name: text
      nick: text
      tier: {type: enum, values: [Free, pro, "élite"]}
      age: integer
      limit: integer
      score: number
      other_score: number
      spent: decimal(2)
      budget: decimal(4)
      ok: boolean
      agreed: boolean
      born: date
      renewed: date
      seen: datetime
      signed: datetime
      company_id: text
      tags: {type: list, of: text}
      lucky: {type: list, of: integer}
      holidays: {type: list, of: date}
      custom: {type: struct, from: {table: values}, fields: {plan: text, age: integer, at: datetime}}
  company:
    table: companies
    key: company_id
    events: [signals]
    relations:
      parent: {object: company, key: parent_id}
      branches: {object: company, foreign_key: parent_id, time: founded}
      workers: {object: contact, foreign_key: company_id, time: signed}
      deals: {object: deal, foreign_key: company_id, time: closed_at}
    fields: {company_id: text, parent_id: text, size: text, staff: integer, founded: date}
  deal:
    table: deals
    key: deal_id
    relations: {owner: {object: company, key: company_id}}
    fields: {deal_id: text, contact_id: text, company_id: text, amount: decimal(2), rate: number, stage: text,
             closed_at: datetime, items: integer, won: boolean, due: date}
  visit:
    table: visits
    key: visit_id
    fields: {visit_id: integer, contact_id: text, on_day: date, pages: integer}
  note:
    table: notes
    key: note_id
    fields: {note_id: text, contact_id: text, stars: number, text: text}
events:
  activities:
    table: activities
    key: contact_id
    type: kind
    time: at
    id: activity_id
    fields: {channel: text, weight: number}
    types:
      open: {fields: {message: text}}
      click: {fields: {message: text, link: text}}
      purchase:
        fields: {revenue: decimal(4), items: integer, shipped: date, gift: boolean, paid_at: datetime}
  signals:
    table: signals
    key: company_id
    type: kind
    time: at
    id: signal_id
    fields: {topic: text}
    types: {call: {fields: {minutes: integer}}, offer: {fields: {total: decimal(2)}}}
"""
NOWHERE = Position("", 0, 0)
TRANSITIONS = {
    "segment_id": pl.String(),
    "object_index": pl.Int64(),
    "change": pl.String(),
    "at": pl.Datetime("us", "UTC"),
}
KEYS = (*"abcDe", *(f"k{number}" for number in range(35)))
COMPANIES = ("x", "y", "z")
PUBLISHED = ("s1", "s3", "c0")
OF_COMPANIES = ("c0", "c1")
ZONES = ("UTC", "Europe/Paris", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe", "Africa/Cairo")
HOUR, DAY = 3_600_000_000, 86_400_000_000
EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_STRUCT = {"custom.plan": "value_text", "custom.age": "value_number", "custom.at": "value_datetime"}


def micros(*parts: int) -> int:
    return (dt.datetime(*parts, tzinfo=dt.UTC) - EPOCH) // dt.timedelta(microseconds=1)


AS_OFS = (
    micros(2026, 3, 29, 12), micros(2026, 3, 29, 0, 30), micros(2025, 10, 26, 1, 30),
    micros(2024, 2, 29, 23, 30),    micros(2026, 4, 1), micros(2026, 1, 1, 4, 59, 59), micros(2025, 3, 1, 12),
)  # fmt: skip
TEXTS = (
    "", " ", "\t\u00a0\u2003", "vip", "VIP", "Vip ", "é", "e\u0301", "É", "straße", "STRASSE", "İ", "i̇",
    "ΑΣ", "ας",     "a%b", "a_b", "a.b", "(", "x\ny", "Free", "pro", "\x1c", "0", "ﬁ", "\u200b",
)  # fmt: skip
PATTERNS = ("^a", "vip$", "(?i)v", "a.b", r"\d", "[é]", "a%b|^$", r"\.", r"^\s*$", "x", "ß", "(?s)x.y")
NUMBERS = (
    0.0,
    -0.0,
    0.1,
    0.2,
    0.1 + 0.2,
    1e-7,
    5e-7,
    1.5e-6,
    2.5,
    -2.5,
    1e20,
    3e31,
    float("inf"),
    -float("inf"),
    1e40,
)
INTEGERS = (0, 0, 1, 1, 2, 2, 3, 5, 18)
HUGE = (-3, 2**53, 2**53 + 1, 2**62, -(2**63), 2**63 - 1)
CENTS = (-101, 0, 0, 1, 10, 25, 33, 100, 150, 200, 12345, 10**15 + 1)


THIRDS = tuple(map(decimal.Decimal, ("0.333333333333333333", "0.5", "1", "1.5", "2", "2.5", "0.125")))
MILLIONTHS = tuple(map(decimal.Decimal, ("0", "0.000001", "0.000002", "0.3", "0.1", "2.5", "-2.5")))


def optional(strategy: st.SearchStrategy) -> st.SearchStrategy:
    return st.one_of(strategy, strategy, strategy, st.none())


texts = st.one_of(st.sampled_from(TEXTS), st.text("aAbé\u0301%. ", max_size=4))


@cache
def _near_instants(as_of: int) -> tuple[int, ...]:
    """A few instants, so that rows and rules meet: edges of windows, of local days, of DST, and of now."""
    edges = [as_of - length + by for length in (HOUR, DAY, 7 * DAY, 30 * DAY, 31 * DAY) for by in (-1, 0, 1)]
    today = as_of // DAY * DAY
    midnights = [
        today + n * DAY - hours * HOUR // 4 + by
        for n in (0, 1)
        for hours in (0, 4, -16, 23)
        for by in (-1, 0)
    ]
    dst = [micros(2026, 3, 29, 1), micros(2025, 10, 26, 1), micros(2026, 3, 8, 7), micros(2025, 11, 2, 6)]
    ahead = [as_of, as_of, as_of + 1, as_of + HOUR, as_of + DAY, as_of + 7 * DAY]
    return (*edges, *midnights, *dst, *(at - 1 for at in dst), *ahead, as_of - 365 * DAY, as_of - 366 * DAY)


@cache
def _near_days(as_of: int) -> tuple[dt.date, ...]:
    today = (EPOCH + dt.timedelta(microseconds=as_of)).date()
    near = [today + dt.timedelta(days=n) for n in (-31, -30, -7, -6, -3, -2, -1, 0, 0, 1, 2, 3, 7, 30)]
    leap = [dt.date(2024, 2, 29), dt.date(2023, 2, 28), dt.date(2000, 3, 1)]
    then = dt.date(today.year - 30, today.month, min(today.day, 28))
    return (*near, *leap, *(then + dt.timedelta(days=n) for n in (-1, 0, 1, 2)))


def instants(as_of: int) -> st.SearchStrategy[int]:
    return st.sampled_from(_near_instants(as_of))


def days(as_of: int) -> st.SearchStrategy[dt.date]:
    return st.sampled_from(_near_days(as_of))


@cache
def values(kind: types.FieldType, as_of: int) -> st.SearchStrategy:
    """Values of a column, without null."""
    match kind:
        case types.Enum(known):
            return st.sampled_from(known)
        case types.Text():
            return texts
        case types.Integer():
            return st.sampled_from((*INTEGERS, *HUGE))
        case types.Number():
            return st.one_of(st.sampled_from(NUMBERS), st.just(float("nan")), st.floats(-4, 4, width=16))
        case types.Decimal(scale):
            return st.sampled_from(CENTS).map(lambda cents: decimal.Decimal(cents).scaleb(-min(scale, 2)))
        case types.Boolean():
            return st.booleans()
        case types.Date():
            return days(as_of)
        case types.Datetime():
            return instants(as_of).map(lambda at: EPOCH + dt.timedelta(microseconds=at))
        case types.ListOf(of):
            return st.lists(optional(values(of, as_of)), max_size=3)
    raise NotImplementedError(kind)


# rows


@dataclass(frozen=True)
class Rows:
    """Rows by table, as an import leaves them; a struct's fields stand in a table of their own."""

    tables: dict[str, list[dict[str, Any]]]
    as_of: int

    @property
    def instant(self) -> dt.datetime:
        return EPOCH + dt.timedelta(microseconds=self.as_of)

    def frames(self, catalog, order=lambda rows: rows) -> dict[str, pl.DataFrame]:
        schemas = {kind.table: (kind.fields, kind.key) for kind in catalog.objects.values()}
        schemas |= {source.table: (source.columns, None) for source in catalog.events.values()}
        schemas |= {name: (table.columns, None) for name, table in catalog.tables.items()}
        frames = {}
        for table, (fields, key) in schemas.items():
            schema = {name: polars_type(one.type) for name, one in fields.items() if one.satellite is None}
            rows = [{name: row.get(name) for name in schema} for row in self.tables[table]]
            if key is not None:
                schema["object_index"] = pl.Int64()
                rows = [{**row, "object_index": number} for number, row in enumerate(rows)]
            frames[table] = pl.DataFrame(order(rows), schema=schema, orient="row")
        past = [{**row, "at": EPOCH + dt.timedelta(microseconds=row["at"])} for row in self.tables[HISTORY]]
        frames[HISTORY] = pl.DataFrame(order(past), schema=TRANSITIONS, orient="row")
        return frames

    def world(self, catalog, members: dict[str, set[str]], week_starts: int) -> World:
        """The same rows without the index between."""
        rows = {}
        for kind in catalog.objects.values():
            rows[kind.name] = {row[kind.key]: dict(row) for row in self.tables[kind.table]}
        for row in self.tables["values"]:
            name = f"custom.{row['field_name']}"
            value = row[_STRUCT[name]]
            whole = int(value) if name == "custom.age" and value is not None else value
            if row["contact_id"] in rows["contact"]:
                rows["contact"][row["contact_id"]][name] = whole
        events: dict[str, dict[str, list[dict[str, Any]]]] = {source: {} for source in catalog.events}
        for source in catalog.events.values():
            for row in self.tables[source.table]:
                events[source.name].setdefault(row[source.key], []).append(row)
        past: dict[str, dict[str, list[tuple[int, str]]]] = {}
        for row in self.tables[HISTORY]:
            name = row["segment_id"]
            key = (COMPANIES if name in OF_COMPANIES else KEYS)[row["object_index"]]
            past.setdefault(name, {}).setdefault(key, []).append((row["at"], row["change"]))
        return World(catalog, rows, self.instant, events, members, week_starts, past)


def random_rows(catalog, as_of: int, seed: int) -> Rows:
    """Rows from a plain generator: drawn one by one they would take longer than all the rest."""
    dice = random.Random(seed)
    keys = {"contact_id": (*KEYS, "nobody"), "company_id": (*COMPANIES, "nowhere")}
    pools: dict[types.FieldType, tuple] = {}

    def some(pool):
        return dice.choice(pool) if dice.random() < 0.8 else None

    def row(fields, **fixed):
        made = {}
        for name, one in fields.items():
            if one.satellite is None and name not in fixed:
                pool = (
                    keys[name] if name in keys else pools.setdefault(one.type, _pool(one.type, as_of, dice))
                )
                made[name] = some(pool)
        return {**made, **fixed}

    objects = catalog.objects
    tables = {
        "contacts": [
            row(
                objects["contact"].fields,
                contact_id=key,
                email=some((f"{key}@x.org", f"{key.upper()}@X.ORG")),
            )
            for key in KEYS
        ],
        "companies": [
            row(objects["company"].fields, company_id=key, parent_id=some(keys["company_id"]))
            for key in COMPANIES
        ],
    }
    for name, many in (("deal", 80), ("visit", 40), ("note", 40)):
        kind = objects[name]
        ids = range(many) if name == "visit" else [f"{name}{number}" for number in range(many)]
        tables[kind.table] = [row(kind.fields, **{kind.key: one}) for one in ids]
    times = (*_pool(types.Datetime(), as_of, dice)[:4], *_pool(types.Datetime(), as_of, dice))
    for source, many in (("activities", 300), ("signals", 40)):
        events = catalog.events[source]
        known = (*events.types, "unnamed")
        tables[source] = [
            row(events.columns, **{events.id: f"e{n}", "kind": dice.choice(known), "at": dice.choice(times)})
            for n in dice.sample(range(many), many * 4 // 5)
        ]
    moments_of_change = [(at - EPOCH) // dt.timedelta(microseconds=1) for at in times]
    tables[HISTORY] = [
        {
            "segment_id": name,
            "object_index": dice.randrange(len(COMPANIES if name in OF_COMPANIES else KEYS)),
            "change": dice.choice(("entered", "exited")),
            "at": dice.choice(moments_of_change),
        }
        for name in PUBLISHED
        for _ in range(5 if name in OF_COMPANIES else 80)
    ]
    given = [
        ("plan", "value_text", types.Text()),
        ("age", "value_number", types.Integer()),
        ("at", "value_datetime", types.Datetime()),
    ]
    tables["values"] = [
        {"contact_id": key, "field_name": name, column: dice.choice(_pool(kind, as_of, dice))}
        for key in KEYS[:30]
        for name, column, kind in given
        if dice.random() < 0.8
    ]
    return Rows(tables, as_of)


def _pool(kind: types.FieldType, as_of: int, dice: random.Random) -> tuple:
    """Some values of a column, none of them null."""
    match kind:
        case types.Text():
            return (
                *dice.sample(TEXTS, 6),
                "vip",
                "".join(dice.choices("aAbe\u0301é%. ", k=dice.randint(0, 4))),
            )
        case types.Enum(known):
            return known
        case types.Integer():
            return (*INTEGERS, *dice.sample(HUGE, dice.randint(0, 2)))
        case types.Number():
            return (*dice.sample(NUMBERS, 5), float("nan"), round(dice.uniform(-3, 3), 2))
        case types.Decimal(scale):
            return [decimal.Decimal(cents).scaleb(-min(scale, 2)) for cents in CENTS]
        case types.Boolean():
            return (True, False)
        case types.Date():
            return dice.sample(_near_days(as_of), 6)
        case types.Datetime():
            return [EPOCH + dt.timedelta(microseconds=at) for at in dice.sample(_near_instants(as_of), 8)]
        case types.ListOf(of):
            pool = (*_few(of, as_of), None)
            return [dice.choices(pool, k=length) for length in (0, 1, 1, 2, 3)]
    raise NotImplementedError(kind)


def _few(kind: types.FieldType, as_of: int) -> tuple:
    """What lists are made of, so few that two lists may be equal."""
    match kind:
        case types.Text():
            return ("vip", "VIP", "e\u0301")
        case types.Date():
            return _near_days(as_of)[6:9]
        case _:
            return (0, 1, 2)


# rules

_units = st.sampled_from(("minute", "hour", "day", "week", "month", "quarter", "year"))
_long_units = st.sampled_from(("day", "week", "month", "quarter", "year"))
_amounts = st.sampled_from((1, 1, 2, 3, 7, 30, 31))


@cache
def _moments(as_of: int) -> st.SearchStrategy:
    absolute = instants(as_of)
    wall = absolute.map(lambda at: (EPOCH + dt.timedelta(microseconds=at)).replace(tzinfo=None))
    shifts = st.lists(st.tuples(st.integers(-3, 3).filter(bool), _long_units), max_size=2).map(tuple)
    return st.one_of(
        absolute.map(moments.AbsoluteInstant),
        wall.map(moments.LocalInstant),
        st.builds(moments.RelativeInstant, st.integers(-31, 31).filter(bool), _units),
        st.just(moments.RelativeInstant(0, "minute")),
        st.builds(moments.Day, days(as_of)),
        st.builds(moments.Day, st.none(), shifts),
    )


@cache
def _windows(as_of: int) -> st.SearchStrategy:
    ends = st.tuples(optional(_moments(as_of)), optional(_moments(as_of)))
    directions = st.sampled_from(("last", "last", "next"))
    return st.one_of(
        st.builds(windows.Rolling, directions, _amounts, _units),
        st.builds(windows.Complete, directions, _amounts, _long_units),
        st.builds(windows.Period, st.integers(-1, 1), _long_units),
        st.builds(lambda pair, closed: windows.Bounds(*pair, closed=closed), ends, st.booleans()),
        st.just(windows.Ever()),
    )


@cache
def _literals(kind: types.FieldType, as_of: int, *, average: bool) -> st.SearchStrategy:
    match kind:
        case types.ListOf(types.Date()):
            return st.one_of(st.sampled_from(_few(types.Date(), as_of)).map(moments.Day), _moments(as_of))
        case types.ListOf(of):
            return st.sampled_from(tuple(_composed(x) if isinstance(x, str) else x for x in _few(of, as_of)))
        case types.Text():
            return texts.map(_composed)
        case types.Enum(known):
            return st.sampled_from(known)
        case types.Number():
            return st.sampled_from([one for one in NUMBERS if abs(one) < 1e300])
        case types.Decimal(scale):
            thirds = st.sampled_from(THIRDS) if average else st.nothing()
            cents = st.sampled_from((*CENTS, 50, 300)).map(
                lambda n: decimal.Decimal(n).scaleb(-min(scale, 2))
            )
            return st.one_of(cents, st.sampled_from(MILLIONTHS) if scale == 6 else thirds)
        case types.Date() | types.Datetime():
            return _moments(as_of)
        case _:
            return values(kind, as_of)


def _composed(text: str) -> str:
    return unicodedata.normalize("NFC", text)


def _families(kind: types.FieldType) -> str:
    return {types.Enum: "text", types.Text: "text", types.Date: "time", types.Datetime: "time"}.get(
        type(kind), "number" if isinstance(kind, types.Integer | types.Number | types.Decimal) else str(kind)
    )


_OF_VALUES = ("min", "max", "first", "last")
_OF_TIMES = ("days_since_first", "days_since_last", "active_days", "active_periods", "longest_streak")
PERCENTS = tuple(map(decimal.Decimal, ("2.5", "5", "10", "25", "33.333333333333333333", "50", "97.5", "100")))


@dataclass(frozen=True)
class Scope:
    """What conditions may name: fields of the row, and for an object its events and related rows."""

    catalog: Any
    fields: tuple[tree.Field, ...]
    as_of: int
    object: Any = None
    embeddable: tuple[tuple[str, str], ...] = ()
    """The segments made before, each with its object."""

    def segments(self) -> list[str]:
        return [name for name, of in self.embeddable if self.object is not None and of == self.object.name]


def event_scope(catalog, source, chosen: tuple[str, ...], as_of: int) -> Scope:
    columns = dict(source.fields)
    for one in chosen:
        columns |= source.types[one].fields
    return Scope(catalog, tuple(tree.Field((n,), c.type) for n, c in columns.items()), as_of)


def object_scope(catalog, name: str, as_of: int, embeddable: tuple[tuple[str, str], ...] = ()) -> Scope:
    kind = catalog.objects[name]

    def along(kind, path, hops):
        yield from (tree.Field((*path, one.name), one.type) for one in kind.fields.values())
        for relation in kind.relations.values():
            if relation.key is not None and hops:
                yield from along(catalog.objects[relation.object], (*path, relation.name), hops - 1)

    return Scope(catalog, tuple(along(kind, (), 2)), as_of, kind, embeddable)


@st.composite
def comparisons(draw, operand: tree.Operand, scope: Scope) -> tree.Compare:
    kind = operand.type
    average = isinstance(operand, tree.Ratio) or getattr(operand, "measure", "") in ("avg", "median")
    operator = OPERATORS[draw(st.sampled_from(operators_for(kind)))]
    element = kind.of if isinstance(kind, types.ListOf) else kind
    literals = _literals(kind, scope.as_of, average=average)
    if isinstance(operand, tree.Measure) and operand.measure not in (*_OF_VALUES, "avg", "median", "sum"):
        literals = st.sampled_from((0, 1, 1, 2, 2, 3, 4, 7, 30, 31))
    if isinstance(operand, tree.Response):
        literals = st.integers(0, 3)
    if isinstance(operand, tree.Rank):
        percents = st.sampled_from(PERCENTS)
        literals = percents if operand.form == "percentile" else st.integers(1, operand.buckets or 20)
    several = st.lists(literals, min_size=1, max_size=3).map(tuple)
    is_text = isinstance(element, types.Text | types.Enum)
    ignore_case = is_text and operator.takes != "nothing" and draw(st.booleans())
    others = [
        other
        for other in scope.fields
        if operator.field_value
        and isinstance(operand, tree.Field)
        and not isinstance(kind, types.ListOf)
        and _families(other.type) == _families(kind)
        and not isinstance(other.type, types.ListOf)
    ]
    if others and draw(st.integers(0, 3)) == 0:
        value = draw(st.sampled_from(others))
    else:
        value = draw(_value(operator, kind, literals, several, scope.as_of))
    return tree.Compare(operand, operator.name, value, ignore_case, draw(st.booleans()))


def _value(operator, kind, literals, several, as_of) -> st.SearchStrategy:
    is_list = isinstance(kind, types.ListOf)
    match operator.takes:
        case "nothing":
            return st.none()
        case "window":
            return _windows(as_of)
        case "anniversary":
            return st.one_of(_moments(as_of), _windows(as_of))
        case "pattern":
            return st.sampled_from(PATTERNS)
        case "pair":
            pairs = st.tuples(literals, literals)
            moving = isinstance(kind, types.Date | types.Datetime)
            return pairs if moving else pairs.map(lambda pair: tuple(sorted(pair)))
        case "many" if is_list and operator.name in ("in", "not_in"):
            return st.lists(several, min_size=1, max_size=2).map(tuple)
        case "many":
            return st.one_of(several, st.lists(literals, min_size=18, max_size=20).map(tuple))
        case "one_or_many" if not is_list:
            parts = literals.filter(bool)
            return st.one_of(parts, st.lists(parts, min_size=1, max_size=2).map(tuple))
        case _:
            return several if is_list and operator.takes == "one" else literals


@st.composite
def event_types(draw, source) -> tuple[str, ...]:
    known = st.sampled_from(sorted(source.types))
    return tuple(sorted(draw(st.lists(known, min_size=1, max_size=2, unique=True))))


@st.composite
def measures(draw, scope: Scope, names: tuple[str, ...] = ()) -> tree.Measure:
    kind, catalog = scope.object, scope.catalog
    many = [relation for relation in kind.relations.values() if relation.foreign_key is not None]
    source: tree.Events | tree.Related
    if kind.events and (not many or draw(st.booleans())):
        known = catalog.events[kind.events[0]]
        chosen = draw(event_types(known))
        source = tree.Events(known.name, chosen)
        rows = event_scope(catalog, known, chosen, scope.as_of)
        timed, daily = True, False
    else:
        relation = draw(st.sampled_from(many))
        source, timed = tree.Related(relation.name, relation.object), relation.time is not None
        rows = replace(object_scope(catalog, relation.object, scope.as_of), object=None)
        daily = timed and catalog.objects[relation.object].fields[relation.time].type == types.Date()
    allowed = ["count", "sum", "avg", "min", "max", "median", "count_distinct"]
    allowed += ["first", "last", *_OF_TIMES] if timed else []
    name = draw(st.sampled_from(names or allowed))
    of = None
    if name != "count" and name not in _OF_TIMES:
        fitting = [one for one in rows.fields if len(one.path) <= 2 and _computes(name, one.type)]
        of = draw(st.sampled_from(fitting))
    where = draw(optional(conditions(rows, 1))) if draw(st.booleans()) else None
    within = draw(_windows(scope.as_of)) if timed and draw(st.booleans()) else None
    period = each = None
    if name == "active_periods":
        lengths = (DAY, 3 * DAY, 7 * DAY) if daily else (HOUR, DAY, DAY, 7 * DAY)
        period, each = draw(st.sampled_from(lengths)), draw(st.integers(1, 3))
    return tree.Measure(source, name, _result(name, of), of, where, within, period, each)


@st.composite
def ratios(draw, scope: Scope) -> tree.Ratio:
    numerator, denominator = (draw(measures(scope, ("count", "count", "sum"))) for _ in range(2))
    minimum = draw(st.sampled_from((0, 0, 1, 2, 5)))
    return tree.Ratio(numerator, denominator, decimal.Decimal(minimum), types.Decimal(18))


@st.composite
def responses(draw, scope: Scope) -> tree.Response:
    source = scope.catalog.events[scope.object.events[0]]
    asked, answers = draw(event_types(source)), draw(event_types(source))
    rows = event_scope(scope.catalog, source, asked, scope.as_of)
    theirs = set(event_scope(scope.catalog, source, answers, scope.as_of).fields)
    shared = [one for one in rows.fields if one in theirs]
    matching = draw(st.sampled_from(shared))
    where = draw(conditions(rows, 0)) if draw(st.integers(0, 3)) == 0 else None
    within = draw(_windows(scope.as_of)) if draw(st.integers(0, 3)) == 0 else None
    events, latest = tree.Events(source.name, asked), draw(st.integers(1, 4))
    return tree.Response(events, latest, answers, matching.name, types.Integer(), where, within)


def _is_number(of: tree.Field | None) -> bool:
    return of is not None and of.type == types.Number()


def _ranks_by(kind: types.FieldType) -> bool:
    return isinstance(kind, types.Integer | types.Number | types.Decimal | types.Date | types.Datetime)


@st.composite
def ranks(draw, scope: Scope) -> tree.Rank:
    fields = [one for one in scope.fields if _ranks_by(one.type)]
    operand = draw(
        st.one_of(
            st.sampled_from(fields),
            measures(scope).filter(lambda found: _ranks_by(found.type)),
            # A denominator of more than 26 digits leaves no room for the twelve after the point.
            ratios(scope).filter(lambda found: not _is_number(found.denominator.of)),
            responses(scope) if scope.object.events else st.nothing(),
        )
    )
    form = draw(st.sampled_from(("position", "percentile", "ntile", "ntile")))
    method, buckets = "rank", None
    if form == "ntile":
        method, buckets = draw(st.sampled_from(("rank", "quantile"))), draw(st.integers(2, 7))
    among = draw(st.one_of(st.none(), st.sampled_from(scope.segments()))) if scope.segments() else None
    order = draw(st.sampled_from(("ascending", "descending")))
    kind = types.Decimal(18) if form == "percentile" else types.Integer()
    return tree.Rank(operand, form, order, kind, among, method, buckets)


@st.composite
def sequences(draw, scope: Scope) -> tree.Sequence:
    source = scope.catalog.events[scope.object.events[0]]
    steps = []
    for _ in range(draw(st.integers(2, 4))):
        chosen = draw(event_types(source))
        rows = event_scope(scope.catalog, source, chosen, scope.as_of)
        where = draw(conditions(rows, 0)) if draw(st.integers(0, 3)) == 0 else None
        within = draw(_windows(scope.as_of)) if draw(st.integers(0, 5)) == 0 else None
        steps.append(tree.Step(chosen, where, within, draw(st.integers(0, 2)) == 0))
    if all(step.negated for step in steps):
        steps[-1] = replace(steps[-1], negated=False)
    shared = set.intersection(
        *(set(event_scope(scope.catalog, source, one.types, scope.as_of).fields) for one in steps)
    )
    names = sorted(one.name for one in shared if one.name not in (source.id, source.time, source.key))
    length = st.sampled_from((HOUR, DAY, 7 * DAY, 30 * DAY, 31 * DAY, 365 * DAY))
    return tree.Sequence(
        source.name,
        tuple(steps),
        draw(st.one_of(st.none(), length)),
        draw(st.one_of(st.none(), length)),
        tuple(draw(st.lists(st.sampled_from(names), max_size=1))) if draw(st.booleans()) else (),
        draw(_windows(scope.as_of)) if draw(st.integers(0, 3)) == 0 else None,
    )


@cache
def _histories(as_of: int) -> st.SearchStrategy[tree.History]:
    ago = st.builds(
        lambda amount, unit: moments.RelativeInstant(-amount, unit), st.sampled_from((1, 1, 2, 7, 30)), _units
    )
    stays = st.tuples(optional(ago), optional(ago)).filter(any)
    return st.one_of(
        _windows(as_of).map(tree.Entered),
        _windows(as_of).map(tree.Left),
        stays.map(lambda ends: tree.MemberFor(*ends)),
        _moments(as_of).map(tree.PublishedAt),
    )


@st.composite
def parents(draw, scope: Scope, depth: int) -> tree.On:
    one = [relation for relation in scope.object.relations.values() if relation.key is not None]
    relation = draw(st.sampled_from(one))
    there = object_scope(scope.catalog, relation.object, scope.as_of, scope.embeddable)
    return tree.On(relation.name, relation.object, draw(conditions(there, depth)))


def _computes(name: str, kind: types.FieldType) -> bool:
    number = isinstance(kind, types.Integer | types.Number | types.Decimal)
    if isinstance(kind, types.ListOf):
        return False
    if name in ("sum", "avg", "median"):
        return number
    return number or isinstance(kind, types.Date | types.Datetime) or name not in ("min", "max")


def _result(name: str, of: tree.Field | None) -> types.FieldType:
    if of is None or name == "count_distinct":
        return types.Integer()
    if name in ("avg", "median"):
        return types.Decimal(18)
    return types.Decimal(6) if isinstance(of.type, types.Number) else of.type


@st.composite
def conditions(draw, scope: Scope, depth: int) -> tree.Condition:
    """A condition of at most `depth` groups above its leaves."""
    kinds = ["field", "field"]
    if scope.object is not None:
        relations = scope.object.relations.values()
        if scope.object.events or any(relation.foreign_key for relation in relations):
            kinds += ["measure", "measure", "measure", "ratio", "rank", "rank"]
        if scope.object.events:
            kinds += ["response", "sequence"]
        if depth and any(relation.key for relation in relations):
            kinds.append("on")
        kinds.append("history")
    if scope.segments():
        kinds.append("segment")
    if depth:
        kinds += ["all", "any", "not", "at_least", "everyone"]
    inner = conditions(scope, depth - 1)
    match draw(st.sampled_from(kinds)):
        case "field":
            return draw(comparisons(draw(st.sampled_from(scope.fields)), scope))
        case "measure":
            return draw(comparisons(draw(measures(scope)), scope))
        case "ratio":
            return draw(comparisons(draw(ratios(scope)), scope))
        case "response":
            return draw(comparisons(draw(responses(scope)), scope))
        case "rank":
            return draw(comparisons(draw(ranks(scope)), scope))
        case "sequence":
            return draw(sequences(scope))
        case "on":
            return draw(parents(scope, depth - 1))
        case "history":
            mine = [one for one in PUBLISHED if (one in OF_COMPANIES) == (scope.object.name == "company")]
            return tree.InSegment(draw(st.sampled_from(mine)), draw(_histories(scope.as_of)))
        case "segment":
            return tree.InSegment(draw(st.sampled_from(scope.segments())))
        case "everyone":
            return tree.Everyone()
        case "not":
            return tree.Not(draw(inner))
        case kind:
            parts = tuple(draw(st.lists(inner, min_size=1, max_size=3)))
            if kind == "at_least":
                return tree.AtLeast(draw(st.integers(1, len(parts))), parts)
            return (tree.All if kind == "all" else tree.Any)(parts)


def segment(name: str, where: tree.Condition | None = None, zone: str = "UTC", **more: Any) -> Segment:
    given = {"type": "static" if where is None else "dynamic", "object": "contact", **more}
    return Segment(name, name, time_zone=zone, hash="", at=NOWHERE, where=where, **given)


@st.composite
def definitions_over(draw, catalog, as_of: int, count: int) -> Definitions:
    """Segments that may embed those before them, with exclusions, members and pins."""
    made: dict[str, Segment] = {}
    contacts = st.sampled_from((*KEYS[:5], "A@x.org", "b@X.org", "D@x.ORG", "nobody"))
    companies = st.sampled_from((*COMPANIES, "nowhere"))
    today = (EPOCH + dt.timedelta(microseconds=as_of)).date()
    until = st.one_of(st.none(), st.integers(-1, 1).map(lambda n: today + dt.timedelta(days=n)))
    for name in (*OF_COMPANIES, *(f"s{number}" for number in range(count))):
        kind, named = ("company", companies) if name in OF_COMPANIES else ("contact", contacts)
        embeddable = tuple((other.id, other.object) for other in made.values())
        scope = object_scope(catalog, kind, as_of, embeddable)
        pins = tuple(
            Pin(key, draw(st.sampled_from(("in", "out"))), "why", draw(until), NOWHERE)
            for key in draw(st.one_of(st.just([]), st.lists(named, max_size=2, unique=True)))
        )
        static = draw(st.integers(0, 9)) == 0
        made[name] = segment(
            name,
            None if static else draw(conditions(scope, 2)),
            draw(st.sampled_from(ZONES)),
            members=tuple(draw(st.lists(named, max_size=3))) if static else None,
            exclude=draw(conditions(scope, 1)) if draw(st.integers(0, 4)) == 0 else None,
            pins=pins,
            object=kind,
        )
    return Definitions(catalog, made, (), {}, draw(st.integers(0, 6)))


@dataclass(frozen=True, repr=False)
class Kit:
    """What the tests of this folder draw from."""

    catalog: Any
    rows: st.SearchStrategy
    one: Any = field(default=segment)

    def definitions(self, as_of: int, count: int = 6) -> st.SearchStrategy[Definitions]:
        return definitions_over(self.catalog, as_of, count)

    def conditions(self, as_of: int, depth: int = 2) -> st.SearchStrategy[tree.Condition]:
        return conditions(object_scope(self.catalog, "contact", as_of), depth)

    def measures(self, as_of: int) -> st.SearchStrategy[tree.Measure]:
        return measures(object_scope(self.catalog, "contact", as_of))

    def empty_frames(self) -> dict[str, pl.DataFrame]:
        tables = [kind.table for kind in self.catalog.objects.values()]
        tables += [
            *self.catalog.tables,
            *(source.table for source in self.catalog.events.values()),
            HISTORY,
        ]
        return Rows({table: [] for table in tables}, 0).frames(self.catalog)

    def of(self, *segments: Segment, week_starts: int = 0) -> Definitions:
        return Definitions(self.catalog, {one.id: one for one in segments}, (), {}, week_starts)


@pytest.fixture(scope="session")
def kit() -> Kit:
    catalog = read_catalog(read_documents(CATALOG, "catalog.yaml")[0])
    rows = st.builds(
        lambda as_of, seed: random_rows(catalog, as_of, seed),
        st.sampled_from(AS_OFS),
        st.integers(0, 2**32 - 1),
    )
    return Kit(catalog, rows)


@pytest.fixture(name="random_rows")
def some_rows(kit) -> Rows:
    """Random rows, always the same."""
    return random_rows(kit.catalog, AS_OFS[0], 1)


@pytest.fixture
def random_index(kit, random_rows):
    """The index over random rows, and the instant they were drawn for."""
    frames = {name: frame.lazy() for name, frame in random_rows.frames(kit.catalog).items()}
    return build_index(kit.catalog, frames), random_rows.instant
