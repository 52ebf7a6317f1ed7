"""What an import would do, as text and as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.markup import escape

from segmentation_pipeline.cli.output import print_table, say, written
from segmentation_pipeline.ingest.batch import ROW

if TYPE_CHECKING:
    from segmentation_pipeline.ingest.jobs.preview import Preview

COUNTS = ("read", "landed", "unchanged", "rejected", "orphaned", "duplicates", "created", "adopted")
REASONS = ("rows", "reason", "example")


def preview_json(preview: Preview, with_rows: bool) -> dict[str, Any]:
    """Return ``{table, read, …, files, mapped, unmapped, reasons}``, and ``rows`` where asked for."""
    found: dict[str, Any] = {
        "table": preview.job.table,
        **{name: getattr(preview.job, name) for name in COUNTS},
        "files": [
            {"file": name, "dialect": {line.property: line.value for line in dialect}}
            for name, dialect in preview.dialects
        ],
        "mapped": {name: list(columns) for name, columns in preview.mapped},
        "unmapped": list(preview.unmapped),
        "reasons": [
            {
                "reason": reason.reason,
                "rows": reason.rows,
                "column": reason.column,
                "example": {
                    "file": reason.file,
                    "row": reason.row,
                    "value": reason.value,
                    "reason": reason.example,
                },
            }
            for reason in preview.reasons
        ],
    }
    return found | ({"rows": _rows(preview)} if with_rows else {})


def print_preview(preview: Preview, with_rows: bool) -> None:
    for name, dialect in preview.dialects:
        say(f"[bold]{escape(name)}[/]")
        for line in dialect:
            say(f"  {escape(line.property)}: {escape(line.value)} [dim]({escape(line.how)})[/]")
    say(f"\n[bold]mapping[/] into {preview.job.table}")
    print_table([{"field": name, "from": " × ".join(of)} for name, of in preview.mapped], ("field", "from"))
    if preview.unmapped:
        say(f"[yellow]not mapped, left out:[/] {escape(', '.join(preview.unmapped))}")
    if with_rows:
        rows = _rows(preview)
        say(f"\n[bold]the first {len(rows)} rows as they would land[/]" if rows else "\nno row would land")
        if rows:
            print_table(rows, list(rows[0]))
    say(f"\n[bold]the whole import[/] into {preview.job.table}: nothing was written")
    print_table([{name: getattr(preview.job, name) for name in COUNTS}], COUNTS)
    if preview.reasons:
        say("\n[bold]why rows would be rejected[/]")
        print_table([_reason(reason) for reason in preview.reasons], REASONS)


def _reason(reason: Any) -> dict[str, Any]:
    column = f" in `{reason.column}`" if reason.column is not None else ""
    example = f"{reason.file}, row {reason.row}{column}: {written(reason.value)}"
    return {"rows": reason.rows, "reason": reason.reason, "example": example}


def _rows(preview: Preview) -> list[dict[str, Any]]:
    return [{"row": row.pop(ROW), **row} for row in preview.rows.iter_rows(named=True)]
