"""`segmentation init`: a new project that validates and passes its test at once."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from segmentation_pipeline.cli.options import Debug
from segmentation_pipeline.cli.output import say
from segmentation_pipeline.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from importlib.resources.abc import Traversable

# Packaging tools read a `.gitignore` wherever it lies, so the template has it without the dot.
RENAMED = {"gitignore": ".gitignore"}


def init(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The new project's folder.")],
    _debug: Debug = False,
) -> None:
    """Make a new project: a catalog, two segments, a test, settings."""
    if folder.is_file():
        raise UsageError("this is a file", where=str(folder), hint="name a folder, new or empty")
    wanted = {folder / name: content for name, content in template()}
    present = [path for path in wanted if path.exists()]
    if present:
        raise UsageError(
            f"`{present[0].relative_to(folder)}` is there already",
            where=str(folder),
            hint="nothing was written; name an empty folder",
        )
    for path, content in wanted.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
        say(f"  {escape(str(path))}")
    say(f"\nA project with two segments. Next, in [bold]{escape(str(folder))}[/]:")
    say("  segmentation test                    the rules do what their test says")
    say("  segmentation import contacts FILE    your own data; then: segmentation run")


def template() -> Iterator[tuple[Path, str]]:
    """Yield the path below the project and the text of every file of a new project."""
    root = files("segmentation_pipeline") / "templates" / "project"
    for path, file in sorted(_below(root, Path())):
        yield path, file.read_text(encoding="utf-8")


def _below(folder: Traversable, path: Path) -> Iterator[tuple[Path, Traversable]]:
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _below(entry, path / entry.name)
        else:
            yield path / RENAMED.get(entry.name, entry.name), entry
