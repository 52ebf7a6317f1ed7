"""The drawing of a segment between what it reads and who reads it."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from segmentation_pipeline.site.lineage import BOX_HEIGHT, BOX_WIDTH, lineage

NAMES = st.lists(st.text(min_size=1, max_size=60), max_size=12).map(
    lambda names: [(it, None) for it in names]
)


@given(NAMES, NAMES)
def test_every_box_is_inside_and_none_lies_on_another(reads, readers):
    drawn = lineage("middle", reads, readers)
    boxes = drawn.boxes
    assert len(boxes) == len(reads) + 1 + len(readers)
    for box in boxes:
        assert 0 <= box.x <= drawn.width - BOX_WIDTH
        assert 0 < box.y < box.y + BOX_HEIGHT < drawn.height
    places = sorted((box.x, box.y) for box in boxes)
    for (x, y), (right, below) in pairwise(places):
        assert right >= x + BOX_WIDTH or below >= y + BOX_HEIGHT


@given(NAMES, NAMES)
def test_an_arrow_joins_each_neighbour_with_the_middle(reads, readers):
    drawn = lineage("middle", reads, readers)
    starts = [path.split()[0] for path in drawn.arrows]
    assert starts == [
        *(f"M{box.x + BOX_WIDTH}" for box in drawn.left),
        *(f"M{drawn.centre.x + BOX_WIDTH}" for _ in drawn.right),
    ]


def test_a_long_name_is_cut_where_it_is_drawn():
    (box,) = lineage("middle", [("n" * 40, "n.html")], []).left
    assert len(box.short) == 25
    assert box.short.endswith("…")
    assert box.name == "n" * 40
