"""A small catalog, definitions written in YAML, and random rules that are all of what proofs look into."""

from __future__ import annotations

import datetime as dt
import random
from dataclasses import dataclass, replace

import pytest
import yaml

from segmentation_pipeline.catalog.reading import read_catalog
from segmentation_pipeline.conflicts.proofs.proof import Proof, prove
from segmentation_pipeline.conflicts.proofs.relations import relate
from segmentation_pipeline.documents import read_documents
from segmentation_pipeline.rules.definition import Setting
from segmentation_pipeline.rules.definitions import read_local

CATALOG = """
objects:
  contact:
    table: contacts
    key: contact_id
    events: [activities]
    relations:
      company: {object: company, key: company_id}
      deals: {object: deal, foreign_key: contact_id, time: closed_at}
      notes: {object: note, foreign_key: contact_id}
    fields:
      contact_id: {type: text, required: true}
      email: {type: text, form: email}
      name: text
      country: text
      tier: {type: enum, values: [free, pro, enterprise]}
      status: {type: enum, values: [active, bounced, gone], required: true}
      age: {type: integer, minimum: 0, maximum: 150}
      score: number
      spent: decimal(2)
      ok: boolean
      born: date
      seen: datetime
      signed: datetime
      company_id: text
      tags: {type: list, of: text}
      lucky: {type: list, of: integer}
      holidays: {type: list, of: date}
      langs: {type: list, of: enum, values: [de, fr, en]}
  company:
    table: companies
    key: company_id
    relations:
      parent: {object: company, key: parent_id}
      workers: {object: contact, foreign_key: company_id, time: signed}
    fields:
      company_id: {type: text, required: true}
      parent_id: text
      size: text
      staff: integer
      founded: date
  deal:
    table: deals
    key: deal_id
    relations: {owner: {object: company, key: company_id}}
    fields:
      deal_id: text
      contact_id: text
      company_id: text
      amount: decimal(2)
      stage: {type: enum, values: [open, won, lost]}
      closed_at: datetime
  note:
    table: notes
    key: note_id
    fields: {note_id: text, contact_id: text, text: text}
events:
  activities:
    table: activities
    key: contact_id
    type: kind
    time: at
    id: activity_id
    fields: {channel: text}
    types:
      open: {fields: {message: text}}
      click: {fields: {message: text, link: text}}
      purchase: {fields: {revenue: decimal(2), items: integer}}
"""
KINDS = {
    "field",
    "event",
    "related",
    "on",
    "all",
    "any",
    "not",
    "at_least",
    "everyone",
    "segment",
    "sequence",
    "ratio",
    "response",
    "rank",
}
AS_OF = dt.datetime(2026, 3, 31, 12, tzinfo=dt.UTC)
ZONES = ("UTC", "Europe/Paris", "America/New_York", "Asia/Kathmandu")


def load_catalog(more: str = ""):
    (node,) = read_documents(CATALOG + more, "catalog.yaml")
    return read_catalog(node)


def define(segments: dict[str, object], catalog=None, *, week_starts: int = 0):
    """Definitions from the values of their YAML, or its text; a bare rule is a segment's ``where``."""
    texts = {}
    for name, value in segments.items():
        full = {"where": value} if isinstance(value, dict) and KINDS & set(value) else value
        texts[name] = full if isinstance(full, str) else yaml.safe_dump(full, sort_keys=False)
    documents = {name: read_documents(text, f"segments/{name}.yaml")[0] for name, text in texts.items()}
    setting = Setting(catalog or load_catalog(), "UTC")
    definitions = read_local(documents, setting, week_starts)
    assert not definitions.errors, "\n".join(map(str, definitions.errors))
    read = {name: replace(segment, source=texts[name]) for name, segment in definitions.segments.items()}
    return replace(definitions, segments=read)


@dataclass
class Kit:
    """What a test of proofs needs."""

    catalog: object
    as_of: dt.datetime = AS_OF

    def define(self, segments, *, more: str = "", week_starts: int = 0):
        return define(segments, load_catalog(more) if more else self.catalog, week_starts=week_starts)

    def prove(self, segments, *, more: str = "", as_of=None, budget: int = 200_000) -> Proof:
        return prove(self.define(segments, more=more), as_of or self.as_of, budget=budget)

    def relation(self, a, b, *, more: str = "", as_of=None):
        """How two rules relate, as `a` and `b`."""
        (found,) = relate(self.prove({"a": a, "b": b}, more=more, as_of=as_of))
        return found

    def random_rules(self, seed: int, many: int):
        dice = random.Random(seed)
        return {f"s{n:02d}": rule(dice, n) for n in range(many)}


@pytest.fixture(scope="session")
def kit():
    return Kit(load_catalog())


# random rules

TEXTS = ("vip", "VIP", "Vip", "berlin", "ber", "lin", "", " ", "x", "straße", "é", "a.b", "r")
PARTS = ("vip", "VI", "ip", "ber", "lin", "Ber", "x", " ", "é", ".")
DAYS = (
    "today",
    "yesterday",
    "2026-03-29",
    "2026-03-30",
    "30 days ago",
    "7 days ago",
    "2026-03-31",
    "today - 1 month",
)
INSTANTS = (*DAYS, "2026-03-29T02:30:00", "2026-03-29T03:00:00", "12 hours ago", "now")
WINDOWS = (
    "last 7 days",
    "last 30 days",
    "last 24 hours",
    "this month",
    "previous month",
    "last 2 complete days",
    "yesterday",
    "today",
    "this week",
    "since 2026-03-01",
    "before 2026-03-29",
    "ever",
    "last 1 months",
)


def rule(dice: random.Random, number: int) -> dict:
    drawn = [condition(dice, number, 2) for _ in range(dice.randint(1, 4))]
    # A segment may not be embedded twice in one group.
    parts = [part for index, part in enumerate(drawn) if "segment" not in part or part not in drawn[:index]]
    found: dict[str, object] = {"where": {"all": parts} if len(parts) > 1 else parts[0]}
    if dice.random() < 0.25:
        found["exclude"] = condition(dice, 0, 1)
    if dice.random() < 0.4:
        found["time_zone"] = dice.choice(ZONES)
    return found


def condition(dice: random.Random, number: int, depth: int) -> dict:
    draw = dice.random()
    if depth and draw < 0.12:
        return {"any": [condition(dice, 0, depth - 1) for _ in range(dice.randint(2, 3))]}
    if depth and draw < 0.18:
        return {"not": condition(dice, 0, depth - 1)}
    if depth and draw < 0.22:
        parts = [condition(dice, 0, depth - 1) for _ in range(3)]
        return {"at_least": dice.randint(1, 3), "of": parts}
    if number and draw < 0.27:
        return {"segment": f"s{dice.randrange(number):02d}"}
    if depth and draw < 0.32:
        return {"on": "company", "where": on_company(dice)}
    if draw < 0.52:
        return counting(dice)
    return on_field(dice)


def on_company(dice: random.Random) -> dict:
    return dice.choice(
        [
            {
                "field": "size",
                "operator": dice.choice(["equals", "not_equals", "contains"]),
                "value": dice.choice("abc"),
            },
            {
                "field": "staff",
                "operator": dice.choice(["less_than", "greater_than"]),
                "value": dice.choice([1, 5, 50]),
            },
            {"field": "founded", "operator": "before", "value": "2020-01-01"},
            {"field": "parent.size", "operator": "is_empty"},
            {"field": "company_id", "operator": "starts_with", "value": "x"},
        ]
    )


def counting(dice: random.Random) -> dict:
    kinds = dice.choice(["open", "click", "purchase", ["open", "click"], ["click", "purchase"]])
    found: dict[str, object] = {"event": kinds}
    if dice.random() < 0.15:
        found = {"related": dice.choice(["deals", "notes"])}
    if "event" in found and dice.random() < 0.35:
        found["where"] = {
            "field": "channel",
            "operator": dice.choice(["equals", "not_equals", "starts_with"]),
            "value": dice.choice(["web", "app", "we"]),
        }
    if found.get("related") == "deals" and dice.random() < 0.6:
        found["where"] = dice.choice(
            [
                {"field": "stage", "operator": "equals", "value": "won"},
                {"field": "amount", "operator": "greater_than", "value": dice.choice([10, 100])},
                {"field": "closed_at", "operator": "after", "value": dice.choice(INSTANTS)},
            ]
        )
    if found.get("related") != "notes" and dice.random() < 0.6:
        found["within"] = dice.choice(WINDOWS)
    operator = dice.choice(
        ["greater_than_or_equal", "less_than", "equals", "between", "not_equals", "greater_than"]
    )
    low = dice.choice([0, 1, 2, 3])
    found |= {
        "operator": operator,
        "value": [low, low + dice.randint(0, 2)] if operator == "between" else low,
    }
    return found


def on_field(dice: random.Random) -> dict:
    name = dice.choice(
        [
            "name",
            "name",
            "country",
            "email",
            "tier",
            "status",
            "age",
            "score",
            "spent",
            "ok",
            "born",
            "seen",
            "seen",
            "tags",
            "lucky",
            "holidays",
            "langs",
            "company.size",
            "contact_id",
        ]
    )
    draw = dice.random()
    if draw < 0.1:
        return {"field": name, "operator": dice.choice(["is_empty", "is_not_empty"])}
    found = {"field": name, **ASKED[name.rpartition(".")[2]](dice)}
    negative = found["operator"].startswith(("not_", "has_none"))
    if negative and dice.random() < 0.3:
        found["nulls"] = "exclude"
    return found


def _text(dice):
    operator = dice.choice(
        [
            "equals",
            "not_equals",
            "in",
            "not_in",
            "contains",
            "not_contains",
            "starts_with",
            "ends_with",
            "not_starts_with",
        ]
    )
    pool = TEXTS if operator in ("equals", "not_equals", "in", "not_in") else PARTS
    value = dice.sample(pool, 2) if operator in ("in", "not_in") or dice.random() < 0.2 else dice.choice(pool)
    if operator in ("equals", "not_equals") and isinstance(value, list):
        value = value[0]
    found = {"operator": operator, "value": value}
    if dice.random() < 0.25:
        found["case"] = dice.choice(["sensitive", "insensitive"])
    return found


def _ordered(pool):
    def ask(dice):
        operator = dice.choice(
            [
                "equals",
                "not_equals",
                "less_than",
                "less_than_or_equal",
                "greater_than",
                "greater_than_or_equal",
                "between",
                "not_between",
                "in",
            ]
        )
        if operator in ("between", "not_between"):
            return {"operator": operator, "value": sorted(dice.sample(pool, 2))}
        return {
            "operator": operator,
            "value": dice.sample(pool, 2) if operator == "in" else dice.choice(pool),
        }

    return ask


def _timed(pool, *more):
    def ask(dice):
        operators = [
            "before",
            "after",
            "on_or_before",
            "on_or_after",
            "on",
            "not_on",
            "within",
            "not_within",
            *more,
        ]
        operator = dice.choice(operators)
        if operator == "anniversary":
            return {"operator": operator, "value": dice.choice(["today", "today + 2 days", "next 7 days"])}
        value = dice.choice(WINDOWS) if "within" in operator else dice.choice(pool)
        return {"operator": operator, "value": value}

    return ask


def _list(pool):
    def ask(dice):
        operator = dice.choice(["has_any", "has_all", "has_none", "equals", "contains", "not_contains"])
        value = dice.choice(pool) if "contains" in operator else dice.sample(pool, dice.randint(1, 2))
        return {"operator": operator, "value": value}

    return ask


def _one_of(pool):
    def ask(dice):
        operator = dice.choice(["equals", "not_equals", "in", "not_in"])
        return {
            "operator": operator,
            "value": dice.sample(pool, 2) if "in" in operator else dice.choice(pool),
        }

    return ask


ASKED = {
    "name": _text,
    "country": _text,
    "size": _text,
    "contact_id": _text,
    "email": lambda dice: {
        "operator": dice.choice(["equals", "ends_with", "not_ends_with"]),
        "value": dice.choice(["a@x.org", "b@y.org"]),
    },
    "tier": _one_of(["free", "pro", "enterprise"]),
    "status": _one_of(["active", "bounced", "gone"]),
    "age": _ordered([0, 1, 17, 18, 65, 150]),
    "score": _ordered([-1.5, 0, 0.1, 0.3, 10]),
    "spent": _ordered([0, 9.99, 10, 100]),
    "ok": lambda dice: {"operator": dice.choice(["is_true", "is_false", "is_not_true", "is_not_false"])},
    "born": _timed(DAYS, "anniversary"),
    "seen": _timed(INSTANTS),
    "tags": _list(["vip", "VIP", "beta"]),
    "lucky": _list([1, 7, 13]),
    "holidays": _list(["2026-01-01", "today"]),
    "langs": _list(["de", "fr"]),
}
