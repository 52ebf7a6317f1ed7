"""Conflicts as a person reads them on a terminal: findings with their lines, then pairs by overlap."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from rich.markup import escape

from segmentation_pipeline.cli.finding_text import lines_below, render_findings
from segmentation_pipeline.cli.output import console, print_table, say
from segmentation_pipeline.conflicts.summary import (
    CLAIMS,
    PAIRS,
    UNSEEN_PAIRS,
    agreement,
    claim_rows,
    condition_lines,
    counted,
    heading,
    pair_rows,
)

if TYPE_CHECKING:
    from pathlib import Path

    from segmentation_pipeline.conflicts.analysis import Conflicts
    from segmentation_pipeline.conflicts.model import Finding, Relation


def print_conflicts(found: Conflicts, project: Path, limit: int, *, in_full: bool) -> None:
    """Print findings, pairs and claims; ``in_full`` says of every pair what shows it."""
    say(f"[dim]{heading(found)}[/]")
    say()
    if found.findings:
        shown = [with_conditions(finding) for finding in found.findings]
        console().print(render_findings(shown, lines_below(project)), end="")
        say()
    say(counted(found))
    pairs = pair_rows(found, every=in_full)
    if pairs:
        say()
        print_table(pairs[:limit], PAIRS if found.overlaps else UNSEEN_PAIRS)
        if len(pairs) > limit:
            say(f"[dim]… and {len(pairs) - limit:,} more pairs: --limit {len(pairs)}[/]")
    if in_full:
        for relation in found.relations:
            _print_proof(relation)
    claims = claim_rows(found)
    if claims:
        say()
        print_table(claims, CLAIMS)
    say()
    say(f"[dim]{agreement(found)}[/]")


def with_conditions(finding: Finding) -> Finding:
    """Return a finding that says every set of conditions that causes it."""
    return replace(finding, message="\n".join([finding.message, *condition_lines(finding)]))


def _print_proof(relation: Relation) -> None:
    pair = f"[bold]{relation.segment_a}[/] and [bold]{relation.segment_b}[/]"
    if relation.explanation:
        say(f"{pair} exclude each other:")
        for reason in relation.explanation:
            say(f"  {reason.segment} {escape(reason.path)}: {escape(reason.condition)}")
    if relation.witness is not None:
        who = "in both is" if relation.witness.source == "observed" else "in both would be, made up,"
        say(f"{pair}: {who} {escape(relation.witness.as_json())}")
