"""The table of dictionaries: what the codes and bits of the stored index stand for.

A part names the version of this table that its codes were made with. Dictionaries are committed
first, so a run killed between the two commits leaves the part with the version it knows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from segmentation_pipeline.errors import LakeError
from segmentation_pipeline.index.coding import Bits, Codes, Units
from segmentation_pipeline.index.encoding import bits
from segmentation_pipeline.lake.commit import Commit
from segmentation_pipeline.lake.tables import Table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from segmentation_pipeline.index.coding import Coding
    from segmentation_pipeline.lake.store import DeltaStore

    Shape = tuple[str, int]

DICTIONARIES = Table(
    "dictionaries",
    pl.Schema({"part": pl.String(), "column": pl.String(), "code": pl.Int32(), "value": pl.String()}),
    ("part",),
    "which text a code of the index stands for; of a list, code 1 is the first bit",
    {
        "part": "table of the index",
        "code": "from 1; the part's own commit names the version it was made with",
    },
)


def shapes(codings: Mapping[str, Coding]) -> dict[str, Shape]:
    """Return what is to be known of codings beside their values."""
    return {name: _shape(coding) for name, coding in codings.items()}


def save_values(store: DeltaStore, part: str, codings: Mapping[str, Coding]) -> int | None:
    """Write the dictionaries of a part; return the version that has them, None where it has none."""
    frames = [
        pl.DataFrame(
            {
                "part": [part] * len(coding.values),
                "column": [name] * len(coding.values),
                "code": pl.Series(range(1, len(coding.values) + 1), dtype=pl.Int32),
                "value": coding.values,
            },
            schema=DICTIONARIES.schema,
        )
        for name, coding in codings.items()
        if not isinstance(coding, Units)
    ]
    if not frames:
        return None
    return store.replace_where(DICTIONARIES, pl.concat(frames), "part", [part], Commit({"of": part}))


def load_codings(
    store: DeltaStore, part: str, stored: Mapping[str, Shape], version: int | None
) -> dict[str, Coding]:
    """Return the codings of a part as they were at a version of the dictionaries.

    Raises `LakeError` for a version that is gone, or has other dictionaries.
    """
    values: dict[str, pl.Series] = {}
    if version is not None:
        rows = store.scan(DICTIONARIES.name, version).filter(pl.col("part") == part).collect()
        for (name,), group in rows.sort("column", "code").group_by("column", maintain_order=True):
            values[str(name)] = group["value"]
    nothing = pl.Series(dtype=pl.String)
    return {name: _coding(part, shape, values.get(name, nothing)) for name, shape in stored.items()}


def _shape(coding: Coding) -> Shape:
    match coding:
        case Codes(values):
            return ("codes", len(values))
        case Bits(values, _):
            return ("bits", len(values))
        case Units(scale):
            return ("units", scale)


def _coding(part: str, shape: Shape, values: pl.Series) -> Coding:
    kind, size = shape
    if kind == "units":
        return Units(size)
    if len(values) != size:
        raise LakeError("the dictionary is not the one that the index was made with", where=part)
    return Codes(values) if kind == "codes" else bits(values)
