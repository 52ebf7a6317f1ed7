"""The stored index is what a full build of the same tables would be, whatever happened to them."""

from __future__ import annotations

import datetime as dt
import decimal
import itertools
import random
import shutil
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from segmentation_pipeline.catalog.reading import read_catalog
from segmentation_pipeline.documents import read_documents
from segmentation_pipeline.errors import LakeError
from segmentation_pipeline.evaluation.evaluate import evaluate_index
from segmentation_pipeline.index import pieces
from segmentation_pipeline.index import stored as upkeep
from segmentation_pipeline.index.build import encode_index
from segmentation_pipeline.index.coding import BUCKET, BUCKET_COLUMN, Codes
from segmentation_pipeline.index.stored import (
    compact_index,
    index_of,
    index_parts,
    input_tables,
    open_index,
    read_index,
    refresh_index,
    stored_profiles,
)
from segmentation_pipeline.ingest.merges import redirects
from segmentation_pipeline.lake import file_changes
from segmentation_pipeline.lake.maintenance import compact
from segmentation_pipeline.lake.store import DeltaStore
from segmentation_pipeline.lake.tables import Table, catalog_table
from segmentation_pipeline.rules.definitions import load_definitions

CATALOG = """
objects:
  contact:
    table: contacts
    key: contact_id
    events: [activities]
    merges: contact_merges
    relations:
      orders: {object: order, foreign_key: contact_id}
    fields:
      contact_id: {type: text, required: true, unique: true}
      plan: text
      score: number
      spent: decimal(2)
      born_on: date
      ok: boolean
      tags: {type: list, of: text, from: {table: tag_rows, value: tag}}
      custom: {type: struct, from: {table: custom_rows}, fields: {tier: text, age: integer}}
  order:
    table: orders
    key: order_id
    fields: {order_id: {type: text, required: true}, contact_id: text, product: text}
tables:
  contact_merges:
    key: [merge_id]
    columns: {merge_id: text, primary_id: text, merged_id: text, action: {type: enum, values: [merge, undo]},
              merged_at: datetime}
  tag_rows: {key: [contact_id, tag], columns: {contact_id: text, tag: text}}
  custom_rows:
    key: [contact_id, field_name]
    columns: {contact_id: text, field_name: text, value_text: text, value_number: decimal(6),
              value_boolean: boolean, value_date: date, value_datetime: datetime}
events:
  activities:
    table: activities
    key: contact_id
    type: kind
    time: at
    id: activity_id
    fields: {activity_id: text, contact_id: text, kind: text, at: datetime}
    types:
      purchase: {fields: {revenue: decimal(4), product: text}}
      opened: {fields: {labels: {type: list, of: text}}}
"""
START = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
SPREAD = BUCKET // 2 + 1
PROFILE, EVENTS = "profile_index_contact", "event_index_activities"


def catalog_of(text=CATALOG):
    (document,) = read_documents(text, "catalog.yaml")
    return read_catalog(document)


@dataclass
class World:
    """A lake, and short ways to change its tables. Two objects share a bucket."""

    store: DeltaStore
    catalog: object = field(default_factory=catalog_of)
    events: itertools.count = field(default_factory=itertools.count)
    into: dict = field(default_factory=dict)

    def _frame(self, table, rows):
        laid = catalog_table(self.catalog, table)
        full = [{name: row.get(name) for name in laid.schema} for row in rows]
        return laid, pl.DataFrame(full, schema=laid.schema)

    def contacts(self, *numbers, **fields):
        rows = [
            {"contact_id": f"c{n}", "object_index": n * SPREAD, "plan": f"plan {n % 3}", **fields}
            for n in numbers
        ]
        laid, frame = self._frame("contacts", rows)
        self.store.merge(laid, frame, ("contact_id",))

    def forget(self, *numbers):
        laid = catalog_table(self.catalog, "contacts")
        self.store.delete(laid, pl.DataFrame({"contact_id": [f"c{n}" for n in numbers]}), ("contact_id",))

    def happen(self, *rows):
        """Append events: (number of the contact, kind, day) and whatever fields."""
        made = [
            {
                "activity_id": f"e{next(self.events)}",
                "contact_id": f"c{n}",
                "kind": kind,
                "at": START + dt.timedelta(days=day),
                "month": (START + dt.timedelta(days=day)).strftime("%Y-%m"),
                **dict(more),
            }
            for n, kind, day, *more in rows
            for more in [more[0] if more else {}]
        ]
        self.store.append(*self._frame("activities", made))

    def tag(self, number, *tags):
        laid, frame = self._frame("tag_rows", [{"contact_id": f"c{number}", "tag": tag} for tag in tags])
        self.store.merge(laid, frame, ("contact_id", "tag"))

    def untag(self, number, tag):
        laid, frame = self._frame("tag_rows", [{"contact_id": f"c{number}", "tag": tag}])
        self.store.delete(laid, frame.select("contact_id", "tag"), ("contact_id", "tag"))

    def custom(self, number, **values):
        rows = [
            {
                "contact_id": f"c{number}",
                "field_name": name,
                "value_text" if name == "tier" else "value_number": value,
            }
            for name, value in values.items()
        ]
        laid, frame = self._frame("custom_rows", rows)
        self.store.merge(laid, frame, ("contact_id", "field_name"))

    def order(self, number, contact, product="x"):
        row = {
            "order_id": f"o{number}",
            "object_index": number,
            "contact_id": f"c{contact}",
            "product": product,
        }
        self.store.merge(*self._frame("orders", [row]), ("order_id",))

    def merge(self, merged, primary, action="merge"):
        """Append a merge, or what undoes it; one that would close a circle is left out, as imports do."""
        there = primary
        while there is not None and there != merged:
            there = self.into.get(there)
        if action == "merge" and there == merged:
            return
        self.into.pop(merged, None)
        if action == "merge":
            self.into[merged] = primary
        number = next(self.events)
        row = {
            "merge_id": f"m{number}",
            "primary_id": f"c{primary}",
            "merged_id": f"c{merged}",
            "action": action,
            "merged_at": START + dt.timedelta(hours=number),
        }
        self.store.merge(*self._frame("contact_merges", [row]), ("merge_id",))

    @property
    def inputs(self):
        return self.store.snapshot(input_tables(self.catalog))

    def refresh(self):
        return refresh_index(self.store, self.catalog, self.inputs)

    def check(self):
        """Compare what is stored with what the tables say."""
        stored, built = open_index(self.store, self.catalog, self.inputs), index_of(self.catalog, self.inputs)
        assert stored.problems == built.problems
        compare(stored.profiles, built.profiles, "object_index")
        compare(stored.events, built.events, "activity_id")
        assert set(stored.coded) == {*built.profiles, *built.events}
        assert stored.profiles["contact"].collect()["object_index"].is_sorted()
        return stored

    def files(self, name):
        return pl.DataFrame(self.store.open(name).get_add_actions())["path"].to_list()


def compare(stored, built, key):
    assert stored.keys() == built.keys()
    for name, frame in built.items():
        expected = frame.collect()
        found = stored[name].select(expected.columns).collect()
        assert found.schema == expected.schema
        assert found.sort(key).equals(expected.sort(key))


@pytest.fixture
def world(tmp_path):
    return begun(tmp_path / "lake")


def begun(root):
    world = World(DeltaStore(root))
    world.contacts(0, 1, 2, 3, 4, 5)
    world.tag(1, "vip", "new")
    world.custom(2, tier="gold", age=30)
    world.happen(
        (0, "opened", 3),
        (1, "purchase", 1, {"revenue": decimal.Decimal("9.5"), "product": "x"}),
        (5, "opened", 2),
    )
    return world


def test_a_full_build_has_what_the_tables_have(world):
    stored = world.check()
    assert isinstance(stored.coded["activities"].codings["kind"], Codes)
    assert {BUCKET_COLUMN, "object_index"} <= set(stored.coded["activities"].rows.collect_schema())
    assert sorted(stored.coded["contact"].rows.select("bucket").collect()["bucket"].to_list()) == [
        0,
        0,
        1,
        1,
        2,
        2,
    ]


def test_nothing_is_written_where_nothing_changed(world):
    assert world.refresh() == world.refresh()


def test_appended_events_are_added_in_files_of_their_own(world):
    world.refresh()
    before = set(world.files(EVENTS))
    world.happen((1, "visited", 0), (1, "opened", -400), (0, "purchase", 99, {"product": "never seen"}))
    world.check()
    after = set(world.files(EVENTS))
    assert before < after
    assert len(after - before) == 1


def test_only_the_buckets_of_changed_objects_are_written_again(world):
    world.refresh()
    before = set(world.files(PROFILE))
    world.tag(2, "late")
    world.check()
    assert len(before & set(world.files(PROFILE))) == 2


def test_files_in_a_bucket_lie_in_order_of_type_and_time(world):
    world.happen((0, "opened", 1), (1, "purchase", 0), (0, "opened", 0), (1, "opened", 2))
    rows = open_index(world.store, world.catalog, world.inputs).coded["activities"].rows
    one = rows.filter(pl.col("bucket") == 0).select("kind", "at").collect()
    assert one.equals(one.sort("kind", "at"))
    assert one.height == 6


def test_an_unknown_contact_that_arrives_gets_its_earlier_events(world):
    world.happen((9, "opened", 1))
    world.refresh()
    world.contacts(9)
    stored = world.check()
    assert stored.events["activities"].filter(pl.col("contact_id") == "c9").collect().height == 1


def test_an_object_with_another_index_takes_its_events_along(world):
    world.refresh()
    world.forget(5)
    world.contacts(5, object_index=7 * SPREAD)
    stored = world.check()
    assert (
        stored.events["activities"].filter(pl.col("contact_id") == "c5").collect()["object_index"].item()
        == 7 * SPREAD
    )


def test_text_is_normalised_on_the_way(world):
    world.contacts(6, plan="cafe\u0301")
    world.happen((6, "cafe\u0301", 1, {"product": "e\u0301"}), (6, "caf\u00e9", 1))
    stored = world.check()
    assert "caf\u00e9" in stored.profiles["contact"].collect()["plan"].to_list()
    assert stored.coded["activities"].codings["kind"].values.to_list() == ["caf\u00e9", "opened", "purchase"]


def test_a_table_that_was_made_anew_is_read_anew(world):
    world.refresh()
    shutil.rmtree(world.store.root.table("activities"))
    world.happen((0, "other", 1))
    world.check()


def test_where_the_log_forgot_everything_is_built(world, monkeypatch):
    def forgotten(*_arguments):
        raise LakeError("the log has no version 1 (any more)")

    world.refresh()
    before = set(world.files(EVENTS))
    world.happen((0, "opened", 1))
    monkeypatch.setattr(file_changes, "actions", forgotten)
    world.check()
    assert not before & set(world.files(EVENTS))


def test_a_reader_keeps_the_rows_it_began_with(world):
    world.refresh()
    inputs = world.inputs
    index = read_index(world.store, world.catalog, inputs)
    before = index_of(world.catalog, inputs).events["activities"].collect().sort("activity_id")
    world.happen((0, "a kind that sorts first", 1))
    world.contacts(0, object_index=20 * SPREAD)
    world.check()
    now = index.events["activities"].select(before.columns).collect().sort("activity_id")
    assert now.equals(before)


def test_a_dictionary_that_is_full_becomes_text(world, monkeypatch):
    world.refresh()
    coding = open_index(world.store, world.catalog, world.inputs).coded["activities"].codings["product"]
    assert isinstance(coding, Codes)
    monkeypatch.setattr(Codes, "most", property(lambda _self: 3))
    monkeypatch.setattr(pieces, "MOST_CODES", 3)
    world.happen(*((0, "purchase", 0, {"product": f"p{n}"}) for n in range(5)))
    stored = world.check()
    assert "product" not in stored.coded["activities"].codings


def test_a_decimal_that_does_not_fit_stays_one(world):
    world.refresh()
    world.happen((0, "purchase", 0, {"revenue": decimal.Decimal("123456789012345678.1234")}))
    stored = world.check()
    assert "revenue" not in stored.coded["activities"].codings


def test_more_tags_than_bits_are_lists(world):
    world.refresh()
    world.tag(0, *(f"tag {n}" for n in range(600)))
    assert "tags" not in world.check().coded["contact"].codings


def test_a_second_word_of_bits(world):
    world.refresh()
    world.tag(0, *(f"tag {n}" for n in range(100)))
    assert world.check().coded["contact"].codings["tags"].words == 2


def test_a_new_column_of_the_catalog_is_built(world):
    world.refresh()
    world.catalog = catalog_of(CATALOG.replace("ok: boolean", "ok: boolean\n      city: text"))
    assert "city" in open_index(world.store, world.catalog, world.inputs).problems["contact"]


def test_compaction_of_inputs_is_no_change(world):
    world.happen((1, "opened", 1))
    world.refresh()
    before = world.files(EVENTS)
    world.happen((0, "opened", 5))
    for table in ("activities", "contacts", "tag_rows"):
        compact(world.store, table)
    world.check()
    assert set(before) < set(world.files(EVENTS))


def test_a_bucket_of_many_files_is_compacted_on_the_way(world, monkeypatch):
    monkeypatch.setattr(upkeep, "MOST_FILES", 4)
    world.refresh()
    for day in range(7):
        world.happen((0, f"kind {day}", 9 - day))
        world.check()
    assert sum("bucket=0" in path for path in world.files(EVENTS)) <= 4


def test_maintenance_leaves_one_file_a_bucket_and_the_index_current(world):
    world.refresh()
    for day in range(3):
        world.happen((0, "opened", day), (3, "opened", day))
        world.refresh()
    compact_index(world.store, world.catalog)
    assert len(world.files(EVENTS)) == 3
    version = world.store.version(EVENTS)
    world.check()
    assert world.store.version(EVENTS) == version


@pytest.mark.parametrize("change", ["grow", "rebuild"])
def test_killed_between_the_dictionary_and_the_part(world, monkeypatch, change):
    world.refresh()
    before = {
        name: frame.collect()
        for name, frame in read_index(world.store, world.catalog, world.inputs).events.items()
    }
    version, inputs = world.store.version(EVENTS), world.inputs

    def killed(*_arguments, **_options):
        raise KeyboardInterrupt

    world.happen((0, "a kind that sorts first", 1))
    if change == "rebuild":
        world.contacts(0, object_index=20 * SPREAD)
    with monkeypatch.context() as patch:
        patch.setattr(DeltaStore, "commit_files", killed)
        with pytest.raises(KeyboardInterrupt):
            refresh_index(world.store, world.catalog, world.inputs, only=[EVENTS])
    assert world.store.version(EVENTS) == version
    there = read_index(world.store, world.catalog, inputs)
    assert "activities" in there.coded
    assert (
        there.events["activities"]
        .collect()
        .sort("activity_id")
        .equals(before["activities"].sort("activity_id"))
    )
    world.check()


def test_rows_put_aside_leave_nothing_behind(world, monkeypatch, tmp_path):
    monkeypatch.setattr("segmentation_pipeline.index.scratch.HELD_BYTES", 0)
    monkeypatch.setattr("segmentation_pipeline.index.event_rows.CHUNK_CELLS", 1)
    world.check()
    assert not list((tmp_path / "lake").glob(".index*"))


def test_an_index_of_the_former_format_is_replaced(world):
    old = pl.DataFrame({"object_index": [1], "contact_id": ["x"]})
    world.store.append(Table(PROFILE, old.schema), old)
    world.check()
    assert stored_profiles(world.store, world.catalog.objects["contact"]).collect().height == 6


def test_inputs_that_cannot_be_read(world):
    for file in Path(world.store.root.table("activities")).rglob("*.parquet"):
        file.write_bytes(b"no parquet")
    with pytest.raises(LakeError, match="`activities` or `contacts` cannot be read"):
        world.refresh()
    index = open_index(world.store, world.catalog, world.inputs)
    assert "activities" not in index.events
    assert "cannot be read" in index.problems["activities"]["kind"]


RULES = {
    "vips": "where: {field: tags, operator: has_any, value: [vip]}",
    "planned": "where: {field: plan, operator: contains, value: plan 1}",
    "buyers": "where: {event: purchase, within: last 30 days}",
    "spenders": "where: {measure: sum, of: revenue, event: purchase, operator: greater_than, value: 12}",
    "quiet": "where: {not: {event: opened, within: last 90 days}}",
    "recent": "where: {event: purchase, measure: last, of: revenue, operator: greater_than, value: 5}",
    "converted": "where: {sequence: [{event: opened}, {event: purchase}], gap: 30 days}",
    "both": "where: {all: [{segment: buyers}, {not: {segment: vips}}]}",
}


@pytest.fixture
def definitions(world, tmp_path):
    folder = tmp_path / "segment_definitions"
    (folder / "segments").mkdir(parents=True)
    for name, rule in RULES.items():
        (folder / "segments" / f"{name}.yaml").write_text(f"segment: {name}\n{rule}\n", encoding="utf-8")
    found = load_definitions(folder, world.catalog)
    assert not found.broken
    return found


def test_files_in_any_order_give_the_same_members(world, definitions):
    """Events come late, out of order and twenty times, each time in a file of its own."""
    drawn = random.Random(4)
    for _ in range(20):
        world.happen(
            *(
                (
                    drawn.randrange(6),
                    drawn.choice(["opened", "purchase", "other"]),
                    drawn.randrange(-60, 60),
                    {"revenue": decimal.Decimal(drawn.randrange(0, 100000)) / 10000, "product": "x"},
                )
                for _ in range(8)
            )
        )
        world.refresh()
    assert len(world.files(EVENTS)) > 6
    as_of = START + dt.timedelta(days=45)
    indexes = [read_index(world.store, world.catalog, world.inputs), index_of(world.catalog, world.inputs)]
    indexes.append(encode_index(indexes[1]))
    assert [set(index.coded) for index in indexes] == [
        {"contact", "activities"},
        set(),
        {"contact", "activities"},
    ]
    compact_index(world.store, world.catalog)
    indexes.append(read_index(world.store, world.catalog, world.inputs))
    outcomes = [evaluate_index(definitions, index, as_of) for index in indexes]
    for outcome in outcomes:
        assert not outcome.failed
        for name in RULES:
            assert outcome.members[name].to_list() == outcomes[0].members[name].to_list()
    sizes = {name: len(members) for name, members in outcomes[0].members.items()}
    assert all(sizes[name] for name in ("vips", "planned", "buyers", "spenders", "converted", "both"))


def owners(index, source="activities"):
    """Return whose every event counts as, by the key it came with."""
    keys = index.profiles["contact"].select("object_index", pl.col("contact_id").alias("owner"))
    rows = index.events[source].select("object_index", "contact_id").join(keys, on="object_index")
    return set(rows.select("contact_id", "owner").collect().iter_rows())


def test_what_names_a_merged_object_counts_as_its_primary(world):
    world.order(1, 1)
    world.custom(1, tier="silver", age=20)
    world.refresh()
    world.merge(1, 2)
    world.merge(2, 0)
    stored = world.check()
    assert owners(stored) == {("c0", "c0"), ("c1", "c0"), ("c5", "c5")}
    assert set(stored.profiles["contact"].collect()["contact_id"]) == {"c0", "c3", "c4", "c5"}
    assert stored.profiles["order"].collect()["contact_id"].to_list() == ["c0"]
    primary = stored.profiles["contact"].filter(pl.col("contact_id") == "c0").collect()
    assert primary["tags"].to_list() == [["new", "vip"]]
    assert primary.select("custom.tier", "custom.age").row(0) == ("silver", 20)


def test_the_value_of_the_primary_itself_stands_before_those_of_merged_ones(world):
    world.custom(1, tier="silver", age=20)
    world.merge(1, 2)
    profile = world.check().profiles["contact"].filter(pl.col("contact_id") == "c2").collect()
    assert profile.select("custom.tier", "custom.age").row(0) == ("gold", 30)


def test_a_merge_writes_only_the_buckets_of_its_objects_again(world):
    world.tag(0, "old")
    world.refresh()
    profiles, events = set(world.files(PROFILE)), set(world.files(EVENTS))
    world.merge(1, 0)
    world.check()
    assert len(profiles & set(world.files(PROFILE))) == 2
    assert len(events & set(world.files(EVENTS))) == 1
    profiles, events = set(world.files(PROFILE)), set(world.files(EVENTS))
    world.merge(1, 0, action="undo")
    world.happen((1, "opened", 9))
    world.check()
    assert len(profiles & set(world.files(PROFILE))) == 2
    assert len(events & set(world.files(EVENTS))) == 1


def test_undoing_a_merge_brings_back_the_index_there_was(world):
    before = {name: frame.collect() for name, frame in world.check().profiles.items()}
    world.merge(1, 0)
    world.check()
    world.merge(1, 0, action="undo")
    after = world.check()
    assert all(after.profiles[name].collect().equals(frame) for name, frame in before.items())
    assert owners(after) == {("c0", "c0"), ("c1", "c1"), ("c5", "c5")}


def test_a_merge_into_an_unknown_object_waits_for_it(world):
    world.merge(1, 9)
    assert owners(world.check()) == {("c0", "c0"), ("c1", "c1"), ("c5", "c5")}
    world.contacts(9)
    assert ("c1", "c9") in owners(world.check())


def test_an_object_that_was_only_ever_merged_has_its_events_counted(world):
    world.happen((8, "opened", 1))
    world.refresh()
    world.merge(8, 0)
    assert ("c8", "c0") in owners(world.check())


def test_merges_in_a_circle_take_their_objects_out(world):
    world.merge(1, 0)
    world.into.clear()
    world.merge(0, 1)
    world.order(1, 1)
    with pytest.raises(LakeError, match="c1 → c0 → c1"):
        redirects(world.store, world.catalog)
    index = open_index(world.store, world.catalog, world.inputs)
    assert "contact" not in index.profiles
    assert "go in a circle" in index.problems["contact"]["plan"]
    assert "go in a circle" in index.problems["order"]["contact_id"]


NUMBERS = st.integers(0, 12)
WORDS = st.sampled_from(["vip", "new", "é", "e\u0301", "", "a b", *(f"w{n}" for n in range(70))])
EVENT = st.tuples(
    NUMBERS,
    st.sampled_from(["opened", "purchase", "late", "e\u0301"]),
    st.integers(-500, 500),
    st.fixed_dictionaries(
        {},
        optional={
            "revenue": st.decimals(-99, 99, places=4),
            "product": WORDS,
            "labels": st.lists(st.none() | WORDS, max_size=3),
            "contact_id": st.sampled_from(["c0", "c\u00e9", None]),
        },
    ),
)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("happen"), st.lists(EVENT, min_size=1, max_size=4)),
        st.tuples(st.just("contacts"), st.lists(NUMBERS, min_size=1, max_size=3, unique=True), WORDS),
        st.tuples(st.just("forget"), NUMBERS),
        st.tuples(st.just("tag"), NUMBERS, st.lists(WORDS, min_size=1, max_size=3, unique=True)),
        st.tuples(st.just("untag"), NUMBERS, WORDS),
        st.tuples(st.just("custom"), NUMBERS, WORDS),
        st.tuples(st.just("order"), st.integers(0, 3), NUMBERS),
        st.tuples(st.just("merge"), NUMBERS, NUMBERS),
        st.tuples(st.just("undo"), NUMBERS),
        st.tuples(st.just("lose"), st.integers(0, 5)),
        st.tuples(st.just("compact"), st.sampled_from(["activities", "contacts", "tag_rows"])),
        st.tuples(st.just("refresh")),
    ),
    min_size=3,
    max_size=10,
)


def follow(world, step):
    match step:
        case ("happen", rows):
            world.happen(*rows)
        case ("contacts", numbers, plan):
            world.contacts(*numbers, plan=plan, score=float("nan") if plan == "vip" else 1.5)
        case ("forget", number):
            world.forget(number)
        case ("tag", number, tags):
            world.tag(number, *tags)
        case ("untag", number, tag):
            world.untag(number, tag)
        case ("custom", number, tier):
            world.custom(number, tier=tier, age=number)
        case ("order", number, contact):
            world.order(number, contact)
        case ("merge", merged, primary):
            world.merge(merged, primary)
        case ("undo", number):
            world.merge(number, number, action="undo")
        case ("lose", number):
            laid = catalog_table(world.catalog, "activities")
            world.store.delete(laid, pl.DataFrame({"activity_id": [f"e{number}"]}), ("activity_id",))
        case ("compact", table):
            compact(world.store, table)
        case ("refresh",):
            world.refresh()


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_any_history_ends_in_the_index_of_a_full_build(tmp_path_factory, steps):
    world = begun(tmp_path_factory.mktemp("history") / "lake")
    world.refresh()
    for step in steps:
        follow(world, step)
    world.check()
    there = {part.name for part in index_parts(world.catalog) if world.store.exists(part.inputs[0])}
    assert there == set(world.refresh())
