"""PostgreSQL as applications keep segments: UUID keys, a row a membership, deleted and inserted anew.

The tables of contacts and activities keep no log and have the indexes that the queries use; memberships
are logged, with a key, a unique constraint and two indexes. The measured run starts from an empty table
of memberships, so that its deletes cost nothing; rows arrive in the order of the unique constraint, which
is a fifth cheaper. The server is a child that the run waits for: all of its processes count, and of memory
the largest of them with the shared buffers it touched.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

import psycopg

from benchmarks.loading.postgres import load
from benchmarks.loading.postgres_server import Server, postgres_server
from benchmarks.peer import Tally, numbers
from benchmarks.sql.dialects import POSTGRES
from benchmarks.sql.queries import Tables, membership
from segmentation_pipeline.rules.clock import to_micros

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping
    from pathlib import Path

    from benchmarks.data.dataset import Dataset
    from segmentation_pipeline.rules.segment import Definitions

_RELATIONS = {"contact": "contacts", "activities": "activities"}
_KEYS = "md5(object_index::text)::uuid"
_SCHEMA = (
    "DROP TABLE IF EXISTS contacts, activities",
    "ALTER TABLE plain_contacts RENAME contact_id TO external_id",
    f"CREATE UNLOGGED TABLE contacts AS SELECT {_KEYS} AS contact_id, * FROM plain_contacts",
    f"""CREATE UNLOGGED TABLE activities AS SELECT gen_random_uuid() AS id, {_KEYS} AS contact_id, *
        FROM plain_activities ORDER BY activity_type, occurred_at""",
    "ALTER TABLE activities DROP COLUMN object_index",
    "DROP TABLE plain_contacts, plain_activities",
    "ALTER TABLE contacts ADD PRIMARY KEY (contact_id)",
    "ALTER TABLE activities ADD PRIMARY KEY (id)",
    "CREATE INDEX ON activities (activity_type, occurred_at)",
    "CREATE INDEX ON activities (contact_id, activity_type, occurred_at)",
    "VACUUM ANALYZE contacts",
    "VACUUM ANALYZE activities",
    "CREATE TABLE loaded ()",
)
_MEMBERSHIPS = (
    "DROP TABLE IF EXISTS memberships",
    """CREATE TABLE memberships (
        id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
        segment_id uuid NOT NULL,
        contact_id uuid NOT NULL,
        added_at timestamptz NOT NULL DEFAULT now(),
        added_via varchar(50) NOT NULL,
        UNIQUE (segment_id, contact_id)
    )""",
    "CREATE INDEX ON memberships (segment_id)",
    "CREATE INDEX ON memberships (contact_id)",
)


def prepare(data: Dataset, workspace: Path) -> None:
    """Load the plain files; tables half loaded are loaded anew."""
    with postgres_server(workspace) as server, _connect(server) as connection:
        (done,) = connection.execute("SELECT to_regclass('loaded') IS NOT NULL").fetchone() or (False,)
        if done:
            return
        connection.execute("DROP TABLE IF EXISTS plain_contacts, plain_activities")
        load(connection, "plain_contacts", data.plain_contacts.glob("*.parquet"))
        load(connection, "plain_activities", data.plain_activities.glob("*.parquet"))
        for statement in _SCHEMA:
            connection.execute(statement)


def run(_data: Dataset, definitions: Definitions, as_of: dt.datetime, workspace: Path, _output: Path) -> None:
    ids = _ids(definitions)
    tables = Tables(
        _RELATIONS,
        lambda name: f"SELECT contact_id FROM memberships WHERE segment_id = '{ids[name]}'",
        key="contact_id",
    )
    with postgres_server(workspace) as server, _connect(server) as connection:
        for statement in _MEMBERSHIPS:
            connection.execute(statement)
        for name, segment in definitions.segments.items():
            query = membership(segment, definitions, to_micros(as_of), POSTGRES, tables)
            with connection.transaction():
                connection.execute(f"DELETE FROM memberships WHERE segment_id = '{ids[name]}'")
                connection.execute(
                    "INSERT INTO memberships (segment_id, contact_id, added_via) "
                    f"SELECT '{ids[name]}', contact_id, 'rule_match' FROM ({query}) AS members "
                    "ORDER BY contact_id"
                )


def tally(definitions: Definitions, workspace: Path, _output: Path) -> Mapping[str, Tally]:
    with postgres_server(workspace) as server, _connect(server) as connection:
        rows = connection.execute(
            "SELECT segment_id, count(*), sum(object_index) "
            "FROM memberships JOIN contacts USING (contact_id) GROUP BY segment_id"
        ).fetchall()
    found = {segment: Tally(count, int(total)) for segment, count, total in rows}
    return {name: found.get(segment, Tally(0, 0)) for name, segment in _ids(definitions).items()}


def _ids(definitions: Definitions) -> dict[str, uuid.UUID]:
    return {name: uuid.UUID(int=number + 1) for name, number in numbers(definitions).items()}


def _connect(server: Server) -> psycopg.Connection:
    return psycopg.connect(server.conninfo, autocommit=True)
