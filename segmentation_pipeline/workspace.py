"""Workspaces: one tenant each, with its own definitions, its own lake and its own time zone.

``segmentation.toml`` lists them; ``SEGMENTATION_<SETTING>`` in the environment overrides a setting.
"""

from __future__ import annotations

import datetime as dt
import os
import re
import tomllib
import zoneinfo
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from segmentation_pipeline.diagnostics import did_you_mean
from segmentation_pipeline.errors import Forbidden, UsageError
from segmentation_pipeline.settings import WEEKDAYS, Settings, Status
from segmentation_pipeline.tenant import ALONE, PLACES, Tenant, hashes, refuse_shared, tenant_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic_core import ErrorDetails

SETTINGS_FILE = "segmentation.toml"
PREFIX = "SEGMENTATION_"
DEFAULT = "default"
_ID = re.compile(r"[a-z][a-z0-9_]*")
_INBOX = "data/inbox"
_LOCATIONS = (*PLACES, "storage_options")


@dataclass(frozen=True, slots=True)
class Workspace:
    """Everything that code serving one tenant may know about where and how it works.

    ``lake`` is an absolute path, or a URL such as ``s3://bucket/prefix`` with ``storage_options``.
    ``inbox`` is the folder into which files are dropped, inside the project: of the workspace `default`
    ``data/inbox``, of any other none until its settings name one.
    ``known_as`` are other names that rows may call it in `workspace_id`. ``week_starts`` counts as
    ``date.weekday()`` does: 0 is Monday. ``as_of`` is a fixed instant in UTC that stands in for the
    clock, or None. ``retention`` is how long import records are kept.
    ``memory_limit`` is in bytes, ``bucket_size`` how many objects are evaluated at once (None: as many
    as is usual).
    """

    id: str
    name: str
    project: Path
    definitions: Path
    lake: Path | str
    inbox: Path | None = None
    time_zone: str = "UTC"
    week_starts: int = 0
    status: Status = "active"
    known_as: tuple[str, ...] = ()
    storage_options: Mapping[str, str] = field(default_factory=dict, repr=False)
    retention: dt.timedelta = dt.timedelta(days=90)
    max_scan_bytes: int | None = None
    memory_limit: int | None = None
    bucket_size: int | None = None
    run_timeout: dt.timedelta | None = None
    as_of: dt.datetime | None = None
    tenant: Tenant = ALONE

    @property
    def catalog_file(self) -> Path:
        return self.definitions / "catalog.yaml"

    @property
    def sources_file(self) -> Path:
        return self.definitions / "sources.yaml"

    @property
    def segments_folder(self) -> Path:
        return self.definitions / "segments"

    @property
    def mappings_folder(self) -> Path:
        return self.definitions / "mappings"

    @property
    def tests_folder(self) -> Path:
        return self.definitions / "tests"

    @property
    def refusal(self) -> str | None:
        """Why nothing may run in it, or None where it is active."""
        return None if self.status == "active" else f"workspace `{self.id}` is {self.status}"

    def foreign_links(self) -> list[Path]:
        """Return the links below the definitions that lead into another workspace."""
        links = (
            path
            for place, folders, files in os.walk(self.definitions)
            for path in (Path(place) / name for name in (*folders, *files))
            if path.is_symlink()
        )
        return sorted(path for path in links if not self.tenant.foreign.isdisjoint(hashes(path.resolve())))

    def file_name(self, path: Path) -> str:
        """Return how messages call a file: relative to the project where it lies inside."""
        inside = path.is_relative_to(self.project)
        return path.relative_to(self.project).as_posix() if inside else str(path)

    def instant(self, text: str) -> dt.datetime:
        """Return the instant that ``text`` names, in UTC; without an offset, in the workspace's zone.

        A date is the first instant of that local day. Raises `UsageError` for anything else.
        """
        try:
            moment = dt.datetime.fromisoformat(text)
        except ValueError as error:
            raise UsageError(
                f"`{text}` is not an instant",
                allowed=[
                    "2026-06-30T00:00:00Z",
                    "2026-06-30T00:00:00 (the workspace's time zone)",
                    "2026-06-30",
                ],
            ) from error
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=zoneinfo.ZoneInfo(self.time_zone))
        return moment.astimezone(dt.UTC)


def open_workspace(project: Path, workspace_id: str | None = None, *, env: Mapping[str, str]) -> Workspace:
    """Return one active workspace of a project.

    Chosen as in `find_workspace`. Raises `UsageError` for settings that cannot be read and for an
    unknown workspace, `Forbidden` for one that is not active, or whose definitions lead into another's.
    """
    workspace = find_workspace(project, workspace_id, env=env)
    if workspace.refusal is not None:
        raise Forbidden(
            workspace.refusal,
            where=str(project / SETTINGS_FILE),
            hint='set `status = "active"` to work with it again',
        )
    if not workspace.definitions.is_dir():
        raise UsageError(
            "this is not a project: it has no folder of definitions",
            where=str(workspace.definitions),
            hint="name the project's folder with --project, or make one: segmentation init DIR",
        )
    for path in workspace.foreign_links():
        workspace.tenant.own(path)
    return workspace


def find_workspace(project: Path, workspace_id: str | None = None, *, env: Mapping[str, str]) -> Workspace:
    """Return one workspace of a project, active or not.

    Without an id it is ``SEGMENTATION_WORKSPACE``, the only one, or ``default``. Raises `UsageError`
    for settings that cannot be read and for an unknown workspace.
    """
    known = read_workspaces(project, env=env)
    wanted = workspace_id or env.get(f"{PREFIX}WORKSPACE")
    if wanted is None:
        wanted = next(iter(known)) if len(known) == 1 else DEFAULT
    if wanted not in known:
        raise UsageError(
            f"there is no workspace `{wanted}`",
            where=str(project / SETTINGS_FILE),
            allowed=list(known),
            hint=did_you_mean(wanted, known),
        )
    return known[wanted]


def read_workspaces(project: Path, *, env: Mapping[str, str]) -> dict[str, Workspace]:
    """Return every workspace the project lists, active or not; the default one if it lists none."""
    project = project.resolve()
    file = project / SETTINGS_FILE
    listed = _listed(file)
    overrides = _overrides(env, alone=len(listed) == 1)
    found = {
        name: _workspace(project, name, table | overrides, file=file, env=env)
        for name, table in listed.items()
    }
    refuse_shared(list(found.values()), file)
    return {
        name: replace(workspace, tenant=tenant_of(workspace, list(found.values())))
        for name, workspace in found.items()
    }


def _listed(file: Path) -> dict[str, dict[str, Any]]:
    try:
        document = tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {DEFAULT: {}}
    except (ValueError, RecursionError) as error:
        raise UsageError(f"the settings are not readable as TOML: {error}", where=str(file)) from error
    listed = document.pop("workspaces", None) or {DEFAULT: {}}
    if document:
        first = next(iter(document))
        raise UsageError(f"unknown key `{first}`", where=str(file), allowed=["[workspaces.<id>]"])
    if not isinstance(listed, dict) or not all(isinstance(table, dict) for table in listed.values()):
        raise UsageError(
            "`workspaces` must hold one table a workspace", where=str(file), allowed=["[workspaces.<id>]"]
        )
    for name in listed:
        if not _ID.fullmatch(name):
            raise UsageError(
                f"`{name}` is no workspace id", where=str(file), allowed=["a-z, 0-9 and _, a letter first"]
            )
    return listed


def _overrides(env: Mapping[str, str], *, alone: bool) -> dict[str, str]:
    """The settings in the environment. A place is refused where several workspaces would share it."""
    overrides = {
        name: env[variable]
        for name in Settings.model_fields
        if (variable := f"{PREFIX}{name.upper()}") in env
    }
    shared = [] if alone else [name for name in _LOCATIONS if name in overrides]
    if shared:
        raise UsageError(
            f"`{PREFIX}{shared[0].upper()}` would be shared by several workspaces",
            where="the environment",
            hint=f"write it into {SETTINGS_FILE}, a workspace at a time",
        )
    return overrides


def _workspace(
    project: Path, name: str, table: dict[str, Any], *, file: Path, env: Mapping[str, str]
) -> Workspace:
    try:
        settings = Settings.model_validate(table)
    except ValidationError as error:
        raise _unreadable(error.errors()[0], name, file, env) from error
    values = settings.model_dump()
    lake = values.pop("lake")
    inbox = settings.inbox or (_INBOX if name == DEFAULT else None)
    return Workspace(
        **values
        | {
            "id": name,
            "name": settings.name or name,
            "project": project,
            "definitions": (project / settings.definitions).resolve(),
            "lake": lake if "://" in lake else (project / lake).resolve(),
            "inbox": None if inbox is None else _inside(project, inbox, file, name),
            "week_starts": WEEKDAYS.index(settings.week_starts),
        }
    )


def _inside(project: Path, inbox: str, file: Path, name: str) -> Path:
    folder = (project / inbox).resolve()
    if not folder.is_relative_to(project) or folder == project:
        raise UsageError(
            f"`inbox`: `{inbox}` does not lie inside the project",
            where=f"{file}, [workspaces.{name}]",
            hint=f"name a folder below it, such as `{_INBOX}/{name}`",
        )
    return folder


def _unreadable(item: ErrorDetails, name: str, file: Path, env: Mapping[str, str]) -> UsageError:
    key = str(item["loc"][0])
    variable = f"{PREFIX}{key.upper()}"
    where = f"the environment, {variable}" if variable in env else f"{file}, [workspaces.{name}]"
    if item["type"] == "extra_forbidden":
        known = list(Settings.model_fields)
        return UsageError(
            f"unknown setting `{key}`", where=where, allowed=known, hint=did_you_mean(key, known)
        )
    allowed = list(Settings.choices(key)) or None
    message = item["msg"].removeprefix("Value error, ")
    return UsageError(f"`{key}`: {message}, not {item['input']!r}", where=where, allowed=allowed)
