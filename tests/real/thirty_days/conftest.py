"""Thirty days of Online Retail: what the project makes of them, and what DuckDB makes of the files alone.

The calendar says which files arrive on which day, and when runs are. Both sides follow it, and share
nothing else. `segments/*.yaml` holds the rules, `expected/*.sql` says in SQL who should be a member,
`tables/*.sql` what the tables should hold.
"""

from __future__ import annotations

import datetime as dt
import os
from dataclasses import dataclass
from pathlib import Path

import duckdb
import polars as pl
import pytest

from segmentation_pipeline.analytics.update import update_analytics
from segmentation_pipeline.lake.lock import lake_lock
from segmentation_pipeline.segments.basis import read_definitions

HERE = Path(__file__).parent
DATA = Path(os.environ.get("SEGMENTATION_REAL_DATA", ".")) / "online_retail"
CATALOG = Path(__file__).parents[3] / "segment_definitions" / "catalog.yaml"
LINES = HERE.parent / "online_retail" / "lines.yaml"
ZONE = "Asia/Tokyo"
"""Nine hours ahead of the shop: local midnight lies in the middle of its trade."""

NOON, EVENING = 11, 21
HELD_BACK, EDITED, PINNED, ARRIVES = 8, 10, 15, 20
PINS = {"14985": "in", "12413": "in", "12748": "out"}
"""One who ordered once, one who comes on day 23, and the busiest of all."""
EMPTY = dt.datetime(2010, 12, 28, 11), dt.datetime(2011, 1, 1, 11)
EMBEDDING = ("core", "returned")
TABLES_OF_DUCKDB = """
create table source (
    contact varchar, order_id varchar, happened timestamp, revenue decimal(18, 4), cancelled boolean,
    country varchar, arrived integer, position bigint
);
create table pin (contact varchar, inside boolean);
create table run (number integer, as_of timestamp, arrived integer, day date);
create table step (run integer, step varchar, segment varchar, contact varchar);
create table move (
    run integer, happened timestamp, segment varchar, contact varchar, entered boolean, reason varchar
);
set variable run = 0;
set variable as_of = timestamp '2010-12-01';
set variable arrived = 0;
set variable spent = 0;
set variable spent_within = 0;
set variable pinned = false;
create view published as select run, segment, contact from step where step = 'definition';
create view line as
from source where arrived <= getvariable('arrived') and happened <= getvariable('as_of');
create view customer as
select contact, arg_min(country, position) as country
from source
where arrived <= getvariable('arrived')
group by contact;
"""
ARRIVE = """
insert into source
select
    CustomerID::double::bigint::varchar, InvoiceNo, InvoiceDate::timestamp,
    UnitPrice::decimal(18, 4) * Quantity::decimal(9, 0), starts_with(InvoiceNo, 'C'),
    Country, $day, (select count(*) from source) + row_number() over ()
from {rows}
where CustomerID is not null
"""
ROWS = {".csv": "read_csv($file, all_varchar = true)", ".parquet": "read_parquet($file)"}


@dataclass(frozen=True)
class Run:
    """A run: its instant (UTC, no zone), the days that have arrived, and what the definitions say."""

    number: int
    as_of: dt.datetime
    arrived: int

    @property
    def spent(self):
        """How much more than this big spenders spent, and within how many days."""
        return (300, 7) if self.arrived >= EDITED else (500, 14)

    @property
    def pinned(self):
        return self.arrived >= PINNED

    @property
    def at(self):
        return self.as_of.replace(tzinfo=dt.UTC)

    @property
    def is_evening(self):
        return self.as_of.hour == EVENING

    @property
    def day(self):
        return (self.as_of + dt.timedelta(hours=9)).date()


@dataclass(frozen=True)
class Calendar:
    """``files`` by the number of the day on which they arrive, in their order; ``runs`` in theirs."""

    files: dict[int, list[Path]]
    runs: tuple[Run, ...]


@dataclass(frozen=True)
class Simulated:
    """The project after all days, the result of every run, and the analytics after that of an evening."""

    project: object
    runs: dict[int, object]
    analytics: dict[int, pl.DataFrame]
    sizes: dict[int, pl.DataFrame]

    def update(self, *days, full=False):
        workspace = self.project.workspace
        with lake_lock(workspace.lake, "test"):
            return update_analytics(
                self.project.store, read_definitions(workspace), ZONE, days=days, full=full
            )

    def keyed(self, table):
        """Return a table with the keys of its contacts in place of their numbers."""
        keys = self.project.store.scan("contacts").select("object_index", contact="contact_id")
        rows = self.project.store.scan(table).join(keys, on="object_index", how="left")
        return rows.drop("object_index").collect()


@pytest.fixture(scope="session")
def calendar(tmp_path_factory):
    """Every day's file, and a run in the evening; every fourth day, and between the years, one without."""
    folder = tmp_path_factory.mktemp("cut")
    whole = pl.read_parquet(DATA / "retail.parquet")
    day_of = pl.col("InvoiceDate").dt.date()
    files = sorted((DATA / "by-day").glob("*.csv"))
    last = dt.date.fromisoformat(files[-1].stem)
    for day in whole.select(day_of.unique().sort()).filter(pl.first() > last).head(10).to_series():
        files.append(folder / f"{day}.parquet")
        whole.filter(day_of == day).write_parquet(files[-1])
    arrivals = {number: [file] for number, file in enumerate(files, start=1)}
    arrivals[ARRIVES] = [*arrivals.pop(HELD_BACK), *arrivals[ARRIVES]]
    moments = []
    for number, file in enumerate(files, start=1):
        day = dt.datetime.fromisoformat(file.stem)
        if number == ARRIVES + 1:
            moments += [(moment, number - 1) for moment in EMPTY]
        if number % 4 == 0:
            moments.append((day + dt.timedelta(hours=NOON), number - 1))
        moments.append((day + dt.timedelta(hours=EVENING), number))
    return Calendar(arrivals, tuple(Run(number, *one) for number, one in enumerate(moments, start=1)))


@pytest.fixture(scope="session")
def simulated(calendar, make_project):
    """A project of its own, imported, run and updated as the calendar says."""
    segments = {path.stem: path.read_text(encoding="utf8") for path in (HERE / "segments").glob("*.yaml")}
    made = make_project(
        "thirty_days", CATALOG.read_text(encoding="utf8"), segments, settings=f'time_zone = "{ZONE}"\n'
    )
    found = Simulated(made, {}, {}, {})
    arrived = 0
    for run in calendar.runs:
        if run.arrived > arrived:
            arrived = run.arrived
            for file in calendar.files.get(arrived, ()):
                made.load("activities", LINES, file)
            _edit(made.workspace.segments_folder, segments, arrived)
        found.runs[run.number] = made.publish(run.at)
        if run.is_evening:
            found.update()
            found.analytics[run.number] = made.rows("segment_analytics")
            found.sizes[run.number] = made.rows("segment_sizes")
    return found


def _edit(folder, segments, day):
    if day == EDITED:
        text = segments["big_spenders"].replace("last 14 days", "last 7 days").replace("500", "300")
        (folder / "big_spenders.yaml").write_text(text, encoding="utf8")
    if day == PINNED:
        pins = "".join(f'  - {{key: "{key}", put: {put}, reason: agreed}}\n' for key, put in PINS.items())
        (folder / "regulars.yaml").write_text(f"{segments['regulars']}pins:\n{pins}", encoding="utf8")


@pytest.fixture(scope="session")
def names():
    return sorted(path.stem for path in (HERE / "segments").glob("*.yaml"))


@pytest.fixture(scope="session")
def database(calendar, names):
    """Members at every step of every run, and who moved why, by DuckDB from the files."""
    made = duckdb.connect()
    made.execute(TABLES_OF_DUCKDB)
    for key, put in PINS.items():
        made.execute("insert into pin values (?, ?)", [key, put == "in"])
    for number, files in sorted(calendar.files.items()):
        for file in files:
            made.execute(ARRIVE.format(rows=ROWS[file.suffix]), {"file": str(file), "day": number})
    for name in sorted(names, key=lambda name: (name in EMBEDDING, name)):
        made.execute(f"create view {name} as {_sql('expected', name)}")
    before = None
    for run in calendar.runs:
        made.execute("insert into run values (?, ?, ?, ?)", [run.number, run.as_of, run.arrived, run.day])
        if before is not None:
            members = "select $run, 'before', segment, contact from published where run = $run - 1"
            made.execute(f"insert into step {members}", {"run": run.number})
            _step(made, names, run, "time", data=before, rules=before)
            _step(made, names, run, "data", data=run, rules=before)
        _step(made, names, run, "definition", data=run, rules=run)
        made.execute(_sql("tables", "moves"))
        before = run
    yield made
    made.close()


def _step(database, names, run, step, *, data, rules):
    """Find the members at the instant of ``run``, with the data of one run and the rules of another."""
    settings = {
        "run": data.number,
        "as_of": run.as_of,
        "arrived": data.arrived,
        "spent": rules.spent[0],
        "spent_within": rules.spent[1],
        "pinned": rules.pinned,
    }
    for name, value in settings.items():
        database.execute(f"set variable {name} = $value", {"value": value})
    for name in names:
        rows = f"select {run.number}, '{step}', '{name}', contact from {name}"
        database.execute(f"insert into step {rows}")


@pytest.fixture(scope="session")
def ask(database):
    """Return the sorted rows of a table by DuckDB, as they stood after a run: ``ask(name, run)``."""
    for name in ("analytics", "sizes", "retention", "overlaps", "flapping", "summary"):
        database.execute(f"create view found_{name} as {_sql('tables', name)}")

    def rows(name, run):
        database.execute("set variable run = $n", {"n": run.number})
        database.execute("set variable arrived = $n", {"n": run.arrived})
        return database.sql(f"from found_{name} order by all").fetchall()

    return rows


def _sql(folder, name):
    return (HERE / folder / f"{name}.sql").read_text(encoding="utf8")
