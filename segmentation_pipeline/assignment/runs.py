"""What is known of the days that were decided: the record in each commit, and the table that follows it.

The commit of `contact_assignments` is the decision: it holds the day's rows and says of what they were
made. `contact_assignment_runs` follows; a process killed between the two is made up for by the next one.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from typing import TYPE_CHECKING, Any

import polars as pl
from pydantic import BaseModel, ConfigDict

from segmentation_pipeline.assignment.reasons import CLAIMS
from segmentation_pipeline.assignment.tables import ASSIGNMENTS, DAY, RUNS
from segmentation_pipeline.errors import LakeError
from segmentation_pipeline.lake.commit import Commit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from segmentation_pipeline.lake.store import DeltaStore

RECORD = "contact_assignment"
_APP = ASSIGNMENTS.name


class AssignmentRun(BaseModel):
    """One decision of a day: of what it was made, and how many contacts have which decision.

    ``attempt`` counts the decisions of the day from 1. ``inputs`` are versions by table, ``counts`` the
    contacts by segment and decision; ``contacts`` are members of any segment that delivers.
    """

    model_config = ConfigDict(frozen=True)

    day: dt.date
    attempt: int
    policy: str
    time_zone: str
    segments_run_id: str
    segments_as_of: dt.datetime
    policy_hash: str
    definitions_hash: str
    inputs: dict[str, int]
    inputs_hash: str
    contacts: int
    counts: dict[str, dict[str, int]] = {}
    decided_at: dt.datetime

    @property
    def run_id(self) -> str:
        return f"assign-{self.day}.{self.attempt}"

    @property
    def totals(self) -> dict[str, int]:
        """How many (contact, segment) have each decision."""
        found: dict[str, int] = {}
        for counted in self.counts.values():
            for decision, contacts in counted.items():
                found[decision] = found.get(decision, 0) + contacts
        return found

    @property
    def claims(self) -> int:
        return sum(self.totals.get(reason, 0) for reason in CLAIMS)

    @property
    def won(self) -> int:
        return self.totals.get("won", 0)

    def commit(self) -> Commit:
        return Commit({"run_id": self.run_id, RECORD: self.model_dump_json()})

    def row(self) -> dict[str, Any]:
        """Return the row of `RUNS`."""
        said = self.model_dump()
        said["inputs"] = [{"table": table, "version": at} for table, at in sorted(self.inputs.items())]
        said["counts"] = [
            {"segment_id": name, "decision": decision, "contacts": contacts}
            for name, counted in self.counts.items()
            for decision, contacts in counted.items()
        ]
        return {**said, "run_id": self.run_id, "claims": self.claims, "won": self.won}

    @classmethod
    def of(cls, row: dict[str, Any]) -> AssignmentRun:
        """Return the run of a row."""
        counts: dict[str, dict[str, int]] = {}
        for one in row["counts"]:
            counts.setdefault(one["segment_id"], {})[one["decision"]] = one["contacts"]
        inputs = {one["table"]: one["version"] for one in row["inputs"]}
        return cls.model_validate({**row, "inputs": inputs, "counts": counts})


def follow_runs(store: DeltaStore) -> None:
    """Bring the table of runs up to the decisions. Needs the lake's lock."""
    if not store.exists(_APP):
        return
    latest, followed = store.version(_APP), store.transaction(RUNS.name, _APP)
    if followed == latest:
        return
    rows: dict[dt.date, dict[str, Any]] = {}
    # A table that was made anew counts its versions anew.
    for run in _records(store, latest, followed if followed is not None and followed < latest else -1):
        rows.setdefault(run.day, run.row())
    frame = pl.DataFrame(list(rows.values()), schema=RUNS.schema, orient="row")
    store.merge(RUNS, frame, (DAY,), Commit(transaction=(_APP, latest)))


def read_runs(store: DeltaStore) -> list[AssignmentRun]:
    """Return the last decision of every day, by day; call `follow_runs` before."""
    if not store.exists(RUNS.name):
        return []
    return [AssignmentRun.of(row) for row in store.scan(RUNS.name).sort(DAY).collect().to_dicts()]


def last_day(store: DeltaStore, runs: list[AssignmentRun]) -> dt.date | None:
    """Return the last day that was decided: as the runs say, or the rows where those were lost."""
    days = [run.day for run in runs[-1:]]
    if store.exists(_APP):
        last = store.scan(_APP).select(pl.col(DAY).max()).collect().item()
        days += [] if last is None else [last]
    return max(days, default=None)


def runs_hash(runs: list[AssignmentRun]) -> str:
    """Return what tells one series of decisions from another."""
    said = json.dumps([(run.run_id, run.inputs_hash) for run in runs])
    return hashlib.sha256(said.encode()).hexdigest()


def _records(store: DeltaStore, latest: int, followed: int) -> Iterator[AssignmentRun]:
    """Yield the decisions after the version followed to, the latest first, as far as the log remembers."""
    for version in range(latest, followed, -1):
        try:
            said = store.commit_metadata(_APP, version).get(RECORD)
        except LakeError:
            return
        if said is not None:
            yield AssignmentRun.model_validate_json(said)
