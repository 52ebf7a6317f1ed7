"""One query a segment, on plain rows and on the index, finds the members that the engine finds."""

from __future__ import annotations

import polars as pl
import pytest

from benchmarks.data.dataset import AS_OF
from benchmarks.data.generate import dataset
from benchmarks.data.segments import write_definitions
from benchmarks.engines import naive
from benchmarks.naive.coded_layout import CodedLayout
from benchmarks.naive.query import segment_query
from segmentation_pipeline.evaluation.evaluate import evaluate
from segmentation_pipeline.index.build import build_index, encode_index
from segmentation_pipeline.lake.store import DeltaStore
from segmentation_pipeline.rules.clock import Clock, to_micros

CLOCK = Clock(to_micros(AS_OF), "UTC")


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return dataset(tmp_path_factory.mktemp("data"), 1500, 30_000, seed=11)


@pytest.fixture(scope="module")
def definitions(tmp_path_factory):
    return write_definitions(tmp_path_factory.mktemp("definitions") / "d", 120, seed=11)


@pytest.fixture(scope="module")
def frames(data):
    store = DeltaStore(data.lake)
    return {name: store.scan(name) for name in ("contacts", "activities")}


@pytest.fixture(scope="module")
def members(definitions, frames):
    evaluation = evaluate(definitions, frames, AS_OF)
    assert evaluation.failed == {}
    return {name: ids.to_list() for name, ids in evaluation.members.items()}


def found(definitions, layout):
    """The members by one query a segment, embedded ones as found before."""
    ids: dict[str, pl.DataFrame] = {}
    for name, segment in definitions.segments.items():
        query = segment_query(segment, layout, CLOCK, lambda other: ids[other].lazy())
        ids[name] = query.collect()
    return {name: frame["object_index"].cast(pl.Int64).sort().to_list() for name, frame in ids.items()}


def test_on_plain_rows(data, definitions, members, tmp_path):
    naive.run(data, definitions, AS_OF, tmp_path, tmp_path)
    tallies = naive.tally(definitions, tmp_path, tmp_path)
    assert {name: tuple(tally) for name, tally in tallies.items()} == {
        name: (len(ids), sum(ids)) for name, ids in members.items()
    }


def test_on_the_index_as_it_is_stored(definitions, frames, members):
    index = encode_index(build_index(definitions.catalog, frames))
    layout = CodedLayout(index.stored("contact"), index.stored("activities"), CLOCK)
    assert found(definitions, layout) == members


def test_on_an_index_without_codes(definitions, frames, members):
    index = build_index(definitions.catalog, frames)
    layout = CodedLayout(index.stored("contact"), index.stored("activities"), CLOCK)
    assert found(definitions, layout) == members


def test_the_definitions_find_some_and_not_all(definitions, members):
    sizes = [len(members[name]) for name in definitions.segments]
    assert sum(0 < size < 1500 for size in sizes) > len(sizes) * 0.6
