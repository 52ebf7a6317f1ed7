"""What a profile says, and that looking on changes nothing."""

from __future__ import annotations

from itertools import count

import pytest

from segmentation_pipeline.catalog.types import Integer, Text
from segmentation_pipeline.evaluation.evaluate import evaluate_index
from segmentation_pipeline.evaluation.profile import Profile
from segmentation_pipeline.index.build import encode_index
from segmentation_pipeline.rules.moments import RelativeInstant
from segmentation_pipeline.rules.tree import All, Any, Compare, Events, Field, Measure, Sequence, Step
from segmentation_pipeline.rules.windows import Bounds

NAMED = Compare(Field(("name",), Text()), "is_not_empty")
OLD = Compare(Field(("age",), Integer()), "greater_than", 1)
RECENT = Bounds(lower=RelativeInstant(-1, "year"))


def opened(at_least):
    opens = Measure(Events("activities", ("open",)), "count", Integer(), within=RECENT)
    return Compare(opens, "greater_than_or_equal", at_least)


RULE = All((Any((NAMED, OLD)), Any((opened(1), opened(3))), Sequence("activities", (Step(("open",)),) * 2)))


@pytest.fixture
def evaluated(kit, random_index):
    index, instant = random_index

    def run(**options):
        return evaluate_index(kit.of(kit.one("s", RULE)), encode_index(index), instant, **options)

    return run


def test_every_leaf_has_a_line_of_its_own(evaluated):
    ticks = count()
    profile = Profile(clock=lambda: float(next(ticks)))
    evaluated(profile=profile)
    steps = {(cost.phase, cost.what.split(" in ")[0]) for cost in profile.costs}
    assert {"property", "events", "tally", "compare", "sequence", "segments"} <= {phase for phase, _ in steps}
    assert [cost.what for cost in profile.costs if cost.phase == "events"] == ["activities: open"]
    assert sum(cost.phase == "compare" for cost in profile.costs) == 2
    assert sum(cost.phase == "property" for cost in profile.costs) == 3
    assert all(cost.seconds > 0 for cost in profile.costs)
    assert all(cost.rows > 0 and cost.bytes > 0 for cost in profile.costs if cost.phase == "events")


def test_costs_are_summed_over_buckets(evaluated):
    whole, parts = Profile(), Profile()
    evaluated(profile=whole)
    evaluated(profile=parts, bucket_size=7)
    assert [(cost.phase, cost.what, cost.rows) for cost in whole.costs] == [
        (cost.phase, cost.what, cost.rows) for cost in parts.costs
    ]


def test_a_profile_changes_no_member(evaluated):
    assert evaluated(profile=Profile()).keys("s") == evaluated().keys("s")


class Limit:
    """Notes what it was asked about."""

    def __init__(self):
        self.asked = []

    def check(self, doing):
        self.asked.append(doing)


def test_memory_is_checked_after_every_step(evaluated):
    limit = Limit()
    evaluated(memory=limit)
    assert {"events: activities: open", "segments: all levels"} <= set(limit.asked)
