"""Saved reports, ``reports/<name>.yaml``: which segments are compared, over which days, with what shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field

from segmentation_pipeline.diagnostics import Diagnostic, did_you_mean
from segmentation_pipeline.documents import locate, read_file, read_model
from segmentation_pipeline.errors import DefinitionError, DocumentError, Position, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence
    from pathlib import Path

FOLDER = "reports"
Chart = Literal["size", "revenue", "unique_opens", "conversions"]
Figure = Literal[
    "members",
    "share",
    "contactable",
    "suppressed",
    "entered",
    "exited",
    "emails_sent",
    "emails_delivered",
    "unique_opens",
    "unique_clicks",
    "conversions",
    "open_rate",
    "click_rate",
    "conversion_rate",
    "revenue",
    "revenue_each",
]
DAYS = 30


class SavedReport(BaseModel):
    """One to four segments side by side over the last ``days``; ``columns`` are those of Excel's sheets.

    Without ``columns`` a sheet has the key of each member and what is known of it.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    report: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    title: str = Field(min_length=1, max_length=200)
    segments: list[str] = Field(min_length=1, max_length=4)
    days: int = Field(default=DAYS, ge=1)
    charts: list[Chart] = list(get_args(Chart))
    figures: list[Figure] = list(get_args(Figure))
    columns: list[str] = []


def read_report(path: Path, known: Collection[str], name: str | None = None) -> SavedReport:
    """Return a saved report; ``known`` are all segments.

    Raises:
        DocumentError: it is no YAML.
        DefinitionError: with every finding on it.
    """
    documents = read_file(path, name)
    where = name or str(path)
    if len(documents) != 1:
        at = documents[1].at if documents else Position(where, 1, 1)
        raise DefinitionError([Diagnostic("report-shape", "a report is exactly one document", at)])
    node = documents[0]
    said = read_model(SavedReport, node, "report-shape")
    findings = []
    if said.report != path.stem:
        at = locate(node, ("report",))
        findings.append(
            Diagnostic("report-shape", f"`{said.report}` is not the file's name, `{path.stem}`", at)
        )
    for number, segment in enumerate(said.segments):
        at = locate(node, ("segments", number))
        if segment not in known:
            hint = did_you_mean(segment, known)
            findings.append(Diagnostic("report-segment", f"there is no segment `{segment}`", at, hint))
        elif segment in said.segments[:number]:
            findings.append(Diagnostic("report-segment", f"segment `{segment}` is listed twice", at))
    if findings:
        raise DefinitionError(findings)
    return said


def report_files(definitions: Path) -> list[Path]:
    return sorted((definitions / FOLDER).glob("*.yaml"))


def find_report(
    definitions: Path, names: Sequence[str], known: Collection[str], file_name: Callable[[Path], str]
) -> SavedReport:
    """Return the saved report of that name, or one made of the segments that are named."""
    saved = {path.stem: path for path in report_files(definitions)}
    if len(names) == 1 and names[0] in saved and names[0] not in known:
        return read_report(saved[names[0]], known, file_name(saved[names[0]]))
    for name in names:
        if name not in known:
            candidates = [*known, *saved]
            raise UsageError(
                f"there is no segment and no saved report `{name}`", hint=did_you_mean(name, candidates)
            )
    title = "Segments side by side" if len(names) > 1 else f"Segment {names[0]}"
    return SavedReport(report="unsaved", title=title, segments=list(names))


def faults(
    definitions: Path, known: Collection[str], file_name: Callable[[Path], str]
) -> Iterator[Diagnostic]:
    """Yield every finding on the saved reports of a definitions folder."""
    for path in report_files(definitions):
        try:
            read_report(path, known, file_name(path))
        except DefinitionError as error:
            yield from error.diagnostics
        except DocumentError as error:
            at = error.where if isinstance(error.where, Position) else Position(file_name(path), 1, 1)
            yield Diagnostic("yaml", error.what, at, error.hint)
