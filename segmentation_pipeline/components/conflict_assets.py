"""Group `conflicts`: who competes for whom, proved from the rules and seen in the members."""

from __future__ import annotations

import base64
import datetime as dt
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import dagster as dg

from segmentation_pipeline.components.conflict_checks import CHECKS, check_conflicts
from segmentation_pipeline.components.followers import has_private_keys
from segmentation_pipeline.components.lake import POOL, LakeResource, told_plainly
from segmentation_pipeline.components.metadata import markdown_table, table_metadata
from segmentation_pipeline.components.segment_assets import MEMBERSHIPS_KEY
from segmentation_pipeline.conflicts.analysis import analyse
from segmentation_pipeline.conflicts.publish import publish_conflicts
from segmentation_pipeline.conflicts.summary import CLAIMS as CLAIM_COLUMNS
from segmentation_pipeline.conflicts.summary import PAIRS, claim_rows, condition_lines, counted, pair_rows
from segmentation_pipeline.conflicts.tables import CLAIMS, FINDINGS, OVERLAPS, RELATIONS, TABLES
from segmentation_pipeline.report.overlap_map import draw_overlaps

if TYPE_CHECKING:
    from segmentation_pipeline.conflicts.analysis import Conflicts

GROUP = "conflicts"
_SHOWN = 50


def build_conflicts() -> dg.AssetsDefinition:
    """Return the four tables as one step: they come from one look at rules and members."""
    specs = [
        dg.AssetSpec(
            table.name,
            deps=[MEMBERSHIPS_KEY],
            group_name=GROUP,
            description=table.comment,
            kinds={"deltalake"},
        )
        for table in TABLES
    ]

    @dg.multi_asset(name="find_conflicts", specs=specs, check_specs=CHECKS, can_subset=True, pool=POOL)
    def find_conflicts(lake: LakeResource) -> Iterator[dg.MaterializeResult[Any] | dg.AssetCheckResult]:
        context = dg.AssetExecutionContext.get()
        chosen = [table for table in TABLES if dg.AssetKey(table.name) in context.selected_asset_keys]
        with told_plainly():
            workspace, store = lake.open()
            with lake.lock(workspace, "conflicts"):
                found = analyse(workspace, dt.datetime.now(dt.UTC))
                publish_conflicts(store, found, [table.name for table in chosen])
            private = {"witness"} if has_private_keys(found.definitions.catalog) else set()
            said = _said(found)
            for table in chosen:
                facts = table_metadata(store, table.name, comments=table.column_comments, private=private)
                yield dg.MaterializeResult(
                    asset_key=table.name,
                    metadata={**facts, "as_of": dg.MetadataValue.timestamp(found.as_of), **said[table.name]},
                    data_version=dg.DataVersion(str(facts.get("version", "none"))),
                )
        for key, check in check_conflicts(found).items():
            if key in context.selected_asset_check_keys:
                yield check

    return find_conflicts


def _said(found: Conflicts) -> dict[str, dict[str, Any]]:
    """Return what each table's page shows beside its rows."""
    pairs = [[row[column] for column in PAIRS] for row in pair_rows(found)[:_SHOWN]]
    claims = [[row["scope"], row["contested"], ", ".join(row["segments"])] for row in claim_rows(found)]
    numbers: dict[str, int] = {}
    for relation in found.relations:
        numbers[relation.relation] = numbers.get(relation.relation, 0) + 1
    return {
        RELATIONS.name: {
            "pairs": len(found.relations),
            "relations": dg.MetadataValue.md(markdown_table(["relation", "pairs"], sorted(numbers.items()))),
        },
        FINDINGS.name: {
            "errors": sum(finding.severity == "error" for finding in found.findings),
            "summary": counted(found),
            "findings": dg.MetadataValue.md(findings_markdown(found)),
        },
        OVERLAPS.name: {
            "heat_map": dg.MetadataValue.md(_picture(draw_overlaps(found))),
            "largest": dg.MetadataValue.md(markdown_table([name.replace("_", " ") for name in PAIRS], pairs)),
        },
        CLAIMS.name: {
            "contests": dg.MetadataValue.md(markdown_table(CLAIM_COLUMNS, claims)),
        },
    }


def findings_markdown(found: Conflicts) -> str:
    """Return every finding with its place, the worst first."""
    if not found.findings:
        return "none"
    rows = [
        [
            one.severity,
            one.finding,
            one.segment or one.group,
            f"{one.at.file}:{one.at.line}",
            " ".join((one.message, *condition_lines(one))),
            one.hint,
        ]
        for one in found.findings
    ]
    return markdown_table(["severity", "finding", "segment", "where", "what", "fix"], rows)


def _picture(png: bytes) -> str:
    return f"![overlaps](data:image/png;base64,{base64.b64encode(png).decode()})"
