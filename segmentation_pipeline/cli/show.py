"""`segmentation show`: one segment in plain English, with its neighbours and its size over time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape

from segmentation_pipeline.cli.options import HERE, AsJson, Debug, Project, WorkspaceId, open_project
from segmentation_pipeline.cli.output import print_json, say, written

if TYPE_CHECKING:
    from collections.abc import Sequence

    from segmentation_pipeline.lake.store import DeltaStore
    from segmentation_pipeline.rules.segment import Definitions, Segment

STATE = (
    "status",
    "cause",
    "size",
    "contactable",
    "suppressed",
    "last_evaluated_at",
    "rows_scanned",
    "bytes_scanned",
)
BARS = "▁▂▃▄▅▆▇█"


def show(
    segment: Annotated[str, typer.Argument(metavar="ID", help="The segment.")],
    plan: Annotated[bool, typer.Option("--plan", help="The Polars expression, too.")] = False,
    project: Project = HERE,
    workspace: WorkspaceId = None,
    as_json: AsJson = False,
    _debug: Debug = False,
) -> None:
    """Show one segment: its rule in English, its conditions, who embeds it, its size."""
    from segmentation_pipeline.cli.findings import read_definitions
    from segmentation_pipeline.cli.selection import one_segment
    from segmentation_pipeline.cli.tables import store_of
    from segmentation_pipeline.segments.registry import read_registry

    opened = open_project(project, workspace)
    definitions = read_definitions(opened)
    rule = one_segment(segment, definitions)
    store = store_of(opened)
    state = next((row for row in read_registry(store) if row["segment_id"] == segment), None)
    found = describe_segment(rule, definitions) | {"sizes": sizes_over_time(store, segment)}
    found |= {key: state[key] if state else None for key in STATE}
    if plan:
        found["plan"] = plan_of(rule, definitions)
    if as_json:
        print_json(found)
    else:
        print_segment(found)


def print_segment(found: dict[str, Any]) -> None:
    """Print what a person wants to know first: the rule; then its neighbours, its size, its plan."""
    say(f"[bold]{escape(found['name'])}[/]  [dim]{escape(found['file'])}[/]")
    if found["description"]:
        say(escape(found["description"]))
    say(f"\n{escape(found['rule'])}\n")
    for key in ("embeds", "embedded_by"):
        if found[key]:
            say(f"{key.replace('_', ' ')}: {', '.join(found[key])}")
    if found["status"] is None:
        say("not evaluated yet: segmentation run")
    else:
        cause = f" — {escape(found['cause'])}" if found["cause"] else ""
        say(
            f"{found['status']}{cause}, {found['size']:,} members as of {written(found['last_evaluated_at'])}"
        )
        say(f"size over time: {sparkline([size for _, size in found['sizes']])}")
        say(f"reads an estimated {found['rows_scanned']:,} rows, {found['bytes_scanned']:,} bytes")
    for name, condition in found.get("plan", {}).get("leaves", {}).items():
        say(f"[dim]{escape(name)}[/] {escape(condition)}")
    if "plan" in found:
        say(escape(found["plan"]["expression"]))


def plan_of(segment: Segment, definitions: Definitions) -> dict[str, Any]:
    """Return the Polars expression of a segment and what each of its leaves is."""
    from segmentation_pipeline.evaluation.bucket import compile_segment
    from segmentation_pipeline.evaluation.plan import Plan, distinct_leaves
    from segmentation_pipeline.evaluation.to_polars import Masks
    from segmentation_pipeline.rules.english import describe
    from segmentation_pipeline.rules.graph import embeds

    leaves = distinct_leaves([segment])
    plan = Plan(definitions.catalog, segment.object, 0, definitions.week_starts, (segment,), leaves)
    masks = Masks(
        {leaf.compare: name for leaf, name in leaves.items()},
        {name: f"segment:{name}" for name in embeds(segment)},
    )
    return {
        "expression": str(compile_segment(segment, masks, plan)),
        "leaves": {name: describe(leaf.compare) for leaf, name in leaves.items()},
    }


def sizes_over_time(store: DeltaStore, segment: str) -> list[tuple[Any, int]]:
    """Return the size after every run that changed it, oldest first."""
    import polars as pl

    from segmentation_pipeline.segments.tables import TRANSITIONS

    if not store.exists(TRANSITIONS.name):
        return []
    step = pl.when(pl.col("change") == "entered").then(1).otherwise(-1).cast(pl.Int64)
    rows = store.scan(TRANSITIONS.name).filter(pl.col("segment_id") == segment)
    steps = rows.group_by("at").agg(step.sum().alias("step")).sort("at").collect()
    return list(zip(steps["at"], steps["step"].cum_sum(), strict=True))


def describe_segment(segment: Segment, definitions: Definitions) -> dict[str, Any]:
    """Return what its definition alone says of a segment."""
    from segmentation_pipeline.rules.english import describe
    from segmentation_pipeline.rules.graph import embeds, walk
    from segmentation_pipeline.rules.tree import Compare

    roots = [root for root in (segment.where, segment.exclude) if root is not None]
    leaves = [node for root in roots for node in walk(root) if isinstance(node, Compare)]
    return {
        "segment": segment.id,
        "name": segment.name,
        "description": segment.description,
        "owner": segment.owner,
        "type": segment.type,
        "object": segment.object,
        "active": segment.active,
        "labels": list(segment.labels),
        "file": f"{segment.at.file}:{segment.at.line}",
        "rule": describe(segment),
        "conditions": list(dict.fromkeys(describe(leaf) for leaf in leaves)),
        "embeds": list(embeds(segment)),
        "embedded_by": sorted(
            other.id for other in definitions.segments.values() if segment.id in embeds(other)
        ),
    }


def sparkline(sizes: Sequence[int]) -> str:
    """Return sizes over time as bars between the least and the greatest.

    >>> sparkline([1, 5, 9])
    '▁▅█'
    """
    low, high = min(sizes, default=0), max(sizes, default=0)
    span = max(high - low, 1)
    return "".join(BARS[(size - low) * (len(BARS) - 1) // span] for size in sizes)
