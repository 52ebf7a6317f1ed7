"""z3 against the prover, with the interpreter between: no encoding is shared.

Every column ranges over a few hundred values that stand for all (each edge of each window in each
zone, each literal and what is glued from two), each judged by the reference semantics; events range
over the rows made of such values, any number of each. What z3 finds possible must not be proved
impossible, and what the prover finds possible z3 must find too.
"""

from __future__ import annotations

import decimal
import itertools
import os
from functools import cache, singledispatchmethod

import pytest
import z3

from segmentation_pipeline.conflicts.proofs.proof import prove
from segmentation_pipeline.rules import tree
from segmentation_pipeline.rules.clock import Clock, to_date, to_micros
from segmentation_pipeline.rules.interpret import holds
from segmentation_pipeline.rules.time_grammar import read_moment, read_window
from segmentation_pipeline.rules.truth import Scale, satisfies
from segmentation_pipeline.rules.world import World, normal

PAIRS = int(os.environ.get("SEGMENTATION_PROOF_PAIRS", "10000"))
MANY = 24


class Oracle:
    def __init__(self, kit, definitions):
        self.kit, self.definitions, self.catalog = kit, definitions, kit.catalog
        self.solver = z3.Solver()
        self.solver.set("timeout", 20_000)
        self.values, self.leaves, self.totals = {}, {}, {}
        self.existing, self.formulas = {(): z3.BoolVal(True)}, {}

    def clock(self, zone):
        return Clock(to_micros(self.kit.as_of), zone, 0)

    def segment(self, name):
        if name not in self.formulas:
            segment = self.definitions.segments[name]
            clock = self.clock(segment.time_zone)
            found = self.formula(segment.where, (), clock)
            if segment.exclude is not None:
                found = z3.And(found, z3.Not(self.formula(segment.exclude, (), clock)))
            self.formulas[name] = z3.Bool(name)
            self.solver.add(self.formulas[name] == found)
        return self.formulas[name]

    def possible(self, *literals):
        answer = self.solver.check(*literals)
        assert answer != z3.unknown
        return answer == z3.sat

    @singledispatchmethod
    def formula(self, condition, subject, clock):
        raise NotImplementedError(condition)

    @formula.register(tree.All)
    def _(self, condition, subject, clock):
        return z3.And([self.formula(one, subject, clock) for one in condition.conditions])

    @formula.register(tree.Any)
    def _(self, condition, subject, clock):
        return z3.Or([self.formula(one, subject, clock) for one in condition.conditions])

    @formula.register(tree.AtLeast)
    def _(self, condition, subject, clock):
        return z3.AtLeast(*[self.formula(one, subject, clock) for one in condition.conditions], condition.k)

    @formula.register(tree.Not)
    def _(self, condition, subject, clock):
        return z3.Not(self.formula(condition.condition, subject, clock))

    @formula.register(tree.InSegment)
    def _(self, condition, _subject, _clock):
        return self.segment(condition.segment)

    @formula.register(tree.On)
    def _(self, condition, subject, clock):
        parent = (*subject, condition.relation)
        return z3.And(self.exists(parent), self.formula(condition.condition, parent, clock))

    @formula.register(tree.Compare)
    def _(self, condition, subject, clock):
        if isinstance(condition.operand, tree.Measure):
            return self.counted(condition, clock)
        way, name = (*subject, *condition.operand.path[:-1]), condition.operand.path[-1]
        scale = Scale(
            condition.operand.type, clock, condition.ignore_case, str(condition.operand.type) == "number"
        )
        if way and name == "company_id":
            # A parent's key is what its child names, where there is a parent.
            own, missing = (
                self.choice(way[:-1], "company_id" if len(way) == 1 else "parent_id"),
                satisfies(condition, None, scale),
            )
            return z3.If(self.exists(way), self.among(own, condition, scale), missing)
        return self.among(self.choice(way, name), condition, scale)

    def among(self, choice, condition, scale):
        return self.where(choice, lambda value: satisfies(condition, value, scale))

    def where(self, choice, test):
        """A literal that is true where the value chosen passes; `settle` says of which that is."""
        leaf = z3.Bool(f"{choice} {len(self.leaves[choice])}")
        self.leaves[choice].append((leaf, [test(value) for value in self.values[choice]]))
        return leaf

    def exists(self, subject):
        if subject not in self.existing:
            here = self.existing[subject] = z3.Bool(f"exists {subject}")
            key = self.choice(subject[:-1], "company_id" if len(subject) == 1 else "parent_id")
            known = self.where(key, lambda value: value is not None)
            self.solver.add(z3.Implies(here, z3.And(self.exists(subject[:-1]), known)))
        return self.existing[subject]

    def choice(self, subject, name):
        if (subject, name) not in self.values:
            kind = self.catalog.objects["company" if subject else "contact"]
            field = kind.fields[name]
            values = ADDRESSES if field.form else candidates(field.type, self.kit.as_of)
            least, most = field.minimum, field.maximum
            values = [v for v in values if (least is None or v >= least) and (most is None or v <= most)]
            values = [normal(value, field.type, name) for value in values]
            self.values[subject, name] = values if field.required and not subject else [None, *values]
            self.leaves[subject, name] = []
            if subject:
                known = self.where((subject, name), lambda value: value is not None)
                self.solver.add(z3.Implies(known, self.exists(subject)))
        return subject, name

    def counted(self, condition, clock):
        measure = condition.operand
        source = getattr(measure.source, "source", None) or measure.source.relation
        some = tree.Compare(measure, "greater_than_or_equal", 1)
        total = z3.Int(f"{source} {len(self.totals.setdefault(source, []))}")
        rows = row_candidates(source, self.kit.as_of)
        self.totals[source].append((total, [self.counts_row(some, source, row, clock.zone) for row in rows]))
        match condition.operator:
            case "greater_than_or_equal":
                return total >= condition.value
            case "greater_than":
                return total > condition.value
            case "less_than":
                return total < condition.value
            case "equals":
                return total == condition.value
            case "not_equals":
                return total != condition.value
            case "between":
                return z3.And(total >= condition.value[0], total <= condition.value[1])
        raise NotImplementedError(condition.operator)

    def counts_row(self, some, source, row, zone):
        rows, events = {"contact": {"k": {}}}, {}
        if source == "activities":
            events = {"activities": {"k": [row]}}
        else:
            kind = {"deals": "deal", "notes": "note"}[source]
            rows[kind] = {"r": row}
        world = World(self.catalog, rows, self.kit.as_of, events)
        return holds(some, "contact", "k", world, zone)

    def settle(self):
        """Say which values and rows there are: one of each sort that the leaves tell apart."""
        for choice, leaves in self.leaves.items():
            sorts = list(dict.fromkeys(zip(*(truths for _, truths in leaves), strict=True)))
            chosen = [z3.Bool(f"{choice} is {number}") for number in range(len(sorts))]
            self.solver.add(z3.PbEq([(one, 1) for one in chosen], 1))
            for number, (leaf, _) in enumerate(leaves):
                self.solver.add(
                    leaf == z3.Or([one for one, sort in zip(chosen, sorts, strict=True) if sort[number]])
                )
        for source, totals in self.totals.items():
            sorts = list(dict.fromkeys(zip(*(truths for _, truths in totals), strict=True)))
            many = [z3.Int(f"{source} of {number}") for number in range(len(sorts))]
            self.solver.add([one >= 0 for one in many])
            for number, (total, _) in enumerate(totals):
                counted = [one for one, sort in zip(many, sorts, strict=True) if sort[number]]
                self.solver.add(total == z3.Sum([z3.IntVal(0), *counted]))


LITERALS = (
    "vip",
    "VIP",
    "Vip",
    "vI",
    "VI",
    "ip",
    "berlin",
    "ber",
    "Ber",
    "lin",
    "LIN",
    "Lin",
    "BERLIN",
    "IP",
    "",
    " ",
    "\t",
    "x",
    "X",
    "straße",
    "STRASSE",
    "é",
    "É",
    "a.b",
    "A.B",
    ".",
    "r",
    "R",
    "a",
    "b",
    "c",
    "o",
)
ADDRESSES = ("a@x.org", "A@x.org", "b@y.org", "c@z.org", "aa@x.org", "ab@y.org", "b@y.orgx", "a@x.orgx")
ZONES = ("UTC", "Europe/Paris", "America/New_York", "Asia/Kathmandu")
DAYS = (
    "today",
    "yesterday",
    "2026-03-29",
    "2026-03-30",
    "30 days ago",
    "7 days ago",
    "2026-03-31",
    "today - 1 month",
    "today + 2 days",
    "today + 7 days",
    "2026-01-01",
    "2020-01-01",
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
    "last 1 months",
)


@cache
def edges(as_of, *, daily):
    found = set()
    for zone in ZONES:
        clock = Clock(to_micros(as_of), zone, 0)
        for text in INSTANTS:
            found |= set((clock.days if daily else clock.extent)(read_moment(text)))
        for text in WINDOWS:
            found |= {
                end for end in (clock.day_span if daily else clock.span)(read_window(text)) if end is not None
            }
    # Days of the year of other years too, for anniversaries.
    year = 365 if daily else 365 * 86_400_000_000
    return sorted(
        {edge + by for edge in found for by in (0, -1)}
        | {edge - year for edge in found}
        | {edge - 3 * year for edge in found}
        | {edge + year for edge in found}
    )


@cache
def candidates(kind, as_of):
    match str(kind):
        case "text":
            glued = (f"{a}{mark}{b}" for a in LITERALS for b in LITERALS for mark in ("", "-"))
            three = (
                f"{a}-{b}-{c}"
                for a, b, c in itertools.product(
                    ("vip", "VI", "ber", "Ber", "lin", "x", "é", " "),
                    ("ip", "lin", "x", ".", "é", "vip", "VIP", "Ber", " "),
                    ("vip", "r", "x", "lin", "ber", ".", "é"),
                )
            )
            return tuple(dict.fromkeys((*LITERALS, *glued, *three)))
        case "enum":
            return kind.values
        case "boolean":
            return True, False
        case "integer":
            return (-2, -1, 0, 1, 2, 4, 5, 6, 16, 17, 18, 19, 49, 50, 51, 64, 65, 66, 149, 150, 151)
        case "number":
            return (-2.0, -1.5, -1.0, -0.0, 0.05, 0.1, 0.2, 0.3, 1.0, 10.0, 11.0)
        case "decimal(2)":
            return tuple(
                map(decimal.Decimal, ("-1", "0", "1", "9.98", "9.99", "10", "10.01", "50", "100", "101"))
            )
        case "date":
            return tuple(to_date(day) for day in edges(as_of, daily=True))
        case "datetime":
            return tuple(instant(micros) for micros in edges(as_of, daily=False))
    if str(kind) == "list of date":
        today = to_micros(as_of) // 86_400_000_000
        elements, most = [to_date(day) for day in (today - 1, today, today + 1, 20454, 0)], 3
    else:
        elements = {
            "list of text": ("vip", "VIP", "Vip", "beta", "BETA", "q"),
            "list of integer": (1, 7, 13, 2),
            "list of enum": ("de", "fr", "en"),
        }[str(kind)]
        most = len(elements)
    return tuple(list(some) for size in range(most + 1) for some in itertools.combinations(elements, size))


def instant(micros):
    import datetime as dt

    return dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + dt.timedelta(microseconds=micros)


@cache
def row_candidates(source, as_of):
    return tuple(_row_candidates(source, as_of))


def _row_candidates(source, as_of):
    now = to_micros(as_of)
    times = [
        instant(edge) for edge in edges(as_of, daily=False) if now - 95 * 86_400_000_000 < edge <= now + 1
    ]
    times.append(instant(now - 500 * 86_400_000_000))
    if source == "activities":
        for kind, channel, at in itertools.product(
            ("open", "click", "purchase"), ("web", "web1", "app", "we", "q", None), times
        ):
            yield {"contact_id": "k", "activity_id": "e", "kind": kind, "channel": channel, "at": at}
    elif source == "deals":
        amounts = tuple(map(decimal.Decimal, ("5", "50", "500")))
        for stage, amount, at in itertools.product(("won", "lost"), amounts, (*times, None)):
            yield {"deal_id": "r", "contact_id": "k", "stage": stage, "amount": amount, "closed_at": at}
    else:
        yield {"note_id": "r", "contact_id": "k"}


def differences(kit, seed, pairs):
    definitions = kit.define(kit.random_rules(seed, MANY))
    (found,) = prove(definitions, kit.as_of).objects.values()
    oracle = Oracle(kit, definitions)
    for name in found.names:
        oracle.segment(name)
    oracle.settle()
    names, wrong, asked = found.names, [], 0
    for a, b in itertools.islice(itertools.combinations(range(len(names)), 2), pairs):
        asked += 1
        one, other = oracle.segment(names[a]), oracle.segment(names[b])
        for what, literals, possible in (
            ("together", (one, other), not found.matrix.apart[a, b]),
            ("a without b", (one, z3.Not(other)), not found.matrix.inside[a, b]),
            ("b without a", (z3.Not(one), other), not found.matrix.inside[b, a]),
        ):
            if oracle.possible(*literals) is not possible:
                wrong.append(f"{seed}: {names[a]} {names[b]} {what}: the prover says {possible}")
    return asked, wrong


@pytest.mark.parametrize("seed", [5])
def test_z3_finds_possible_what_the_prover_does(kit, seed):
    assert differences(kit, seed, 12) == (12, [])


@pytest.mark.integration
@pytest.mark.timeout(3_600)
def test_z3_agrees_on_thousands_of_pairs(kit):
    total, seed = 0, 500
    while total < PAIRS:
        asked, wrong = differences(kit, seed, MANY * MANY)
        assert wrong == []
        total, seed = total + asked, seed + 1
