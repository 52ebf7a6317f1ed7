"""Masks and ids: positions are `object_index`, holes and all."""

from __future__ import annotations

import datetime as dt

import polars as pl
import pytest

from segmentation_pipeline.catalog.types import Integer
from segmentation_pipeline.evaluation.evaluate import evaluate_index
from segmentation_pipeline.evaluation.positions import Bucket, as_ids, as_mask
from segmentation_pipeline.index.build import build_index, encode_index
from segmentation_pipeline.rules.tree import Compare, Events, Everyone, Field, InSegment, Measure, Not

AS_OF = dt.datetime(2026, 3, 31, 12, tzinfo=dt.UTC)
NEVER_BOUGHT = Compare(Measure(Events("activities", ("purchase",)), "count", Integer()), "equals", 0)
NO_AGE = Compare(Field(("age",), Integer()), "is_empty")


@pytest.fixture(params=["plain", "coded"])
def index(kit, request):
    """Four contacts with holes between their numbers."""
    frames = kit.empty_frames()
    contacts = {"object_index": [1, 2, 6, 9], "contact_id": ["a", "b", "c", "d"], "age": [1, None, 3, None]}
    frames["contacts"] = pl.DataFrame(contacts).match_to_schema(
        frames["contacts"].schema, missing_columns="insert", integer_cast="upcast"
    )
    built = build_index(kit.catalog, {name: frame.lazy() for name, frame in frames.items()})
    return built if request.param == "plain" else encode_index(built)


@pytest.mark.parametrize("size", [1, 3, 8, 100])
def test_a_number_that_no_object_has_is_in_no_segment(kit, index, size):
    definitions = kit.of(
        kit.one("all", Everyone()),
        kit.one("idle", NEVER_BOUGHT),
        kit.one("ageless", NO_AGE),
        kit.one("nobody", Not(Everyone())),
    )
    found = evaluate_index(definitions, index, AS_OF, bucket_size=size)
    assert {name: ids.to_list() for name, ids in found.members.items()} == {
        "all": [1, 2, 6, 9], "idle": [1, 2, 6, 9], "ageless": [2, 9], "nobody": [],
    }  # fmt: skip
    assert {(mask.dtype, len(mask)) for mask in found.masks.values()} == {(pl.Boolean, 10)}


def test_published_members_that_are_gone_are_in_no_segment(kit, index):
    definitions = kit.of(kit.one("old", Everyone()), kit.one("new", InSegment("old")))
    published = {"old": pl.Series([1, 3, 9, 70_000], dtype=pl.Int64)}
    found = evaluate_index(definitions, index, AS_OF, only={"new"}, published=published)
    assert found.members["new"].to_list() == [1, 9]
    assert list(found.members) == ["new"]


def test_ids_and_masks_are_the_same(kit):
    ids = pl.Series("object_index", [0, 4, 5], dtype=pl.Int64)
    mask = as_mask(ids, 7)
    assert mask.to_list() == [True, False, False, False, True, True, False]
    assert as_ids(mask).equals(ids, check_names=True)
    assert Bucket(4, 6).mask(ids).to_list() == [True, True]
    assert Bucket(1, 4).mask(ids).to_list() == [False] * 3
