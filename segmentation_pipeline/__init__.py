"""Segments as code: customer segments as YAML rules, evaluated over Delta tables with Polars."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from segmentation_pipeline.project import Project

__all__ = ["open"]


def open(path: str | Path = ".", workspace: str | None = None) -> Project:  # noqa: A001 — `sp.open(".")` reads best
    """Open a project for a notebook: ``sp.open(".").members("vip")``."""
    from segmentation_pipeline.project import open_project

    return open_project(path, workspace)
