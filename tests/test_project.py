"""What a notebook sees of a project."""

from __future__ import annotations

from pathlib import Path

import pytest

import segmentation_pipeline as sp
from segmentation_pipeline.errors import UsageError

ROOT = Path(__file__).parents[1]


def test_segments_describe_themselves() -> None:
    assert "embeds" not in sp.open(ROOT).segments["vip"].describe()
    assert sp.open(ROOT).segments["vip"].describe()


def test_an_unknown_segment_is_refused_with_the_nearest_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SEGMENTATION_LAKE", str(tmp_path))
    with pytest.raises(UsageError, match="did you mean `vip`"):
        sp.open(ROOT).members("vipp")
