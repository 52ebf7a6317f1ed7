"""Sums and averages are exact, whatever their size: beyond 53 bits they are no longer tallied as floats."""

from __future__ import annotations

import datetime as dt
import decimal

import polars as pl
import pytest

from segmentation_pipeline.catalog.types import Decimal, Integer
from segmentation_pipeline.evaluation.evaluate import evaluate_index
from segmentation_pipeline.index.build import build_index, encode_index
from segmentation_pipeline.rules.tree import Compare, Events, Field, Measure

AS_OF = dt.datetime(2026, 3, 31, 12, tzinfo=dt.UTC)
BOUGHT = Events("activities", ("purchase",))
CENTS = decimal.Decimal("0.0001")


@pytest.fixture(params=["plain", "coded"])
def equals(kit, request):
    """Return whether a measure of one contact's purchases equals a value, and nothing close to it."""

    def judged(measure, value, step, **columns):
        many = len(next(iter(columns.values())))
        frames = kit.empty_frames()
        rows = {
            "activity_id": [str(number) for number in range(many)],
            "contact_id": ["a"] * many,
            "kind": ["purchase"] * many,
            "at": [AS_OF] * many,
            **columns,
        }
        schema = frames["activities"].schema
        given = {
            "contacts": pl.DataFrame({"object_index": [0], "contact_id": ["a"]}),
            "activities": pl.DataFrame(rows, schema_overrides={name: schema[name] for name in rows}),
        }
        for name, frame in given.items():
            frames[name] = frame.match_to_schema(frames[name].schema, missing_columns="insert")
        index = build_index(kit.catalog, {name: frame.lazy() for name, frame in frames.items()})
        index = index if request.param == "plain" else encode_index(index)
        rules = {"at": Compare(measure, "equals", value), "off": Compare(measure, "equals", value + step)}
        definitions = kit.of(*(kit.one(name, rule) for name, rule in rules.items()))
        found = evaluate_index(definitions, index, AS_OF)
        assert not found.failed
        return found.masks["at"].to_list() == [True] and found.masks["off"].to_list() == [False]

    return judged


@pytest.mark.parametrize("items", [[1, 2, None], [2**53, 1], [2**62, 2**62, -(2**62), 3], [-(2**63), 5]])
def test_integers(equals, items):
    of = Field(("items",), Integer())
    total = sum(one for one in items if one is not None)
    assert equals(Measure(BOUGHT, "sum", Integer(), of), total, 1, items=items)


@pytest.mark.parametrize("revenue", [["0.1000", "0.2000", None], ["900719925474.0993", "0.0001"]])
def test_money(equals, revenue):
    exact = [None if one is None else decimal.Decimal(one) for one in revenue]
    of = Field(("revenue",), Decimal(4))
    total = sum((one for one in exact if one is not None), decimal.Decimal(0))
    assert equals(Measure(BOUGHT, "sum", Decimal(4), of), total, CENTS, revenue=exact)


@pytest.mark.parametrize("items", [[1, 2], [2**53, 2**53 + 2, 1, 3], [None, 7]])
def test_averages(equals, items):
    known = [one for one in items if one is not None]
    mean = decimal.Decimal(sum(known)) / len(known)
    measure = Measure(BOUGHT, "avg", Decimal(18), Field(("items",), Integer()))
    assert equals(measure, mean, decimal.Decimal("0.001"), items=items)


def test_a_literal_finer_than_the_unit_is_compared_exactly(equals):
    of = Field(("revenue",), Decimal(4))
    measure = Measure(BOUGHT, "sum", Decimal(4), of)
    half = decimal.Decimal("1.00005")
    assert not equals(measure, half, CENTS, revenue=[decimal.Decimal(1)])
