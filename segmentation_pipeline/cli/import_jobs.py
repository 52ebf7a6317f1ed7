"""The last imports, and how one that was interrupted goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.markup import escape

from segmentation_pipeline.cli.output import print_table, say

if TYPE_CHECKING:
    from segmentation_pipeline.lake.store import DeltaStore

SHOWN = 5
COLUMNS = ("job", "table", "files", "status", "read", "landed", "rejected", "batches", "finished_at")
_UNDER_WAY = ("pending", "validating", "processing")


def last_imports(store: DeltaStore) -> dict[str, dict[str, Any]]:
    """Return, by table, when its last import ended and how."""
    from segmentation_pipeline.ingest.records import IMPORT_JOBS

    if not store.exists(IMPORT_JOBS.name):
        return {}
    jobs = store.scan(IMPORT_JOBS.name).sort("job").group_by("table", maintain_order=True).last().collect()
    return {
        job["table"]: {"last_import": job["finished_at"], "import_status": job["status"]}
        for job in jobs.iter_rows(named=True)
    }


def recent_imports(store: DeltaStore) -> list[dict[str, Any]]:
    """Return the last imports, newest first, and older ones that were interrupted and not made good.

    ``resume`` is the command that goes on, of those that were interrupted.
    """
    from segmentation_pipeline.ingest.records import IMPORT_JOBS

    if not store.exists(IMPORT_JOBS.name):
        return []
    jobs = store.scan(IMPORT_JOBS.name).sort("job", descending=True).collect().to_dicts()
    found: list[dict[str, Any]] = []
    later: set[str] = set()
    for number, job in enumerate(jobs):
        is_open = (job["error"] is not None or job["status"] in _UNDER_WAY) and job["table"] not in later
        if number < SHOWN or is_open:
            shown = {name: job[name] for name in (*COLUMNS, "error")}
            found.append({**shown, "resume": _command(job) if is_open else None})
        later.add(job["table"])
    return found


def print_imports(imports: list[dict[str, Any]]) -> None:
    if not imports:
        return
    say("\n[bold]last imports[/]")
    print_table(imports, COLUMNS)
    for job in imports:
        if job["error"] is not None:
            say(f"[yellow]{job['job']}[/]: {escape(job['error'].splitlines()[0])}")
        if job["resume"] is not None:
            waits = (
                "interrupted, unless it is still at work" if job["status"] in _UNDER_WAY else "interrupted"
            )
            say(f"[yellow]{job['job']}[/] was {waits}; to go on: [bold]{escape(job['resume'])}[/]")


def _command(job: dict[str, Any]) -> str:
    if job.get("source") is not None:
        return f"segmentation import {job['table']}"
    files = " ".join(f"'{name}'" if " " in name else name for name in job["files"])
    return (
        f"segmentation import {job['table']} {files} --resume {job['job']} (and its --mapping, if it had one)"
    )
