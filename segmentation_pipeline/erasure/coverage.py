"""What an erasure does with every table that can lie in a lake; of one it does not know, it says so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from segmentation_pipeline.analytics.tables import FLAPPING_MEMBERS
from segmentation_pipeline.analytics.tables import TABLES as ANALYTICS
from segmentation_pipeline.assignment.tables import ASSIGNMENTS
from segmentation_pipeline.assignment.tables import RUNS as ASSIGNMENT_RUNS
from segmentation_pipeline.conflicts.tables import CLAIMS
from segmentation_pipeline.conflicts.tables import TABLES as CONFLICTS
from segmentation_pipeline.index.dictionaries import DICTIONARIES
from segmentation_pipeline.index.parts import index_parts
from segmentation_pipeline.ingest.erased import ERASURES
from segmentation_pipeline.ingest.records import IMPORT_JOBS, IMPORT_RECORDS
from segmentation_pipeline.lake.erasing import table_names
from segmentation_pipeline.lake.tables import Table
from segmentation_pipeline.notifications.tables import DELIVERIES
from segmentation_pipeline.segments.tables import (
    DEFINITION_VERSIONS,
    MEMBERS,
    MEMBERSHIPS,
    SEGMENTS,
    TRANSITION_REASONS,
    TRANSITIONS,
)
from segmentation_pipeline.simulation.record import TABLES as SIMULATED
from segmentation_pipeline.simulation.tables import DECISIONS
from segmentation_pipeline.simulation.tables import DEFINITIONS as SIMULATED_TEXTS
from segmentation_pipeline.simulation.tables import RUNS as SIMULATIONS
from segmentation_pipeline.simulation.what_if.tables import SAMPLES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from segmentation_pipeline.catalog.model import Catalog, Field, ObjectType
    from segmentation_pipeline.lake.store import DeltaStore

Way = Literal["keys", "column", "numbered", "records", "segments", "texts", "derived", "nobody", "unknown"]
"""How: by keys as the catalog tells; by a column named like the key; by the numbers of objects; rejected
rows that name it; by leaving segments; texts cleaned; dropped and built again; it never has a name; nobody
can tell."""

_SEGMENTS = (MEMBERSHIPS, MEMBERS, SEGMENTS, DEFINITION_VERSIONS)
_NUMBERS = {
    *(table.name for table in (TRANSITIONS, TRANSITION_REASONS, ERASURES, *ANALYTICS)),
    "segment_overlaps",
    ASSIGNMENT_RUNS.name,
    SIMULATIONS.name,
    *(table.name for table in SIMULATED if table not in (DECISIONS, SAMPLES)),
}
"""Tables of numbers that mean nobody once the object is gone, of counts and of hashes."""
NUMBERED = {table.name: table for table in (CLAIMS, ASSIGNMENTS, DECISIONS, SAMPLES)}
"""Tables whose rows are about one object each, by its number."""


def ways(store: DeltaStore, catalog: Catalog, kind: ObjectType) -> dict[str, Way]:
    """Return, for every table of the lake, how an erasure of such an object cleans it."""
    reached = reachable_tables(catalog, kind)
    others = {name for name in _declared(catalog) if name not in reached}
    derived = {part.name for part in index_parts(catalog)} | {DICTIONARIES.name, FLAPPING_MEMBERS.name}
    # A run of before an erasure cannot be repeated anyway: what it read is cut off.
    derived.add(SIMULATED_TEXTS.name)
    segments = {table.name for table in _SEGMENTS}
    texts = {*(table.name for table in CONFLICTS), DELIVERIES.name}
    found: dict[str, Way] = {}
    for name in table_names(store):
        if name in reached:
            found[name] = "keys"
        elif name in derived or name.startswith(("profile_index_", "event_index_")):
            found[name] = "derived"
        elif name in segments:
            found[name] = "segments"
        elif name == IMPORT_JOBS.name or name.startswith(IMPORT_RECORDS.name):
            found[name] = "records"
        elif name in _NUMBERS or name in others:
            found[name] = "nobody"
        elif name in NUMBERED:
            found[name] = "numbered"
        elif name in texts:
            found[name] = "texts"
        elif kind.key in store.schema(name):
            found[name] = "column"
        else:
            found[name] = "unknown"
    return found


def reachable_tables(catalog: Catalog, kind: ObjectType) -> set[str]:
    """Return the tables of the catalog in which rows about such an object can stand."""
    tables: set[str] = set()
    waiting, seen = [kind], {kind.name}
    while waiting:
        one = waiting.pop()
        tables |= {one.table} | ({one.merges} if one.merges is not None else set())
        tables |= {field.satellite.table for field in one.fields.values() if field.satellite is not None}
        tables |= {name for name, plain in catalog.tables.items() if one.key in plain.columns}
        for source in (catalog.events[name] for name in one.events):
            tables |= {source.table} | ({source.orphans} if source.orphans is not None else set())
        for other in catalog.objects.values():
            refers = any(
                relation.object == one.name and relation.key for relation in other.relations.values()
            )
            referred = any(
                relation.object == other.name and relation.foreign_key for relation in one.relations.values()
            )
            if (refers or referred) and other.name not in seen:
                tables.add(other.table)
                if other.on_forget == "delete":
                    seen.add(other.name)
                    waiting.append(other)
    return tables | _with_addresses(catalog)


def stored_table(store: DeltaStore, name: str) -> Table:
    """Return a table as it lies in the lake."""
    return Table(name, store.schema(name), tuple(store.open(name).metadata().partition_columns))


def _declared(catalog: Catalog) -> set[str]:
    orphans = {source.orphans for source in catalog.events.values() if source.orphans is not None}
    return {*catalog.table_names(), *orphans}


def _with_addresses(catalog: Catalog) -> set[str]:
    found = {kind.table for kind in catalog.objects.values() if _has_address(kind.fields.values())}
    for source in catalog.events.values():
        if _has_address(source.columns.values()):
            found |= {source.table} | ({source.orphans} if source.orphans is not None else set())
    return found


def _has_address(fields: Iterable[Field]) -> bool:
    return any(field.form == "email" for field in fields)
