"""Ten segments over UCI Online Retail, published at two instants, against DuckDB over the Parquet file.

`online_retail/segments/*.yaml` holds the rules, `online_retail/expected/*.sql` says in SQL who should
be a member and, per leaf of the rule, which value (`found_1`, …) and which lines (`rows_1`, …) decide.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import re
from collections import Counter
from decimal import Context, Decimal
from pathlib import Path

import duckdb
import polars as pl
import pytest

from segmentation_pipeline.evaluation.evaluate import evaluate_index
from segmentation_pipeline.index.stored import input_tables, open_index
from segmentation_pipeline.rules.interpret import examine_segment
from segmentation_pipeline.rules.tree import Compare, InSegment, Measure
from segmentation_pipeline.segments.basis import read_definitions
from segmentation_pipeline.segments.explain import SHOWN_ROWS, explanation
from segmentation_pipeline.segments.worlds import gather_world

FOLDER = os.environ.get("SEGMENTATION_REAL_DATA")
pytestmark = [
    pytest.mark.integration,
    pytest.mark.real,
    pytest.mark.skipif(FOLDER is None, reason="SEGMENTATION_REAL_DATA is not set"),
]

HERE = Path(__file__).parent / "online_retail"
SHIPPED_CATALOG = Path(__file__).parents[2] / "segment_definitions" / "catalog.yaml"
FILE = Path(FOLDER or ".") / "online_retail" / "retail.parquet"
EARLY = dt.datetime(2011, 6, 30, tzinfo=dt.UTC)
LATE = dt.datetime(2011, 12, 10, tzinfo=dt.UTC)
INSTANTS = pytest.mark.parametrize("as_of", [EARLY, LATE], ids=["early", "late"])
DIGITS = Context(prec=28)

# An expected segment may build on another one only if it stands below it.
SEGMENTS = (
    "big_spenders",
    "frequent_buyers",
    "lapsed",
    "abroad",
    "often_cancelled",
    "december_only",
    "new_customers",
    "large_lines",
    "core_customers",
    "regular_and_easy",
)

# Cancelled lines have negative quantities; a customer's country is that of the first line in the file.
LINES = """
create table line as
select
    CustomerID::varchar as contact,
    InvoiceNo as order_id,
    InvoiceDate as occurred_at,
    UnitPrice::decimal(18, 4) * Quantity::decimal(9, 0) as revenue,
    starts_with(InvoiceNo, 'C') as cancelled,
    {'order_id': InvoiceNo, 'product': StockCode, 'at': InvoiceDate, 'revenue': revenue} as evidence
from read_parquet($file)
where CustomerID is not null and InvoiceDate <= getvariable('as_of')
"""
CUSTOMERS = """
create table customer as
select CustomerID::varchar as contact, arg_min(Country, file_row_number) as country
from read_parquet($file, file_row_number = true)
where CustomerID is not null
group by all
"""


@pytest.fixture(scope="module")
def computed():
    """By instant: a database with a table a segment, a row a customer, made by DuckDB from the file alone."""
    found = {}
    for as_of in (EARLY, LATE):
        database = found[as_of] = duckdb.connect()
        database.execute(f"set variable as_of = timestamp '{as_of:%Y-%m-%d %H:%M:%S}'")
        database.execute(LINES, {"file": str(FILE)})
        database.execute(CUSTOMERS, {"file": str(FILE)})
        for name in SEGMENTS:
            sql = (HERE / "expected" / f"{name}.sql").read_text(encoding="utf8")
            database.execute(f"create table {name} as {sql}")
    yield found
    for database in found.values():
        database.close()


@pytest.fixture(scope="module")
def expected(computed):
    """By instant and segment: the customers who should be members."""
    return {
        (as_of, name): {
            contact for (contact,) in database.sql(f"select contact from {name} where member").fetchall()
        }
        for as_of, database in computed.items()
        for name in SEGMENTS
    }


@pytest.fixture(scope="module")
def project(make_project):
    """A project of its own with the ten segments, the whole file imported."""
    segments = {path.stem: path.read_text(encoding="utf8") for path in (HERE / "segments").glob("*.yaml")}
    made = make_project("online_retail", SHIPPED_CATALOG.read_text(encoding="utf8"), segments)
    made.load("activities", HERE / "lines.yaml", FILE)
    return made


@pytest.fixture(scope="module")
def runs(project):
    """By instant, in order of time: the run, and both tables of members as they were after it."""
    found = {}
    for as_of in (EARLY, LATE):
        run = project.publish(as_of)
        found[as_of] = run, project.rows("segment_members"), project.rows("segment_memberships")
    return found


@pytest.fixture(scope="module")
def definitions(project):
    return read_definitions(project.workspace)


@pytest.fixture(scope="module")
def examined(computed, project, runs, definitions):
    """By instant, segment and answer: the nearest to the line by DuckDB's row, and the verdict on it."""
    inputs = project.store.snapshot(input_tables(project.catalog))
    index = open_index(project.store, project.catalog, inputs)
    found = {}
    for as_of in (EARLY, LATE):
        picked = {
            (name, member): nearest(computed[as_of], name, member)
            for name in SEGMENTS
            for member in (True, False)
        }
        keys = sorted({row["contact"] for row in picked.values()})
        world = gather_world(evaluate_index(definitions, index, as_of), as_of, "contact", keys)
        for (name, member), row in picked.items():
            verdict = examine_segment(definitions.segments[name], row["contact"], world)
            found[as_of, name, member] = row, verdict
    return found


def nearest(database, segment, member):
    """The row of the customer for whom the answer was closest, which is where an error would show."""
    rows = database.sql(
        f"from {segment} where member = {member} order by distance nulls last, contact limit 1"
    )
    return dict(zip(rows.columns, rows.fetchall()[0], strict=True))


def keyed(rows, project, segment):
    contacts = project.rows("contacts").select("object_index", "contact_id")
    mine = rows.filter(pl.col("segment_id") == segment)
    joined = mine.join(contacts, on="object_index", how="left", maintain_order="left")
    return joined["contact_id"].to_list()


def leaves(verdict):
    if verdict is None:
        return []
    if verdict.parts:
        return [leaf for part in verdict.parts for leaf in leaves(part)]
    return [verdict]


def same_row(row):
    return row["order_id"], row["product"], row["occurred_at"].replace(tzinfo=None), row["revenue"]


def plain(value):
    return value.replace(tzinfo=None) if isinstance(value, dt.datetime) else value


def test_the_ten_are_all_there_are(definitions):
    assert [str(finding) for finding in definitions.diagnostics] == []
    assert sorted(definitions.segments) == sorted(SEGMENTS)


@INSTANTS
def test_every_segment_is_published_fresh(runs, as_of):
    run, _, _ = runs[as_of]
    assert run.published
    assert [(each.segment, each.status) for each in run.segments] == [
        (name, "fresh") for name in sorted(SEGMENTS)
    ]


@INSTANTS
@pytest.mark.parametrize("segment", SEGMENTS)
def test_members_are_those_of_duckdb(runs, project, expected, as_of, segment):
    run, published, held = runs[as_of]
    wanted = sorted(expected[as_of, segment])
    assert 0 < len(wanted) < 4372
    assert sorted(published.filter(pl.col("segment_id") == segment)["object_key"]) == wanted
    assert sorted(keyed(held, project, segment)) == wanted
    assert next(each.size for each in run.segments if each.segment == segment) == len(wanted)


@pytest.mark.parametrize("segment", SEGMENTS)
def test_transitions_are_the_differences_of_the_two(runs, project, expected, segment):
    early, late = expected[EARLY, segment], expected[LATE, segment]
    rows = project.rows("segment_transitions")

    def moved(as_of, change):
        return sorted(keyed(rows.filter(pl.col("at") == as_of, pl.col("change") == change), project, segment))

    assert (moved(EARLY, "entered"), moved(EARLY, "exited")) == (sorted(early), [])
    assert (moved(LATE, "entered"), moved(LATE, "exited")) == (sorted(late - early), sorted(early - late))


def test_only_time_passed_between_the_two(runs, project):
    rows = project.rows("segment_transitions").filter(pl.col("at") == LATE)
    assert set(rows["reason"]) == {"time passed"}


def test_members_who_stay_keep_the_time_they_came(runs, expected):
    _, published, _ = runs[LATE]
    stayed = expected[EARLY, "big_spenders"] & expected[LATE, "big_spenders"]
    rows = published.filter(pl.col("segment_id") == "big_spenders")
    assert set(rows.filter(pl.col("added_at") == EARLY)["object_key"]) == stayed


@INSTANTS
@pytest.mark.parametrize("member", [True, False], ids=["member", "not"])
@pytest.mark.parametrize("segment", SEGMENTS)
def test_explain_finds_the_values_and_lines_of_duckdb(examined, as_of, segment, member):
    row, verdict = examined[as_of, segment, member]
    assert verdict.member is member
    decisive = leaves(verdict.where) + leaves(verdict.exclude)
    assert len(decisive) == sum(name.startswith("found_") for name in row)
    for number, leaf in enumerate(decisive, start=1):
        if isinstance(leaf.condition, InSegment):
            assert leaf.holds is row[f"found_{number}"]
            continue
        assert isinstance(leaf.condition, Compare)
        assert same_value(leaf.value, row[f"found_{number}"])
        if isinstance(leaf.condition.operand, Measure):
            lines = (
                (line["order_id"], line["product"], line["at"], line["revenue"])
                for line in row[f"rows_{number}"] or ()
            )
            assert Counter(map(same_row, leaf.rows)) == Counter(lines)


def same_value(found, wanted):
    if isinstance(wanted, dict):  # an average as its exact sum and count, the quotient shown in 28 digits
        return found == DIGITS.divide(wanted["total"], Decimal(wanted["lines"]))
    return plain(found) == wanted


@INSTANTS
@pytest.mark.parametrize("member", [True, False], ids=["member", "not"])
@pytest.mark.parametrize("segment", SEGMENTS)
def test_the_text_of_explain_shows_them(examined, as_of, segment, member):
    row, verdict = examined[as_of, segment, member]
    answer, *text = explanation(verdict)
    assert answer.startswith(
        f"{row['contact']} {'is' if member else 'is not'} a member of {segment}, decided by "
    )
    values = [match[1] for line in text if (match := re.search(r" — is (.+)$", line))]
    wanted = [
        value for name, value in row.items() if name.startswith("found_") and not isinstance(value, bool)
    ]
    assert len(values) == len(wanted)
    assert all(shows(value, one) for value, one in zip(values, wanted, strict=True))
    shown = [
        dt.datetime.fromisoformat(at) for line in text for at in re.findall(r"occurred_at=([^,]+)", line)
    ]
    hidden = sum(int(match[1]) for line in text if (match := re.search(r"… (\d+) earlier rows", line)))
    lines = [value or [] for name, value in row.items() if name.startswith("rows_")]
    latest = [at for each in lines for at in sorted(line["at"] for line in each)[-SHOWN_ROWS:]]
    assert [plain(at) for at in shown] == latest
    assert len(shown) + hidden == sum(len(each) for each in lines)


def shows(text, value):
    if value is None:
        return text == "null"
    if isinstance(value, str):
        return text == repr(value)
    if isinstance(value, dt.datetime):
        return plain(dt.datetime.fromisoformat(text)) == value
    return same_value(Decimal(text), value)


@pytest.mark.parametrize("member", [True, False], ids=["member", "not"])
def test_the_command_says_the_same(examined, project, capsys, member):
    from segmentation_pipeline.cli.main import main

    row, verdict = examined[EARLY, "regular_and_easy", member]
    arguments = ["--as-of", EARLY.isoformat(), "--project", str(project.workspace.project), "--json"]
    with pytest.raises(SystemExit) as ended:
        main(["explain", "regular_and_easy", row["contact"], *arguments])
    assert ended.value.code == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["member"], said["decided_by"]) == (member, verdict.decided_by)
    assert verdict.decided_by == ("where" if member else "exclude")
    assert said["where"]["value"] == row["found_1"] == len(said["where"]["rows"])
