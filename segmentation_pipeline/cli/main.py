"""The entry point of ``segmentation``: its commands, and what every error looks like."""

from __future__ import annotations

import contextvars
import importlib.metadata
import sys
import traceback
from typing import TYPE_CHECKING, Annotated

import typer

from segmentation_pipeline.cli import (
    activities,
    analytics,
    assign,
    conflicts,
    contact,
    delete,
    demo,
    diff,
    docs,
    editing,
    enrich,
    explaining,
    forget,
    importing,
    init,
    listing,
    maintain,
    members,
    new,
    notify,
    preview,
    rename,
    report,
    run,
    schema,
    show,
    simulate,
    status,
    testing,
    translating,
    validate,
    values,
)
from segmentation_pipeline.cli.options import Invocation
from segmentation_pipeline.cli.output import print_error
from segmentation_pipeline.errors import SegmentationError

if TYPE_CHECKING:
    from collections.abc import Sequence

RUN_FAILED = 3

app = typer.Typer(
    name="segmentation",
    help="Customer segments as code: YAML rules, evaluated over Delta tables.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for name, command in (
    ("demo", demo.demo),
    ("init", init.init),
    ("import", importing.import_files),
    ("validate", validate.validate),
    ("run", run.run),
    ("list", listing.list_segments),
    ("show", show.show),
    ("members", members.members),
    ("explain", explaining.explain),
    ("preview", preview.preview),
    ("values", values.values),
    ("contact", contact.contact),
    ("activities", activities.activities),
    ("diff", diff.diff),
    ("test", testing.test),
    ("analytics", analytics.analytics),
    ("conflicts", conflicts.conflicts),
    ("assign", assign.assign),
    ("simulate", simulate.simulate),
    ("report", report.report),
    ("docs", docs.docs),
    ("new", new.new),
    ("rename", rename.rename),
    ("delete", delete.delete),
    ("add", editing.add),
    ("remove", editing.remove),
    ("translate", translating.translate),
    ("enrich", enrich.enrich),
    ("notify", notify.notify),
    ("schema", schema.schema),
    ("forget", forget.forget),
    ("maintain", maintain.maintain),
    ("status", status.status),
):
    app.command(name)(command)


def _print_version(value: bool) -> None:
    if value:
        sys.stdout.write(importlib.metadata.version("segmentation_pipeline") + "\n")
        raise typer.Exit


@app.callback()
def _root(
    _version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_print_version, is_eager=True)
    ] = False,
) -> None:
    """Customer segments as code: YAML rules, evaluated over Delta tables."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command and leave with its status.

    0: done. 1: the answer is no, such as findings or failed tests. 2: wrong use. 3: it failed.
    """
    invocation = Invocation()
    command = typer.main.get_command(app)
    try:
        given = list(sys.argv[1:] if arguments is None else arguments)
        # What a command remembers of itself ends with it, where several run in one process.
        contextvars.copy_context().run(command.main, given, "segmentation", obj=invocation)
    except SegmentationError as error:
        if invocation.debug:
            traceback.print_exc()
        print_error(error, invocation.project)
        sys.exit(error.exit_status)
    except Exception as error:  # noqa: BLE001 — the last resort: a user gets a sentence, not a traceback
        if invocation.debug:
            traceback.print_exc()
        unexpected = SegmentationError(
            f"unexpected {type(error).__name__}: {error}", hint="run it again with --debug for the traceback"
        )
        print_error(unexpected)
        sys.exit(RUN_FAILED)
