"""Conflicts as Markdown, for a pull request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from segmentation_pipeline.cli.output import written
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
    from collections.abc import Iterable, Iterator, Sequence

    from segmentation_pipeline.conflicts.analysis import Conflicts

_FINDINGS = ("severity", "finding", "segment", "where", "what", "fix")


def markdown(found: Conflicts, limit: int) -> Iterator[str]:
    """Yield the lines of the report: findings, the worst first, then pairs by overlap, then claims."""
    yield f"### Conflicts: {counted(found)}"
    yield ""
    yield heading(found)
    if found.findings:
        yield ""
        yield from _table(_FINDINGS, _finding_rows(found))
    pairs = pair_rows(found)
    if pairs:
        yield ""
        yield from _table(PAIRS if found.overlaps else UNSEEN_PAIRS, pairs[:limit])
        if len(pairs) > limit:
            yield ""
            yield f"… and {len(pairs) - limit:,} more pairs."
    if claims := claim_rows(found):
        yield ""
        yield from _table(CLAIMS, claims)
    yield ""
    yield agreement(found)


def _finding_rows(found: Conflicts) -> Iterator[dict[str, Any]]:
    for finding in found.findings:
        what = "\n".join((finding.message, *condition_lines(finding)))
        yield {
            "severity": finding.severity,
            "finding": finding.finding,
            "segment": finding.segment or finding.group,
            "where": f"`{finding.at.file}:{finding.at.line}`",
            "what": what,
            "fix": finding.hint,
        }


def _table(columns: Sequence[str], rows: Iterable[dict[str, Any]]) -> Iterator[str]:
    listed = list(rows)
    numeric = [column for column in columns if all(isinstance(row[column], int | None) for row in listed)]
    yield "| " + " | ".join(column.replace("_", " ") for column in columns) + " |"
    yield "|" + "|".join("---:" if column in numeric else "---" for column in columns) + "|"
    for row in listed:
        yield "| " + " | ".join(_cell(row[column]) for column in columns) + " |"


def _cell(value: Any) -> str:
    return written(value).replace("|", "\\|").replace("<", "&lt;").replace("\n", "<br>")
