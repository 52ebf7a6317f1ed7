"""`segmentation show`: one segment, in plain English."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape

from segmentation_pipeline.cli.options import HERE, AsJson, Debug, Project, WorkspaceId, open_project
from segmentation_pipeline.cli.output import COLOURS, print_json, say, written

if TYPE_CHECKING:
    from collections.abc import Sequence

    from segmentation_pipeline.rules.segment import Segment

BARS = "▁▂▃▄▅▆▇█"
