"""`segmentation preview`: what a definition would hold today, before anybody publishes it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape

from segmentation_pipeline.cli.options import (
    HERE,
    AsJson,
    AsOf,
    Debug,
    Project,
    WorkspaceId,
    now,
    open_project,
)
from segmentation_pipeline.cli.output import print_json, print_table, say, written

if TYPE_CHECKING:
    from segmentation_pipeline.rules.segment import Definitions
    from segmentation_pipeline.segments.preview import Preview
    from segmentation_pipeline.segments.sampling import Count
    from segmentation_pipeline.workspace import Workspace

FUNNEL = ("condition", "alone", "left", "only_it")
WIDEST = 120


def preview(
    segment: Annotated[
        str, typer.Argument(metavar="FILE|ID", help="A definition or a bare rule in a file, or a segment.")
    ],
    sample: Annotated[
        int, typer.Option(min=1, metavar="N", help="Look at so many objects and estimate the rest.")
    ] = 20_000,
    exact: Annotated[bool, typer.Option("--exact", help="Look at all objects.")] = False,
    members: Annotated[int, typer.Option(min=0, help="Show so many members.")] = 10,
    show_pii: Annotated[bool, typer.Option("--show-pii", help="Do not mask personal data.")] = False,
    project: Project = HERE,
    workspace: WorkspaceId = None,
    as_of: AsOf = None,
    as_json: AsJson = False,
    _debug: Debug = False,
) -> None:
    """Show size, what each condition keeps, and some members; nothing is published."""
    from segmentation_pipeline.cli.tables import store_of
    from segmentation_pipeline.segments.basis import read_definitions
    from segmentation_pipeline.segments.dry_run import pin
    from segmentation_pipeline.segments.preview import preview as look

    opened = open_project(project, workspace, as_of)
    name, definitions = _meant(segment, opened, read_definitions(opened))
    standing = pin(store_of(opened), [definitions.catalog], opened.as_of or now())
    found = look(
        definitions, name, standing, sample=None if exact else sample, members=members, show_pii=show_pii
    )
    if as_json:
        print_json(_plain(found))
    else:
        _print(found)


def _meant(text: str, workspace: Workspace, definitions: Definitions) -> tuple[str, Definitions]:
    from segmentation_pipeline.cli.selection import one_segment
    from segmentation_pipeline.segments.draft import read_draft_file

    path = Path(text)
    if path.suffix in (".yaml", ".yml") or path.is_file():
        return read_draft_file(path, definitions, workspace)
    return one_segment(text, definitions).id, definitions


def _print(found: Preview) -> None:
    say(f"[bold]{escape(found.segment.name)}[/]  [dim]as of {written(found.as_of)}, nothing is published[/]")
    kind, size = found.segment.object, found.size
    if size.is_exact:
        say(f"{size.value:,} of {found.population:,} objects of `{kind}`")
    else:
        say(
            f"about {size.value:,} of {found.population:,} objects of `{kind}`: "
            f"{size.low:,} to {size.high:,} (95 %), estimated from {found.sampled:,}; --exact counts all"
        )
    if found.whole_because:
        say(f"[dim]counted in full: {escape(found.whole_because)}[/]")
    say()
    print_table([_row(step) for step in found.funnel], FUNNEL)
    if found.pending:
        say(f"\npending, no such object: {escape(', '.join(found.pending))}")
    if found.members:
        say("\nsome members:")
        print_table(found.members, tuple(found.members[0]))


def _row(step: Any) -> dict[str, Any]:
    counts = {"alone": step.alone, "left": step.remaining, "only_it": step.only}
    condition = {"condition": f"{step.role}: {one_line(step.rule)}"}
    return condition | {name: _written(count) for name, count in counts.items()}


def one_line(rule: str) -> str:
    r"""Return a rule of several lines as one, cut where a table would burst.

    >>> one_line("not:\n  - is a member of segment vip")
    'not: is a member of segment vip'
    """
    first, *rest = (line.strip().removeprefix("- ") for line in rule.splitlines())
    text = first + (" " + "; ".join(rest) if rest else "")
    return text if len(text) <= WIDEST else text[: WIDEST - 2] + " …"


def _written(count: Count) -> int | str:
    return count.value if count.is_exact else f"~{count.value:,}"


def _plain(found: Preview) -> dict[str, Any]:
    return {
        "segment": found.segment.id,
        "name": found.segment.name,
        "as_of": found.as_of,
        "object": found.segment.object,
        "population": found.population,
        "sampled": found.sampled,
        "counted_in_full_because": found.whole_because,
        "size": _counted(found.size),
        "funnel": [
            {
                "role": step.role,
                "rule": step.rule,
                "alone": _counted(step.alone),
                "remaining": _counted(step.remaining),
                "only": _counted(step.only),
            }
            for step in found.funnel
        ],
        "members": list(found.members),
        "pending": found.pending,
    }


def _counted(count: Count) -> dict[str, int]:
    return {"value": count.value, "low": count.low, "high": count.high}
