"""The inbox: a sensor that asks for a run a new file, and the job that imports one. Off until turned on."""

from __future__ import annotations

import datetime as dt
import json
import os
from typing import TYPE_CHECKING

import dagster as dg

from segmentation_pipeline.catalog.reading import load_catalog
from segmentation_pipeline.components.lake import POOL, LakeResource, told_plainly
from segmentation_pipeline.components.source_tables import changed_tables, said, tell
from segmentation_pipeline.errors import ImportFailed, SegmentationError, UsageError
from segmentation_pipeline.ingest.origins.inbox import dropped_files, import_dropped, imported_states
from segmentation_pipeline.lake.store import DeltaStore
from segmentation_pipeline.workspace import find_workspace

if TYPE_CHECKING:
    from pathlib import Path

    from segmentation_pipeline.components.blueprint import Blueprint
    from segmentation_pipeline.ingest.origins.inbox import Dropped
    from segmentation_pipeline.workspace import Workspace

JOB = "import_inbox"
SENSOR = "inbox_sensor"
_SECONDS = 30
_SEEN, _ASKED = "seen", "asked"


def build_inbox(blueprint: Blueprint, project: Path, workspace_id: str | None) -> dg.Definitions:
    """Return the sensor and its job; nothing for a workspace without an inbox."""
    if blueprint.workspace.inbox is None:
        return dg.Definitions()
    return dg.Definitions(jobs=[_job()], sensors=[_sensor(project, workspace_id)])


def _sensor(project: Path, workspace_id: str | None) -> dg.SensorDefinition:
    @dg.sensor(
        job_name=JOB,
        name=SENSOR,
        minimum_interval_seconds=_SECONDS,
        default_status=dg.DefaultSensorStatus.STOPPED,
        description="Asks for the import of every file that is new or changed and no longer being written.",
    )
    def watch_inbox(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        try:
            workspace = find_workspace(project, workspace_id, env=os.environ)
            if workspace.refusal is not None:
                return dg.SkipReason(workspace.refusal)
            return _looked(workspace, context.cursor)
        except SegmentationError as error:
            return dg.SkipReason(str(error))

    return watch_inbox


def _looked(workspace: Workspace, cursor: str | None) -> dg.SensorResult | dg.SkipReason:
    """Ask for files that are as they were at the last look; remember the others for the next one.

    The cursor has each file's size and time of change, and whether it was asked for: a file is imported
    once, however long its run waits, and again when it changes.
    """
    if workspace.inbox is None or not workspace.inbox.is_dir():
        return dg.SkipReason(f"there is no folder {workspace.inbox}")
    before: dict[str, list[str]] = json.loads(cursor) if cursor else {}
    there = imported_states(DeltaStore(workspace.lake, workspace.storage_options))
    after: dict[str, list[str]] = {}
    wanted = []
    for file in dropped_files(workspace.inbox):
        known = before.get(file.name)
        asked = [file.state, _ASKED]
        if there.get(file.name) == file.state or known == asked:
            after[file.name] = asked
        elif known == [file.state, _SEEN]:
            after[file.name] = asked
            wanted.append(_request(file))
        else:
            after[file.name] = [file.state, _SEEN]
    waiting = sum(state[1] == _SEEN for state in after.values())
    reason = f"{waiting} files may still be written" if waiting else "nothing is new in the inbox"
    return dg.SensorResult(
        run_requests=wanted, skip_reason=None if wanted else reason, cursor=json.dumps(after)
    )


def _request(file: Dropped) -> dg.RunRequest:
    return dg.RunRequest(
        run_key=f"{file.name}: {file.state}",
        run_config={"ops": {"import_file": {"config": {"file": file.name}}}},
        tags={"inbox/file": file.name[-63:]},
    )


def _job() -> dg.JobDefinition:
    @dg.op(
        pool=POOL,
        config_schema={"file": dg.Field(str, description="Its path below the inbox.")},
        description="Imports one file of the inbox into the table its folder names.",
    )
    def import_file(lake: LakeResource) -> None:
        context = dg.OpExecutionContext.get()
        with told_plainly():
            _import(context, lake, context.op_config["file"])

    @dg.job(name=JOB, description="Import one file of the inbox.")
    def import_inbox() -> None:
        import_file()

    return import_inbox


def _import(context: dg.OpExecutionContext, lake: LakeResource, name: str) -> None:
    workspace, store = lake.open()
    inbox = workspace.inbox
    if inbox is None:
        raise UsageError(f"workspace `{workspace.id}` has no inbox")
    file = next((file for file in dropped_files(inbox) if file.name == name), None)
    if file is None:
        raise ImportFailed("there is no such file", where=f"inbox/{name}")
    catalog = load_catalog(workspace.catalog_file)
    before = store.snapshot(catalog.table_names()).versions
    job = import_dropped(
        store,
        catalog,
        file,
        inbox=inbox,
        mappings=workspace.mappings_folder,
        time_zone=workspace.time_zone,
        now=lambda: dt.datetime.now(dt.UTC),
        wait_seconds=lake.wait_seconds,
        progress=said(context.log),
    )
    tell(context.log, file.source, job)
    for written in changed_tables(store, catalog, before):
        context.log_event(written)
    if job.status == "failed":
        hint = f"their reasons stand in import_records, job {job.job}"
        raise ImportFailed("every row was rejected", where=file.source, hint=hint)
