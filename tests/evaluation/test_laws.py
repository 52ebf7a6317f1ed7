"""What holds for every rule, whatever it says: complement, De Morgan, order, buckets."""

from __future__ import annotations

import decimal
import os
import random
from contextlib import contextmanager

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from segmentation_pipeline.catalog.types import Decimal, Integer
from segmentation_pipeline.evaluation.evaluate import evaluate, evaluate_index
from segmentation_pipeline.index.build import build_index, encode_index
from segmentation_pipeline.rules.moments import RelativeInstant
from segmentation_pipeline.rules.tree import (
    All,
    Any,
    AtLeast,
    Compare,
    Events,
    Everyone,
    Field,
    InSegment,
    Measure,
    Not,
    Rank,
    Sequence,
    Step,
)
from segmentation_pipeline.rules.windows import Bounds, Rolling

QUIETLY = settings(
    max_examples=max(int(os.environ.get("SEGMENTATION_EXAMPLES", "50")) // 4, 12),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
TYPES = ("click", "open", "purchase")


def members(kit, rows, definitions, **options):
    index = build_index(kit.catalog, {name: frame.lazy() for name, frame in rows.frames(kit.catalog).items()})
    evaluation = evaluate_index(definitions, index, rows.instant, **options)
    assert not evaluation.failed
    return {name: evaluation.keys(name) for name in definitions.segments}


def of_rules(kit, rows, **rules):
    segments = (kit.one(name, rule, "Europe/Paris") for name, rule in rules.items())
    return {name: set(keys) for name, keys in members(kit, rows, kit.of(*segments)).items()}


@QUIETLY
@given(data=st.data())
def test_a_rule_and_its_complement_part_the_population(kit, data):
    rows = data.draw(kit.rows)
    rule = data.draw(kit.conditions(rows.as_of))
    found = of_rules(kit, rows, everyone=Everyone(), rule=rule, complement=Not(rule), twice=Not(Not(rule)))
    assert found["rule"] | found["complement"] == found["everyone"]
    assert not found["rule"] & found["complement"]
    assert found["twice"] == found["rule"]


@QUIETLY
@given(data=st.data())
def test_de_morgan(kit, data):
    rows = data.draw(kit.rows)
    one, other = data.draw(kit.conditions(rows.as_of, 1)), data.draw(kit.conditions(rows.as_of, 1))
    found = of_rules(
        kit, rows,
        not_all=Not(All((one, other))), any_not=Any((Not(one), Not(other))),
        not_any=Not(Any((one, other))), all_not=All((Not(one), Not(other))),
        both=All((one, other)), two=AtLeast(2, (one, other)),
        either=Any((one, other)), once=AtLeast(1, (one, other)),
    )  # fmt: skip
    assert found["not_all"] == found["any_not"]
    assert found["not_any"] == found["all_not"]
    assert found["both"] == found["two"]
    assert found["either"] == found["once"]


@QUIETLY
@given(data=st.data())
def test_an_embedded_segment_is_its_rule(kit, data):
    rows = data.draw(kit.rows)
    rule, other = data.draw(kit.conditions(rows.as_of, 1)), data.draw(kit.conditions(rows.as_of, 1))
    found = of_rules(kit, rows, a=rule, b=All((InSegment("a"), other)), c=All((rule, other)))
    assert found["b"] == found["c"]


def counted(window, at_least=1):
    return Compare(
        Measure(Events("activities", TYPES), "count", Integer(), None, None, window),
        "greater_than_or_equal",
        at_least,
    )


@QUIETLY
@given(
    data=st.data(),
    unit=st.sampled_from(("hour", "day", "week", "month", "year")),
    n=st.integers(1, 40),
    more=st.integers(0, 40),
)
def test_a_longer_window_holds_whom_a_shorter_one_holds(kit, data, unit, n, more):
    rows = data.draw(kit.rows)
    found = of_rules(
        kit, rows,
        short=counted(Rolling("last", n, unit)), long=counted(Rolling("last", n + more, unit)),
        ever=counted(None), since=counted(Bounds(lower=RelativeInstant(-n, unit))),
        after=counted(Bounds(lower=RelativeInstant(-n, unit), closed=False)),
    )  # fmt: skip
    assert found["short"] <= found["long"] <= found["ever"]
    assert found["after"] <= found["since"]
    assert found["after"] == found["short"]


@QUIETLY
@given(data=st.data(), n=st.integers(0, 6), more=st.integers(0, 3))
def test_a_higher_threshold_holds_no_one_else(kit, data, n, more):
    rows = data.draw(kit.rows)
    window = Rolling("last", 1, "year")
    found = of_rules(kit, rows, low=counted(window, n), high=counted(window, n + more))
    assert found["high"] <= found["low"]


@QUIETLY
@given(data=st.data(), days=st.integers(1, 20), more=st.integers(0, 20))
def test_a_longer_window_has_no_fewer_active_days_and_no_shorter_streak(kit, data, days, more):
    rows = data.draw(kit.rows)

    def held(measure, length):
        counted = Measure(
            Events("activities", TYPES), measure, Integer(), None, None, Rolling("last", length, "day")
        )
        return Compare(counted, "greater_than_or_equal", 2)

    for measure in ("active_days", "longest_streak"):
        found = of_rules(kit, rows, short=held(measure, days), long=held(measure, days + more))
        assert found["short"] <= found["long"]


@QUIETLY
@given(data=st.data(), hours=st.integers(1, 400), more=st.integers(0, 400))
def test_a_wider_gap_or_span_holds_whom_a_narrower_one_holds(kit, data, hours, more):
    rows = data.draw(kit.rows)
    steps = (Step(("open",)), Step(("click", "purchase"), negated=True), Step(("open", "purchase")))
    narrow, wide = hours * 3_600_000_000, (hours + more) * 3_600_000_000
    found = of_rules(
        kit, rows,
        narrow=Sequence("activities", steps, gap=narrow), wide=Sequence("activities", steps, gap=wide),
        short=Sequence("activities", steps, span=narrow), long=Sequence("activities", steps, span=wide),
        any=Sequence("activities", steps), same=Sequence("activities", steps, same=("channel",)),
    )  # fmt: skip
    assert found["narrow"] <= found["wide"] <= found["any"]
    assert found["narrow"] == found["short"]
    assert found["wide"] == found["long"]


@QUIETLY
@given(data=st.data(), buckets=st.integers(2, 7), order=st.sampled_from(("ascending", "descending")))
def test_buckets_part_whoever_is_ranked(kit, data, buckets, order):
    rows = data.draw(kit.rows)
    operand = data.draw(st.sampled_from((Field(("spent",), Decimal(2)), Field(("age",), Integer()))))
    for method in ("rank", "quantile"):
        rank = Rank(operand, "ntile", order, Integer(), None, method, buckets)
        numbers = range(1, buckets + 1)
        found = of_rules(
            kit, rows,
            ranked=Compare(rank, "is_not_empty"), known=Compare(operand, "is_not_empty"),
            **{f"b{number}": Compare(rank, "equals", number) for number in numbers},
        )  # fmt: skip
        parts = [found[f"b{number}"] for number in numbers]
        assert found["ranked"] == found["known"] == set().union(*parts)
        assert sum(map(len, parts)) == len(found["ranked"])
        if method == "rank":
            sizes = [len(part) for part in parts]
            assert sizes == sorted(sizes, reverse=True)
            assert sizes[0] - sizes[-1] <= 1


@QUIETLY
@given(data=st.data())
def test_the_first_has_the_least_percentile_and_the_last_position_is_no_further_than_all(kit, data):
    rows = data.draw(kit.rows)
    operand = Field(("spent",), Decimal(2))
    position = Rank(operand, "position", "descending", Integer())
    percentile = Rank(operand, "percentile", "descending", Decimal(18))
    found = of_rules(
        kit, rows,
        ranked=Compare(operand, "is_not_empty"), first=Compare(position, "equals", 1),
        all=Compare(percentile, "less_than_or_equal", decimal.Decimal(100)),
        none=Compare(percentile, "less_than_or_equal", decimal.Decimal(0)),
    )  # fmt: skip
    count = len(found["ranked"])
    least = decimal.Decimal(100) / count if count else decimal.Decimal(1)
    ceiling = least.quantize(decimal.Decimal("0.000001"), rounding=decimal.ROUND_CEILING)
    top = of_rules(kit, rows, top=Compare(percentile, "less_than_or_equal", ceiling))["top"]
    assert top == found["first"]
    assert found["all"] == found["ranked"]
    assert not found["none"]


@contextmanager
def in_engine(mode):
    """Make Polars answer every query in one of its engines."""
    collect = pl.LazyFrame.collect

    def collected(frame, **options):
        return collect(frame, **{**options, "engine": mode})

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pl.LazyFrame, "collect", collected)
        yield


@QUIETLY
@given(
    data=st.data(),
    size=st.sampled_from((1, 7, 16, 39, 2**18)),
    coded=st.booleans(),
    mode=st.sampled_from(("streaming", "in-memory")),
)
@pytest.mark.integration
def test_ids_do_not_depend_on_buckets_codes_or_the_engine(kit, data, size, coded, mode):
    rows = data.draw(kit.rows)
    definitions = data.draw(kit.definitions(rows.as_of))
    frames = {name: frame.lazy() for name, frame in rows.frames(kit.catalog).items()}
    plain = build_index(kit.catalog, frames)
    whole = evaluate_index(definitions, plain, rows.instant)
    with in_engine(mode):
        index = encode_index(plain) if coded else plain
        parts = evaluate_index(definitions, index, rows.instant, bucket_size=size)
    assert not whole.failed
    assert {name: ids.to_list() for name, ids in parts.members.items()} == {
        name: ids.to_list() for name, ids in whole.members.items()
    }


@pytest.mark.integration
@QUIETLY
@given(data=st.data(), seed=st.integers(0, 2**16))
def test_the_order_of_rows_and_files_says_nothing(kit, data, seed):
    rows = data.draw(kit.rows)
    definitions = data.draw(kit.definitions(rows.as_of))
    dice = random.Random(seed)

    def shuffled(listed):
        return dice.sample(listed, len(listed))

    def in_files(frame):
        half = frame.height // 2
        return pl.concat([frame[half:].lazy(), frame[:half].lazy()])

    first = evaluate(definitions, rows.frames(kit.catalog), rows.instant)
    frames = {name: in_files(frame) for name, frame in rows.frames(kit.catalog, shuffled).items()}
    second = evaluate(definitions, frames, rows.instant)
    again = evaluate(definitions, frames, rows.instant)
    for name in definitions.segments:
        assert first.keys(name) == second.keys(name) == again.keys(name)
        assert first.members[name].to_list() == second.members[name].to_list()
    assert first.pending == second.pending


@QUIETLY
@given(data=st.data())
def test_evaluating_some_segments_is_evaluating_all(kit, data):
    """Those outside the selection are read as last published, whatever their rules."""
    rows = data.draw(kit.rows)
    definitions = data.draw(kit.definitions(rows.as_of))
    frames = {name: frame.lazy() for name, frame in rows.frames(kit.catalog).items()}
    index = build_index(kit.catalog, frames)
    whole = evaluate_index(definitions, index, rows.instant)
    last = list(definitions.segments)[-1]
    alone = evaluate_index(definitions, index, rows.instant, only={last}, published=whole.members)
    assert list(alone.members) == [last]
    assert alone.keys(last) == whole.keys(last)
