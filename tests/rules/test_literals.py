# ruff: noqa: E501 — tables of cases, one a line, the rule as its author writes it
"""Values of rules by the type of what they are compared with."""

from __future__ import annotations

import decimal

import pytest

from segmentation_pipeline.catalog.types import (
    Boolean,
    Date,
    Datetime,
    Decimal,
    Enum,
    Integer,
    ListOf,
    Number,
    Text,
)
from segmentation_pipeline.rules.literals import read_literal
from segmentation_pipeline.rules.moments import AbsoluteInstant, Day, RelativeInstant

GREEK = Enum(("e\u0301lite", "pro"))


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (Text(), "012", "012"), (Text(), "", ""), (Text(), " a ", " a "), (Text(), "e\u0301", "é"),
        (GREEK, "pro", "pro"), (GREEK, "élite", "élite"), (GREEK, "e\u0301lite", "élite"),
        (Integer(), "5", 5), (Integer(), "012", 12), (Integer(), "5.0", 5), (Integer(), "-3", -3), (Integer(), "+3", 3),
        (Integer(), "1e3", 1000), (Integer(), " 7 ", 7), (Integer(), str(2**63 - 1), 2**63 - 1),
        (Integer(), str(-(2**63)), -(2**63)),
        (Number(), "0.1", 0.1), (Number(), ".5", 0.5), (Number(), "5.", 5.0), (Number(), "-1e-3", -0.001),
        (Decimal(2), "0.10", decimal.Decimal("0.1")), (Decimal(2), "100", decimal.Decimal(100)), (Decimal(2), "-0", decimal.Decimal(0)),
        (Decimal(0), "1e2", decimal.Decimal(100)), (Decimal(4), "0.12340000", decimal.Decimal("0.1234")),
        (Decimal(2), "1" * 36, decimal.Decimal("1" * 36)),
        (Decimal(18), "1" * 20 + "." + "1" * 18, decimal.Decimal("1" * 20 + "." + "1" * 18)),
        (Boolean(), "true", True), (Boolean(), "FALSE", False), (Boolean(), "1", True), (Boolean(), "0", False),
        (Date(), "today", Day()), (Datetime(), "30 days ago", RelativeInstant(-30, "day")),
        (Datetime(), "1970-01-01T00:00:01Z", AbsoluteInstant(1_000_000)),
    ],
)  # fmt: skip
def test_a_text_reads_as(kind, text, value):
    read = read_literal(kind, text)
    assert read == value
    assert type(read) is type(value)


@pytest.mark.parametrize(
    ("kind", "text", "said"),
    [
        (Integer(), "5.5", "not a whole number"), (Integer(), "5x", "`5x` is not a number"),
        (Integer(), "", "not a number"), (Integer(), "1_000", "not a number"), (Integer(), "0x10", "not a number"),
        (Integer(), "true", "not a number"), (Integer(), str(2**63), "64 bits"), (Integer(), "1e99", "64 bits"),
        (Number(), "nan", "not a number"), (Number(), "inf", "not a number"), (Number(), "1e400", "too large"),
        (Number(), "1,5", "not a number"), (Number(), "1e", "not a number"), (Number(), ".", "not a number"),
        (Decimal(2), "0.001", "more than 2 digits"), (Decimal(0), "0.5", "more than 0 digits"),
        (Decimal(2), "1e40", "too large"), (Decimal(2), "1" * 37, "too large"),
        (Boolean(), "yes", "not true, false, 1 or 0"), (Boolean(), "", "not true"),
        (GREEK, "Pro", "did you mean `pro`"), (GREEK, "", "not one of its values"),
        (Date(), "2026-13-01", "2026-13-01"), (Datetime(), "yesterday at noon", "is not a moment"),
    ],
)  # fmt: skip
def test_a_text_that_is_no_value_says_why(kind, text, said):
    with pytest.raises(ValueError, match=said):
        read_literal(kind, text)


def test_there_is_no_value_of_a_list():
    with pytest.raises(NotImplementedError, match="list of text"):
        read_literal(ListOf(Text()), "a")
