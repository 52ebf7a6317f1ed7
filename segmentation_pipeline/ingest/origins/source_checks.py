"""What is wrong with a source before anything of it is read."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from segmentation_pipeline.diagnostics import Diagnostic
from segmentation_pipeline.documents import locate
from segmentation_pipeline.ingest.origins.environment import ENVIRONMENT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from segmentation_pipeline.documents import Node
    from segmentation_pipeline.ingest.declarations import SourceDeclaration, SqlDeclaration


def source_findings(name: str, source: SourceDeclaration, node: Node) -> Iterator[Diagnostic]:
    """Yield what is wrong with one source: paths that lead outside, and what its query cannot have."""
    start = ("sources", name)
    for path in source.files or ():
        yield from _outside(path, "the project", node, (*start, "files"))
    if source.mapping is not None:
        yield from _outside(source.mapping, "the definitions folder", node, (*start, "mapping"))
    if source.delta is not None:
        at = (*start, "delta")
        if source.delta.path is not None:
            yield from _outside(source.delta.path, "the project", node, (*at, "path"))
        elif str(source.delta.url).startswith("file:"):
            yield from _outside("/", "the project", node, (*at, "url"), shown=str(source.delta.url))
    if source.sql is not None:
        yield from _of_sql(source.sql, node, (*start, "sql"))


def _of_sql(sql: SqlDeclaration, node: Node, start: tuple[str, ...]) -> Iterator[Diagnostic]:
    # Here, because most projects have no database, and every command reads its sources.
    from sqlalchemy import make_url

    from segmentation_pipeline.ingest.origins.database import has_secret, url_problem
    from segmentation_pipeline.ingest.origins.sql import parameters

    at = locate(node, (*start, "url"))
    if ENVIRONMENT.fullmatch(sql.url) is None:
        problem = url_problem(sql.url)
        if problem is not None:
            hint = "write postgresql://host/database, sqlite:///file, or env:NAME of a variable that holds it"
            yield Diagnostic("source-url", f"`url` {problem}", at, hint)
        elif has_secret(sql.url):
            hint = "put the URL into a variable of the environment, and write `url: env:SHOP_DATABASE_URL`"
            yield Diagnostic(
                "source-secret", "the URL holds a password, for everybody who reads this file", at, hint
            )
        elif (url := make_url(sql.url)).get_backend_name() == "sqlite":
            yield from _outside(url.database or "", "the project", node, (*start, "url"))
    place = locate(node, (*start, "query"))
    names = parameters(sql.query)
    if names - {"watermark"}:
        unknown = ", ".join(f"`:{name}`" for name in sorted(names - {"watermark"}))
        hint = r"a query knows `:watermark` alone; write \: for a colon that stands for itself"
        yield Diagnostic("source-query", f"nothing gives {unknown} a value", place, hint)
    elif names and sql.watermark is None:
        hint = "say `watermark: updated_at`, the column of the result whose largest value is remembered"
        yield Diagnostic(
            "source-query", "the query has `:watermark`, and the source no `watermark`", place, hint
        )


def _outside(
    path: str, where: str, node: Node, at: tuple[str, ...], shown: str | None = None
) -> Iterator[Diagnostic]:
    pure = PurePosixPath(path)
    if pure.is_absolute() or ".." in pure.parts:
        message, hint = f"`{shown or path}` may lead outside {where}", f"write a path below {where}"
        yield Diagnostic("path-outside", message, locate(node, at), hint)
