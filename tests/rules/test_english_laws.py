"""However a rule is changed in one place, it reads otherwise: random rules of the whole language."""

from __future__ import annotations

import dataclasses
import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from segmentation_pipeline.catalog import types
from segmentation_pipeline.errors import Position
from segmentation_pipeline.rules import moments, tree, windows
from segmentation_pipeline.rules.english import describe
from segmentation_pipeline.rules.operators import OPERATORS, family

NAMES = ("a", "or", "of", "and", "events", "no", "it's", "x y", "`", "a.b", "\n  - everyone", "(b)")
DAY = 86_400_000_000
UNITS = ("minute", "hour", "day", "week", "month", "quarter", "year")
LENGTHS = (0, 1, DAY, 36 * DAY // 24, 90 * DAY // 1440)
TEXT, INTEGER, EXACT = types.Text(), types.Integer(), types.Decimal(18)
KINDS = (TEXT, INTEGER, types.Boolean(), types.Date(), types.Datetime(), types.ListOf(TEXT))
WITH_OF = ("sum", "avg", "min", "max", "median", "count_distinct", "first", "last")
WITHOUT_OF = ("count", "days_since_first", "days_since_last", "active_days", "longest_streak")

names, amounts = st.sampled_from(NAMES), st.integers(1, 3)
units, lengths = st.sampled_from(UNITS), st.sampled_from(LENGTHS)
some_names = st.lists(names, min_size=1, max_size=2, unique=True).map(tuple)
relative = st.builds(moments.RelativeInstant, st.integers(-2, 2), units)
instants = st.one_of(
    st.builds(moments.AbsoluteInstant, st.integers(0, DAY)),
    st.just(moments.LocalInstant(dt.datetime(2026, 3, 31))),
    relative,
)
dates = st.sampled_from((None, dt.date(2026, 3, 31)))
days = st.builds(moments.Day, dates, st.lists(st.tuples(st.integers(-2, 2), units), max_size=2).map(tuple))
points = st.one_of(instants, days)
sides = st.sampled_from(("last", "next"))
spans = st.one_of(
    st.builds(windows.Rolling, sides, amounts, units),
    st.builds(windows.Complete, sides, amounts, units),
    st.builds(windows.Period, st.integers(-2, 2), units),
    st.builds(windows.Bounds, points, points, st.booleans()),
    st.builds(windows.Bounds, points, st.none(), st.booleans()),
    st.builds(windows.Bounds, st.none(), points, st.booleans()),
    st.just(windows.Ever()),
)


def optional(strategy: st.SearchStrategy) -> st.SearchStrategy:
    return st.one_of(st.none(), strategy)


def fields(kind: types.FieldType) -> st.SearchStrategy[tree.Field]:
    return st.builds(tree.Field, some_names, st.just(kind))


def literals(kind: types.FieldType) -> st.SearchStrategy:
    match family(kind):
        case "number":
            return st.one_of(st.integers(0, 2), st.just(Decimal("1.5")))
        case "date" | "datetime":
            return points
        case "boolean":
            return st.booleans()
    return st.sampled_from(("a", 'a", or it is null', "the field a", "1"))


@st.composite
def comparisons(draw, operand: st.SearchStrategy[tree.Operand]) -> tree.Compare:
    chosen = draw(operand)
    fitting = [operator for operator in OPERATORS.values() if family(chosen.type) in operator.families]
    operator = draw(st.sampled_from(fitting))
    one = literals(chosen.type)
    many = st.lists(one, min_size=1, max_size=2).map(tuple)
    value = {
        "nothing": st.none(),
        "window": spans,
        "anniversary": st.one_of(points, spans),
        "pair": st.tuples(one, one),
        "many": many,
        "one_or_many": st.one_of(one, many),
    }.get(operator.takes, st.one_of(one, fields(chosen.type)) if operator.field_value else one)
    return tree.Compare(chosen, operator.name, draw(value), draw(st.booleans()), draw(st.booleans()))


sources = st.one_of(st.builds(tree.Events, names, some_names), st.builds(tree.Related, names, names))


@st.composite
def measures(draw, where: st.SearchStrategy[tree.Condition]) -> tree.Measure:
    source, within, selected = draw(sources), draw(optional(spans)), draw(optional(where))
    if draw(st.integers(0, 4)) == 0:
        period, each = draw(lengths), draw(amounts)
        return tree.Measure(source, "active_periods", INTEGER, None, selected, within, period, each)
    of = draw(optional(fields(INTEGER)))
    name = draw(st.sampled_from(WITHOUT_OF if of is None else WITH_OF))
    return tree.Measure(source, name, INTEGER, of, selected, within)


@st.composite
def operands(draw, where: st.SearchStrategy[tree.Condition]) -> tree.Operand:
    counted = measures(where)
    ratios = st.builds(
        tree.Ratio,
        counted,
        counted,
        st.sampled_from((Decimal(0), Decimal(5), Decimal("0.5"))),
        st.just(EXACT),
    )
    events = st.builds(tree.Events, names, some_names)
    responses = st.builds(
        tree.Response, events, amounts, some_names, names, st.just(INTEGER), optional(where), optional(spans)
    )
    plain = st.one_of(counted, ratios, responses)
    if draw(st.integers(0, 2)):
        return draw(plain)
    form = draw(st.sampled_from(("position", "percentile", "ntile")))
    more = {"method": draw(st.sampled_from(("rank", "quantile"))), "buckets": draw(amounts)}
    order = draw(st.sampled_from(("ascending", "descending")))
    ranked = draw(st.one_of(plain, fields(INTEGER)))
    return tree.Rank(ranked, form, order, INTEGER, draw(optional(names)), **(more if form == "ntile" else {}))


histories = st.one_of(
    st.builds(tree.Entered, spans),
    st.builds(tree.Left, spans),
    st.builds(tree.MemberFor, relative, optional(relative)),
    st.builds(tree.MemberFor, st.none(), relative),
    st.builds(tree.PublishedAt, points),
)


def groups(inner: st.SearchStrategy[tree.Condition]) -> st.SearchStrategy[tree.Condition]:
    parts = st.lists(inner, min_size=1, max_size=3).map(tuple)
    steps = st.builds(tree.Step, some_names, optional(inner), optional(spans), st.booleans())
    return st.one_of(
        st.builds(tree.All, parts),
        st.builds(tree.Any, parts),
        st.builds(tree.AtLeast, amounts, parts),
        st.builds(tree.Not, inner),
        st.builds(tree.On, names, names, inner),
        comparisons(operands(inner)),
        st.builds(
            tree.Sequence,
            names,
            st.lists(steps, min_size=1, max_size=3).map(tuple),
            optional(lengths),
            optional(lengths),
            st.one_of(st.just(()), some_names),
            optional(spans),
        ),
    )


leaves = st.one_of(
    st.just(tree.Everyone()),
    st.builds(tree.InSegment, names, optional(histories)),
    *(comparisons(fields(kind)) for kind in KINDS),
)
rules = st.recursive(leaves, groups, max_leaves=6)


# every rule that differs in one place


_PEERS = {
    "measure": (WITH_OF, WITHOUT_OF, ("active_periods",)),
    "unit": (UNITS,),
    "direction": (("last", "next"),),
    "order": (("ascending", "descending"),),
    "method": (("rank", "quantile"),),
}
_ADDED = {
    "where": (tree.Everyone(),),
    "within": (windows.Ever(), windows.Rolling("last", 1, "day")),
    "gap": LENGTHS,
    "span": LENGTHS,
    "among": NAMES,
    "history": (tree.Entered(windows.Ever()), tree.Left(windows.Ever()), tree.PublishedAt(moments.Day())),
    "at_least": (moments.RelativeInstant(-1, "day"),),
    "at_most": (moments.RelativeInstant(-1, "day"),),
    "lower": (moments.Day(),),
    "upper": (moments.Day(),),
    "date": (dt.date(2026, 3, 31),),
}


def edits(node: object) -> list:
    """Return the valid nodes that differ from ``node`` in one place."""
    found = []
    for one in dataclasses.fields(node):
        if one.name not in ("type", "at"):
            value = getattr(node, one.name)
            found += [
                dataclasses.replace(node, **{one.name: other}) for other in others(node, one.name, value)
            ]
    if isinstance(node, tree.Rank) and node.form != "ntile":
        found.append(
            dataclasses.replace(node, form="position" if node.form == "percentile" else "percentile")
        )
    return found


def others(node: object, name: str, value: object) -> list:
    match value:
        case None:
            return list(_ADDED.get(name, ()))
        case str() if name == "operator":
            mine = OPERATORS[value]
            return [o for o, other in OPERATORS.items() if o != value and same_use(other, mine)]
        case str() if name == "form":
            return []
        case str() if name == "method" and node.form != "ntile":
            return []
        case str() if name in _PEERS:
            return [peer for peers in _PEERS[name] if value in peers for peer in peers if peer != value]
        case str():
            return [f"{value}x", f"{value} or b", f"{value}'s"]
        case bool():
            return [not value]
        case int() | Decimal():
            return [value + 1]
        case dt.datetime():
            return [value + dt.timedelta(microseconds=1)]
        case dt.date():
            return [None, value + dt.timedelta(days=1)]
        case tuple():
            return tuples(node, name, value)
    removable = name in ("where", "within", "history") or (name == "lower" and node.upper is not None)
    return [*edits(value), *([None] if removable else []), *(wrapped(value) if is_condition(value) else [])]


def tuples(node: object, name: str, value: tuple) -> list:
    changed = [
        (*value[:place], other, *value[place + 1 :])
        for place, element in enumerate(value)
        for other in others(node, "" if isinstance(element, str) else name, element)
    ]
    if name == "same" or (value and all(isinstance(element, str) for element in value)):
        return [*changed, (*value, "zz")]
    moved = len(value) > 1 and all(isinstance(element, type(value[0])) for element in value)
    return [*changed, tuple(reversed(value))] if moved else changed


def same_use(one: object, other: object) -> bool:
    return (one.takes, one.families) == (other.takes, other.families)


def is_condition(value: object) -> bool:
    return isinstance(value, (*tree.GROUPS, tree.Not, tree.On, tree.Sequence, tree.Compare, tree.InSegment))


def wrapped(rule: tree.Condition) -> list:
    return [
        tree.Not(rule),
        tree.All((rule,)),
        tree.Any((rule,)),
        tree.AtLeast(1, (rule,)),
        tree.All((rule, rule)),
    ]


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(rules)
def test_a_rule_changed_in_one_place_reads_otherwise(rule):
    read = {}
    for other in (rule, *edits(rule), *wrapped(rule)):
        known = read.setdefault(describe(other), other)
        assert without_types(known) == without_types(other)


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(rules, min_size=20, max_size=20))
def test_no_two_of_many_rules_read_the_same(drawn):
    read = {}
    for rule in drawn:
        known = read.setdefault(describe(rule), rule)
        assert without_types(known) == without_types(rule)


def without_types(node: object) -> object:
    """Return a tree without what the catalog says of its names."""
    if isinstance(node, tuple):
        return tuple(map(without_types, node))
    if not dataclasses.is_dataclass(node) or isinstance(node, Position):
        return node
    kept = [one.name for one in dataclasses.fields(node) if one.name not in ("type", "at")]
    return (type(node).__name__, *(without_types(getattr(node, name)) for name in kept))


@pytest.mark.parametrize("zero", UNITS)
def test_now_is_said_of_the_form_that_now_is_read_as(zero):
    compare = tree.Compare(
        tree.Field(("seen",), types.Datetime()), "before", moments.RelativeInstant(0, zero)
    )
    said = "now" if zero == "minute" else f"0 {zero}s from now"
    assert describe(compare) == f"seen is before {said}"
