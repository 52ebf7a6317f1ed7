"""Databases by URL: which are known, where their secrets come from, and what may be said of them."""

from __future__ import annotations

import re
import sqlite3
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import NullPool

from segmentation_pipeline.errors import Forbidden, ImportFailed
from segmentation_pipeline.ingest.origins.environment import ENVIRONMENT, from_environment

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

DIALECTS = ("postgresql", "sqlite", "mysql", "mariadb", "mssql", "oracle")
_SECRET = re.compile(r"pass|pwd|secret|token|key$", re.IGNORECASE)
_PATIENCE = {"connect_timeout": 10, "keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3}
"""PostgreSQL: seconds until nobody answers, and until a connection counts as lost."""


@dataclass(frozen=True, slots=True)
class Database:
    """A database to read from. ``shown`` is its address without secrets; ``origin`` where its URL stands."""

    url: sa.URL = field(repr=False)
    shown: str
    origin: str

    @property
    def dialect(self) -> str:
        return self.url.get_backend_name()

    def engine(self, project: Path) -> sa.Engine:
        """Return an engine that keeps no connection; raise `ImportFailed` where there is no driver."""
        if self.dialect == "sqlite":
            path = sqlite_file(self.url, project)
            address = f"file:{quote(str(path))}?mode=ro"
            return sa.create_engine(
                "sqlite://", creator=lambda: sqlite3.connect(address, uri=True), poolclass=NullPool
            )
        options: dict[str, Any] = {}
        if self.dialect == "postgresql":
            given = self.url.query
            options["connect_args"] = {name: value for name, value in _PATIENCE.items() if name not in given}
            # Python's numbers would cost JSON its digits.
            options["json_deserializer"] = lambda text: (
                text if isinstance(text, str) else bytes(text).decode()
            )
        try:
            return sa.create_engine(self.url, poolclass=NullPool, hide_parameters=True, **options)
        except (ImportError, sa.exc.NoSuchModuleError) as error:
            raise ImportFailed(
                f"there is no driver for {self.url.drivername}: {error}",
                where=self.shown,
                hint="install one, such as `pip install pymysql` for mysql+pymysql://",
            ) from error

    def scrub(self, text: str) -> str:
        """Return a driver's message on one line, without the secrets of the URL."""
        words = [
            self.url.password,
            *(value for name, value in self.url.query.items() if _SECRET.search(name)),
        ]
        line = " ".join(text.split())
        for word in words:
            for part in (word,) if isinstance(word, str) else word or ():
                for written in {part, quote(part, safe="")} - {""}:
                    line = line.replace(written, "•••")
        return line


def open_database(written: str, env: Mapping[str, str]) -> Database:
    """Return the database that ``written`` names: a URL, or ``env:NAME`` of a variable that holds one.

    Raises:
        ImportFailed: the variable is not set, or the URL is none, or of an unknown kind of database.
    """
    match, text = ENVIRONMENT.fullmatch(written), from_environment(written, env)
    origin = f"the environment variable {match[1]}" if match else "its URL"
    problem = url_problem(text)
    if problem is not None:
        raise ImportFailed(f"{origin} {problem}", allowed=[f"{name}://…" for name in DIALECTS])
    url = sa.make_url(text)
    if url.drivername in ("postgresql", "postgres"):
        url = url.set(drivername="postgresql+psycopg")
    return Database(url, shown(url), origin)


def url_problem(text: str) -> str | None:
    """Return what is wrong with a URL, to follow a noun in a sentence; never the URL itself."""
    try:
        url = sa.make_url(text)
    except (ArgumentError, ValueError):
        return "is not the URL of a database"
    kind = url.get_backend_name()
    if kind not in (*DIALECTS, "postgres"):
        return f"names `{kind}`, which is no known kind of database"
    return None


def has_secret(text: str) -> bool:
    """Whether a URL holds a password, or a parameter that sounds like one."""
    url = sa.make_url(text)
    return bool(url.password) or any(_SECRET.search(name) for name in url.query)


def shown(url: sa.URL) -> str:
    """Return the address without user, password and parameters."""
    port = f":{url.port}" if url.port else ""
    return f"{url.get_backend_name()}://{url.host or ''}{port}/{url.database or ''}"


def sqlite_file(url: sa.URL, project: Path) -> Path:
    """Return the file of a SQLite database; raise `Forbidden` for one outside the project."""
    given = url.database or ""
    path = (project / given).resolve()
    if not given or given == ":memory:" or not path.is_file():
        raise ImportFailed(
            "there is no such SQLite file", where=f"sqlite:///{given}", hint="paths start at the project"
        )
    if not path.is_relative_to(project.resolve()):
        raise Forbidden("the file lies outside the project", where=f"sqlite:///{given}")
    return path
