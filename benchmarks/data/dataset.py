"""Where the rows of one size lie: the project's own lake, and plain Parquet for everyone else."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from segmentation_pipeline.catalog.reading import load_catalog

if TYPE_CHECKING:
    from segmentation_pipeline.catalog.model import Catalog

AS_OF = dt.datetime(2026, 11, 1, tzinfo=dt.UTC)
"""The instant every run evaluates at; the last event lies just before it."""
CATALOG = Path(__file__).with_name("catalog.yaml")
DEFAULT_FOLDER = Path(".benchmarks")


@dataclass(frozen=True, slots=True)
class Dataset:
    """The rows of one seed and size, in two forms.

    ``plain`` has what peers read. ``contacts/*.parquet``, sorted by ``object_index``: object_index
    Int32, the fields of `catalog.yaml`, decimals as decimal(18, scale), instants as timestamps in
    µs without a zone (they are UTC), ``tags`` as a list of text. ``activities/<YYYY-MM>.parquet``,
    sorted by ``occurred_at``: object_index Int32, activity_type text and the fields of the types,
    null where a type has none of it. No two events share an instant, so time alone orders them.
    """

    folder: Path
    contacts: int
    events: int

    @property
    def lake(self) -> Path:
        """The project's own tables: ``contacts``, ``activities``, the index built from them."""
        return self.folder / "lake"

    @property
    def plain_contacts(self) -> Path:
        return self.folder / "plain" / "contacts"

    @property
    def plain_activities(self) -> Path:
        return self.folder / "plain" / "activities"

    def definitions(self, segments: int) -> Path:
        """The folder of that many generated definitions, with their catalog."""
        return self.folder / "definitions" / str(segments)


def read_catalog() -> Catalog:
    return load_catalog(CATALOG, CATALOG.name)
