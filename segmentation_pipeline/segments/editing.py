"""Edits of definition files that keep comments and layout, checked before anything is written."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from segmentation_pipeline.diagnostics import did_you_mean
from segmentation_pipeline.documents import read_documents
from segmentation_pipeline.errors import DefinitionError, Forbidden, UsageError
from segmentation_pipeline.rules.definition import Setting
from segmentation_pipeline.rules.definitions import read_local
from segmentation_pipeline.segments.file_changes import FileChanges
from segmentation_pipeline.segments.references import NamingFile, naming_files
from segmentation_pipeline.segments.yaml_text import replaced, written

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

    from segmentation_pipeline.diagnostics import Diagnostic
    from segmentation_pipeline.rules.segment import Definitions
    from segmentation_pipeline.workspace import Workspace

_SCHEMA = "schemas/segment.schema.json"


def create(
    workspace: Workspace,
    definitions: Definitions,
    name: str,
    *,
    title: str | None = None,
    kind: str = "dynamic",
    object_name: str | None = None,
    where: str | None = None,
    folder: str = "",
) -> FileChanges:
    """Return the file of a new definition: a rule that holds for everyone until ``where`` says more.

    ``folder`` lies below the segments, or it is `Forbidden`. Raises `UsageError` where the id is taken,
    `DefinitionError` where the definition would not validate.
    """
    _free(workspace, definitions, name)
    path = (workspace.segments_folder / folder / f"{name}.yaml").resolve()
    if not path.is_relative_to(workspace.segments_folder.resolve()):
        raise Forbidden(f"`{folder}` lies outside the segments folder", where=str(workspace.segments_folder))
    lines = []
    if (workspace.definitions / _SCHEMA).is_file():
        ups = "../" * (len(path.relative_to(workspace.definitions.resolve()).parts) - 1)
        lines.append(f"# yaml-language-server: $schema={ups}{_SCHEMA}")
    lines += [f"segment: {name}", f"name: {written(title or name.replace('_', ' ').capitalize())}"]
    lines += [f"object: {written(object_name)}"] if object_name is not None else []
    lines += [f"type: {written(kind)}"] if kind != "dynamic" else []
    if kind == "static":
        lines.append("members: []")
    elif where is None:
        lines += ["where:", "  everyone: true"]
    else:
        lines.append(f"where: {where}" if "\n" not in where else "where:\n" + _indented(where))
    texts = {path: "\n".join(lines) + "\n"}
    check(workspace, definitions, texts)
    return FileChanges(texts, (f"wrote {workspace.file_name(path)}",))


def rename(workspace: Workspace, definitions: Definitions, old: str, new: str) -> FileChanges:
    """Return the files of a segment under another id: its own, and every rule, test, policy that names it.

    Raises `UsageError` for an unknown or a taken id, `DefinitionError` where a definition would break.
    """
    own = definition_file(workspace, definitions, old)
    _free(workspace, definitions, new)
    files = list(naming_files(workspace, old))
    texts: dict[Path, str | None] = {}
    done, notes = [f"{workspace.file_name(own)} → {new}.yaml"], _mentions(workspace, files)
    for file in files:
        text = file.source.applied(replaced(node, new) for node in file.meant)
        if file.path == own:
            texts[own.with_name(f"{new}.yaml")] = text
        elif file.meant:
            texts[file.path] = text
            done.append(f"{workspace.file_name(file.path)}: {_places(len(file.meant))}")
    texts[own] = None
    check(workspace, definitions, texts, renamed={old: new})
    notes.append(f"the next run publishes `{new}` as a new segment; what was published stays under `{old}`")
    return FileChanges(texts, tuple(done), tuple(notes))


def delete(workspace: Workspace, definitions: Definitions, name: str) -> FileChanges:
    """Return the end of a definition; raise `UsageError` that names who still embeds it."""
    own = definition_file(workspace, definitions, name)
    files = list(naming_files(workspace, name))
    embedders = [
        file for file in files if file.path != own and file.meant and file.folder in ("segments", "policies")
    ]
    if embedders:
        named = ", ".join(f"`{file.path.stem}`" for file in embedders)
        first = embedders[0]
        raise UsageError(
            f"`{name}` is still used by {named}",
            where=f"{workspace.file_name(first.path)}:{first.meant[0].start_mark.line + 1}",
            hint="take it out there first; nothing was deleted",
        )
    texts: dict[Path, str | None] = {own: None}
    check(workspace, definitions, texts)
    notes = _mentions(workspace, files)
    tests = [workspace.file_name(file.path) for file in files if file.folder == "tests" and file.meant]
    notes += [f"{test} still tests it" for test in tests]
    notes.append("its members leave with the next full run")
    return FileChanges(texts, (f"removed {workspace.file_name(own)}",), tuple(notes))


def definition_file(workspace: Workspace, definitions: Definitions, name: str) -> Path:
    """Return the one file of a definition, readable or not; raise `UsageError` for an unknown id."""
    found = sorted(workspace.segments_folder.rglob(f"{name}.yaml")) if name.isidentifier() else []
    if not found:
        known = [*definitions.segments, *definitions.broken]
        raise UsageError(f"there is no segment `{name}`", hint=did_you_mean(name, known))
    if len(found) > 1:
        both = ", ".join(workspace.file_name(path) for path in found)
        raise UsageError(f"segment `{name}` stands in several files: {both}", hint="keep one of them")
    return found[0]


def check(
    workspace: Workspace,
    definitions: Definitions,
    texts: Mapping[Path, str | None],
    *,
    renamed: Mapping[str, str] | None = None,
) -> None:
    """Raise `DefinitionError` where the changed files would break a definition that is sound now."""
    mine = {path: text for path, text in texts.items() if path.is_relative_to(workspace.segments_folder)}
    gone = {path.stem for path, text in mine.items() if text is None}
    nodes = {
        path.stem: read_documents(text, workspace.file_name(path))[0]
        for path, text in mine.items()
        if text is not None
    }
    others = replace(
        definitions,
        segments={name: segment for name, segment in definitions.segments.items() if name not in gone},
        broken={name: finding for name, finding in definitions.broken.items() if name not in gone},
    )
    setting = Setting(definitions.catalog, workspace.time_zone, workspace.definitions)
    proposed = read_local(nodes, setting, definitions.week_starts, others)
    names = renamed or {}
    broken_before = {names.get(name, name) for name in definitions.broken}
    newly = [name for name in proposed.broken if name not in broken_before]
    if newly:
        raise DefinitionError(_findings(proposed, newly))


def _findings(proposed: Definitions, names: Collection[str]) -> list[Diagnostic]:
    found = [finding for finding in proposed.diagnostics if finding.segment in names]
    return found or [proposed.broken[name] for name in names]


def _free(workspace: Workspace, definitions: Definitions, name: str) -> None:
    taken = sorted(workspace.segments_folder.rglob(f"{name}.yaml")) if name.isidentifier() else []
    if taken or name in definitions.segments or name in definitions.broken:
        where = workspace.file_name(taken[0]) if taken else None
        raise UsageError(f"there is a segment `{name}` already", where=where, hint="nothing was written")


def _mentions(workspace: Workspace, files: Collection[NamingFile]) -> list[str]:
    return [
        f"{workspace.file_name(file.path)}:{line} has the same word; look at it yourself"
        for file in files
        for line in file.mentions
    ]


def _places(number: int) -> str:
    return f"{number} place" if number == 1 else f"{number} places"


def _indented(text: str) -> str:
    return "\n".join(f"  {line}" if line.strip() else line for line in text.splitlines())
