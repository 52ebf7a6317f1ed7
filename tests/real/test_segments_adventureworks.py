"""Who never bought: a count of zero over AdventureWorks, at two instants, against DuckDB over the files."""

from __future__ import annotations

import datetime as dt
import os
from pathlib import Path

import duckdb
import polars as pl
import pytest
import yaml

from segmentation_pipeline.catalog.reading import load_catalog_node, overlay_catalog

FOLDER = os.environ.get("SEGMENTATION_REAL_DATA")
pytestmark = [
    pytest.mark.integration,
    pytest.mark.real,
    pytest.mark.skipif(FOLDER is None, reason="SEGMENTATION_REAL_DATA is not set"),
]
HERE = Path(__file__).parent / "adventureworks"
SHIPPED_CATALOG = Path(__file__).parents[2] / "segment_definitions" / "catalog.yaml"
DATA = Path(FOLDER or ".") / "adventureworks"
EARLY = dt.datetime(2016, 7, 1, tzinfo=dt.UTC)
LATE = dt.datetime(2017, 7, 1, tzinfo=dt.UTC)
NEVER_BOUGHT = """
segment: never_bought
name: Never bought
where: {event: purchase, operator: equals, value: 0}
"""
EXPECTED = """
select CustomerKey::varchar as contact
from read_csv($customers, header = true, all_varchar = true)
where CustomerKey not in (
    select CustomerKey
    from read_csv($sales, header = true, all_varchar = true)
    where strptime(OrderDate, '%m/%d/%Y') <= $as_of
)
order by contact
"""


@pytest.fixture(scope="module")
def project(make_project):
    catalog = overlay_catalog(load_catalog_node(SHIPPED_CATALOG), load_catalog_node(HERE / "catalog.yaml"))
    made = make_project("adventureworks", yaml.safe_dump(catalog.plain), {"never_bought": NEVER_BOUGHT})
    made.load("contacts", HERE / "customers.yaml", DATA / "customers.csv")
    made.load("activities", HERE / "sales.yaml", *sorted(DATA.glob("AdventureWorks_Sales_*.csv")))
    return made


@pytest.fixture(scope="module")
def published(project):
    """By instant, in order of time: the keys of the members after the run."""
    found = {}
    for as_of in (EARLY, LATE):
        project.publish(as_of)
        found[as_of] = (
            project.rows("segment_members").select(pl.col("object_key").sort()).to_series().to_list()
        )
    return found


@pytest.fixture(scope="module")
def expected():
    files = {"customers": str(DATA / "customers.csv"), "sales": str(DATA / "AdventureWorks_Sales_*.csv")}
    found = {}
    with duckdb.connect() as database:
        for as_of in (EARLY, LATE):
            given = {**files, "as_of": as_of.replace(tzinfo=None)}
            found[as_of] = [contact for (contact,) in database.execute(EXPECTED, given).fetchall()]
    return found


@pytest.mark.parametrize("as_of", [EARLY, LATE], ids=["early", "late"])
def test_members_are_those_of_duckdb(published, expected, as_of):
    assert published[as_of] == expected[as_of]


def test_732_never_bought(published):
    assert len(published[LATE]) == 732


def test_buyers_leave_and_nobody_comes_back(project, published):
    rows = project.rows("segment_transitions").filter(pl.col("at") == LATE)
    assert set(rows["change"]) == {"exited"}
    assert rows.height == len(published[EARLY]) - 732
