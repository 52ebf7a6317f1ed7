"""What a proposal does to today's members."""

from __future__ import annotations

import polars as pl
import pytest

from segmentation_pipeline.catalog.masking import MASK
from segmentation_pipeline.report.contents.simulation.outcome import outcome_of
from segmentation_pipeline.report.contents.simulation.report import simulation_report
from segmentation_pipeline.report.contents.simulation.summary import sentences
from segmentation_pipeline.report.renderings.markdown import markdown
from segmentation_pipeline.simulation import tables
from segmentation_pipeline.simulation.what_if.tables import CHANGES, CONFLICTS, SAMPLES, SEGMENTS

RUN = "sim-000001"
FLIP = {
    "segment_id": "vip",
    "before": "revenue is greater than 100",
    "held": False,
    "after": "revenue is greater than 50",
    "holds": True,
    "value": "80",
    "cause": None,
}


@pytest.fixture
def proposal(week):
    """Two segments that move, by country, with one example and one new conflict."""
    segments = [
        (RUN, "vip", "changed", [], 10, 13, 5, 2, 8, 70.0, None),
        (RUN, "buyers", "through", ["vip"], 4, 4, 0, 0, 4, 0.0, None),
        (RUN, "lost", "broken", [], 3, None, 0, 0, 0, None, "unknown field `x`"),
    ]
    changes = [
        (RUN, "vip", "entered", None, None, 5),
        (RUN, "vip", "exited", None, None, 2),
        (RUN, "vip", "retained", None, None, 8),
        (RUN, "vip", "entered", "country", "de", 4),
        (RUN, "vip", "entered", "country", None, 1),
        (RUN, "vip", "exited", "country", "de", 2),
        (RUN, "vip", "retained", "country", "fr", 8),
    ]
    samples = [(RUN, "vip", "entered", "contact", 7, "c-7", [FLIP])]
    conflicts = [
        (RUN, "new", "relation", ["vip", "buyers"], None, "disjoint", "overlap", 0, 3, "disjoint → overlap")
    ]
    rows = ((SEGMENTS, segments), (CHANGES, changes), (SAMPLES, samples), (CONFLICTS, conflicts))
    frames = {table.name: pl.DataFrame(values, schema=table.schema, orient="row") for table, values in rows}
    runs = week[tables.RUNS.name].with_columns(pl.lit("what_if").alias("mode"))
    return {tables.RUNS.name: runs, **frames}


def parts(frames):
    (section,) = [one for one in simulation_report(frames).sections if one.title == "What would change"]
    return list(section.parts)


def test_the_sentences_name_what_moves_most(proposal):
    said = sentences(outcome_of(proposal))
    assert said[:2] == ("`vip` gains 5, loses 2 and keeps 8.", "It makes 1 conflict and resolves 0.")


def test_segments_that_move_come_first(proposal):
    table = parts(proposal)[0]
    assert table.rows[0] == ("vip", "changed", 10, 13, 5, 2, 8, 0.7)
    assert [row[1] for row in table.rows[1:]] == ["through vip", "broken: unknown field `x`"]


def test_attributes_are_side_by_side(proposal):
    table = parts(proposal)[1]
    assert table.caption == "by country"
    assert table.rows == (("vip", "de", 4, 2, 0), ("vip", None, 1, 0, 0))


def test_an_example_says_what_flipped(proposal):
    table = parts(proposal)[2]
    flipped = "before: revenue is greater than 100 is not true; then: revenue is greater than 50 is true"
    assert table.rows == (("vip", "c-7", "entered", f"{flipped} (it is 80)"),)


def test_nobody_is_named_where_keys_are_personal(proposal):
    text = markdown(simulation_report(proposal, named=False))
    assert "c-7" not in text
    assert f"| vip | {MASK} | entered |" in text


def test_conflicts_are_listed(proposal):
    assert parts(proposal)[3].rows == (("new", "relation", "vip, buyers", 0, 3, "disjoint → overlap"),)
