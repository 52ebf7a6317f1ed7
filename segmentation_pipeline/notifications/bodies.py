"""The body of a delivery: what the run published, with the keys as they are now."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import polars as pl

from segmentation_pipeline.catalog.contracts import OBJECT_INDEX
from segmentation_pipeline.notifications.posting import CHANGES
from segmentation_pipeline.segments.keyed_members import KEY
from segmentation_pipeline.segments.published import SEGMENT
from segmentation_pipeline.segments.tables import TRANSITIONS

if TYPE_CHECKING:
    import datetime as dt

    from segmentation_pipeline.catalog.model import Catalog
    from segmentation_pipeline.lake.store import DeltaStore


class Bodies:
    """Writes bodies one after the other; those of one segment, run and change share one look at the lake."""

    def __init__(self, store: DeltaStore, catalog: Catalog, workspace: str) -> None:
        self._store = store
        self._catalog = catalog
        self._workspace = workspace
        self._held: tuple[tuple[str, str, str], pl.DataFrame] | None = None

    def body(self, delivery: dict[str, Any]) -> bytes:
        """Return the JSON of a row of the outbox: the same at every attempt, but for who was erased since."""
        said: dict[str, Any] = {
            "delivery": delivery["delivery_id"],
            "event": delivery["kind"],
            "workspace": self._workspace,
            "run": delivery["run_id"],
            "as_of": _instant(delivery["as_of"]),
        }
        if delivery["kind"] == "run_finished":
            said["segments"] = json.loads(delivery["summary"])
        else:
            moved = self._moved(
                delivery["run_id"], delivery["segment_id"], delivery["kind"], delivery["object"]
            )
            mine = pl.col(OBJECT_INDEX).is_between(delivery["first_object"], delivery["last_object"])
            said["segment"] = delivery["segment_id"]
            said["object"] = delivery["object"]
            said["keys"] = moved.filter(mine).get_column(KEY).to_list()
        return json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode()

    def _moved(self, run: str, segment: str, kind: Any, of: str) -> pl.DataFrame:
        """Return index and key of who moved, ascending; who has no key any more is left out."""
        wanted = (run, segment, kind)
        if self._held is None or self._held[0] != wanted:
            rows = self._store.scan(TRANSITIONS.name).filter(
                (pl.col("run_id") == run) & (pl.col(SEGMENT) == segment) & (pl.col("change") == CHANGES[kind])
            )
            # The table, not its index: who was erased a moment ago must not be told of.
            kind = self._catalog.objects[of]
            known = self._store.scan(kind.table).select(
                OBJECT_INDEX, pl.col(kind.key).cast(pl.String).alias(KEY)
            )
            found = rows.select(OBJECT_INDEX).join(known, on=OBJECT_INDEX).sort(OBJECT_INDEX).collect()
            self._held = (wanted, found)
        return self._held[1]


def _instant(at: dt.datetime) -> str:
    return at.isoformat(timespec="microseconds" if at.microsecond else "seconds").replace("+00:00", "Z")
