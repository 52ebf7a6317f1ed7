"""How a segment shows in Dagster: its key, its rule in English, its line in YAML, what it hangs on."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import dagster as dg

from segmentation_pipeline.components.index_tables import parts_read
from segmentation_pipeline.rules.english import describe
from segmentation_pipeline.rules.graph import closure_hashes, embeds

if TYPE_CHECKING:
    from segmentation_pipeline.catalog.model import Catalog
    from segmentation_pipeline.components.blueprint import Blueprint
    from segmentation_pipeline.diagnostics import Diagnostic
    from segmentation_pipeline.errors import Position
    from segmentation_pipeline.rules.segment import Segment
    from segmentation_pipeline.workspace import Workspace

GROUP = "segments"
PREFIX = "segment"
_KINDS = {"polars", "deltalake"}
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_TEAM = re.compile(r"(team:)?([A-Za-z0-9_.-]+)")


def segment_key(name: str) -> dg.AssetKey:
    """Return the asset key of a segment, apart from those of tables.

    >>> segment_key("vip").to_user_string()
    'segment/vip'
    """
    return dg.AssetKey([PREFIX, name])


def build_segment_specs(blueprint: Blueprint) -> list[dg.AssetSpec]:
    """Return a spec a segment, embedded ones first; one that cannot be read keeps its page and history."""
    specs = []
    if blueprint.catalog is not None:
        hashes = closure_hashes(blueprint.segments)
        specs = [
            _spec(blueprint.workspace, blueprint.catalog, segment, hashes[name])
            for name, segment in blueprint.segments.items()
        ]
    broken = [
        _unread(blueprint.workspace, name, finding) for name, finding in sorted(blueprint.broken.items())
    ]
    return specs + broken


def _spec(workspace: Workspace, catalog: Catalog, segment: Segment, code_version: str) -> dg.AssetSpec:
    deps: list[dg.AssetKey | str] = [
        *(segment_key(name) for name in embeds(segment)),
        *sorted(parts_read(segment, catalog)),
    ]
    rule = f"```text\n{describe(segment)}\n```"
    owner = _owner(segment.owner)
    return dg.AssetSpec(
        segment_key(segment.id),
        deps=deps,
        group_name=GROUP,
        skippable=True,
        description="\n\n".join(part for part in (f"**{segment.name}**", segment.description, rule) if part),
        owners=[owner] if owner is not None else [],
        tags={_tag(label): "" for label in segment.labels},
        kinds=_KINDS,
        code_version=code_version,
        metadata={
            **_source(workspace, segment.at),
            "type": segment.type,
            "object": segment.object,
            "time_zone": segment.time_zone,
            "active": segment.active,
            **({"owner": segment.owner} if segment.owner and owner is None else {}),
        },
    )


def _unread(workspace: Workspace, name: str, finding: Diagnostic) -> dg.AssetSpec:
    return dg.AssetSpec(
        segment_key(name),
        group_name=GROUP,
        skippable=True,
        description=f"**This definition cannot be evaluated.**\n\n```text\n{finding}\n```",
        kinds=_KINDS,
        metadata=_source(workspace, finding.at),
    )


def _source(workspace: Workspace, at: Position) -> dict[str, dg.CodeReferencesMetadataValue]:
    path = str(workspace.project / at.file)
    reference = dg.LocalFileCodeReference(file_path=path, line_number=at.line, label=at.file)
    return {"dagster/code_references": dg.CodeReferencesMetadataValue(code_references=[reference])}


def _owner(written: str | None) -> str | None:
    """Return an owner as Dagster takes it: an e-mail or a team; None for anything else.

    >>> _owner("growth"), _owner("ann@example.com"), _owner("Ann from sales")
    ('team:growth', 'ann@example.com', None)
    """
    if written is None or _EMAIL.fullmatch(written):
        return written
    team = _TEAM.fullmatch(written)
    return f"team:{team[2]}" if team else None


def _tag(label: str) -> str:
    """Return a label as a tag's key: other characters than those allowed become `_`."""
    return re.sub(r"[^A-Za-z0-9_.-]", "_", label)[:63]
