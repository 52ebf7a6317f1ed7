from __future__ import annotations

import pytest

from segmentation_pipeline.documents import Scalar
from segmentation_pipeline.errors import Position
from segmentation_pipeline.rules.durations import read_ago, read_length
from segmentation_pipeline.rules.faults import Fault
from segmentation_pipeline.rules.moments import RelativeInstant

AT = Position("a.yaml", 1, 1)
HOUR = 3_600_000_000


def written(text):
    return Scalar(text, quoted=False, at=AT)


@pytest.mark.parametrize(
    ("text", "micros"),
    [
        ("1 minute", HOUR // 60),
        ("90 minutes", HOUR * 3 // 2),
        ("1 hour", HOUR),
        ("2 days", 48 * HOUR),
        ("1 weeks", 168 * HOUR),
        ("  3   days ", 72 * HOUR),
        ("3days", 72 * HOUR),
    ],
)
def test_a_length_is_fixed(text, micros):
    assert read_length(written(text), "gap") == micros


@pytest.mark.parametrize(
    "text", ["0 days", "1 month", "2 quarters", "1 year", "2d", "3 m", "days", "-1 day", "1.5 days", "1 Day"]
)
def test_what_is_no_fixed_length_is_refused_with_an_example(text):
    with pytest.raises(Fault, match=f"`gap: {text}` is not .* such as `2 days`") as fault:
        read_length(written(text), "gap")
    assert fault.value.rule == "duration"
    assert fault.value.at == AT


@pytest.mark.parametrize("unit", ["minute", "hour", "day", "week", "month", "quarter", "year"])
def test_how_long_ago_takes_every_unit(unit):
    assert read_ago(written(f"14 {unit}s"), "at_least") == RelativeInstant(-14, unit)


@pytest.mark.parametrize("text", ["14d", "14 days ago", "two weeks", "-1 day"])
def test_how_long_ago_is_a_length_and_no_moment(text):
    with pytest.raises(Fault, match="is not a length such as `14 days`"):
        read_ago(written(text), "at_least")


@pytest.mark.parametrize("read", [read_length, read_ago])
@pytest.mark.parametrize("text", ["", "   ", "null"])
def test_nothing_is_no_length(read, text):
    with pytest.raises(Fault):
        read(written(text), "gap")
