"""The compiler and the interpreter share no code and never differ, on random rules over random rows.

``SEGMENTATION_EXAMPLES`` sets how many worlds are tried (default: a quick number).
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from segmentation_pipeline.evaluation.evaluate import evaluate, evaluate_index
from segmentation_pipeline.index.build import build_index, encode_index
from segmentation_pipeline.rules.english import describe
from segmentation_pipeline.rules.interpret import examine_segment
from segmentation_pipeline.segments.worlds import gather_world

EXAMPLES = int(os.environ.get("SEGMENTATION_EXAMPLES", "50"))
QUIETLY = settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
)


def judged(definitions, world):
    """The members of each segment by the interpreter, embedded ones before those that embed them."""
    found = {}
    for name, segment in definitions.segments.items():
        keys = sorted(world.rows[segment.object])
        found[name] = [key for key in keys if examine_segment(segment, key, world).member]
        world.memberships[name] = set(found[name])
    return found


def differences(definitions, evaluation, members):
    assert not evaluation.failed
    return {
        name: (describe(segment), "compiled", evaluation.keys(name), "interpreted", members[name])
        for name, segment in definitions.segments.items()
        if evaluation.keys(name) != members[name]
    }


@QUIETLY
@given(data=st.data())
def test_on_the_rows_as_imported_and_as_the_lake_codes_them(kit, data):
    rows = data.draw(kit.rows, label="rows")
    definitions = data.draw(kit.definitions(rows.as_of), label="definitions")
    plain = build_index(kit.catalog, {name: f.lazy() for name, f in rows.frames(kit.catalog).items()})
    members = judged(definitions, rows.world(kit.catalog, {}, definitions.week_starts))
    for index in (plain, encode_index(plain)):
        evaluation = evaluate_index(definitions, index, rows.instant)
        assert differences(definitions, evaluation, members) == {}


@settings(QUIETLY, max_examples=max(EXAMPLES // 4, 20))
@given(data=st.data())
def test_on_the_rows_of_the_index(kit, data):
    rows = data.draw(kit.rows, label="rows")
    definitions = data.draw(kit.definitions(rows.as_of), label="definitions")
    evaluation = evaluate(definitions, rows.frames(kit.catalog), rows.instant)
    members = {}
    for kind in ("contact", "company"):
        world = gather_world(evaluation, rows.instant, kind, None)
        for name, segment in definitions.segments.items():
            if segment.object == kind:
                keys = sorted(world.rows[kind])
                members[name] = [key for key in keys if examine_segment(segment, key, world).member]
    assert differences(definitions, evaluation, members) == {}
