"""One class owns what Delta does behind one's back; each trap has a test that names it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import duckdb
import polars as pl
import pyarrow.parquet as pq
import pytest

from segmentation_pipeline.errors import ContractError, LakeError
from segmentation_pipeline.lake.store import Commit, DeltaStore
from segmentation_pipeline.lake.tables import Table

KEY = ("segment_id", "object_index")


def files(store, name):
    return [action["path"] for action in pl.DataFrame(store.open(name).get_add_actions()).to_dicts()]


def test_the_first_write_makes_version_0_and_the_next_1(store, table, rows, pairs):
    assert not store.exists("memberships")
    assert store.append(table, rows(("a", 1))) == 0
    assert store.append(table, rows(("b", 2))) == 1
    assert store.version("memberships") == 1
    assert store.schema("memberships") == table.schema
    assert pairs(store.scan("memberships")) == [("a", 1), ("b", 2)]


def test_a_missing_table_is_named(store):
    with pytest.raises(LakeError, match="there is no table `contacts`"):
        store.scan("contacts")


def test_a_missing_version_is_an_error_of_the_lake(store, plain, contacts):
    store.append(plain, contacts(("a", 1)))
    with pytest.raises(LakeError, match="contacts"):
        store.scan("contacts", 7)


def test_a_scan_stays_at_its_version_whenever_it_is_collected(store, table, rows, pairs):
    """A LazyFrame that nobody has touched would otherwise see a later commit."""
    store.append(table, rows(("a", 1)))
    untouched, resolved = store.scan("memberships"), store.scan("memberships")
    resolved.collect_schema()
    store.append(table, rows(("b", 2)))
    assert pairs(untouched) == pairs(resolved) == [("a", 1)]
    assert pairs(store.scan("memberships", 0)) == [("a", 1)]


def test_a_snapshot_pins_every_table_and_leaves_out_the_missing(store, table, rows, plain, contacts, pairs):
    store.append(table, rows(("a", 1)))
    store.append(plain, contacts(("a", 1)))
    store.append(plain, contacts(("b", 1)))
    snapshot = store.snapshot(["memberships", "contacts", "companies"])
    store.replace(table, rows(("z", 9)))
    assert snapshot.versions == {"memberships": 0, "contacts": 1}
    assert "companies" not in snapshot
    assert pairs(snapshot.scan("memberships")) == [("a", 1)]
    assert snapshot.schema("contacts") == plain.schema
    with pytest.raises(LakeError, match="no table `companies`"):
        snapshot.scan("companies")


def test_scan_order_is_newest_files_first_so_nobody_may_rely_on_it(store, plain, contacts):
    """Documented with `scan_table`; should the library change it, nothing here has to."""
    for number in range(3):
        store.append(plain, contacts((f"c{number}", number)))
    scanned = store.scan("contacts").collect()["age"].to_list()
    assert scanned != [0, 1, 2]
    assert sorted(scanned) == [0, 1, 2]


def test_replace_takes_the_whole_table(store, table, rows, pairs):
    store.append(table, rows(("a", 1), ("b", 2)))
    assert store.replace(table, rows(("c", 3))) == 1
    assert pairs(store.scan("memberships")) == [("c", 3)]


def test_replace_may_change_the_columns_on_purpose(store, table, rows):
    store.append(table, rows(("a", 1)))
    other = Table("memberships", pl.Schema({"n": pl.Int64, "at": pl.Date}), partition_by=("n",))
    store.replace(other, pl.DataFrame({"n": [1], "at": [None]}, schema=other.schema))
    assert store.schema("memberships") == other.schema
    store.append(other, pl.DataFrame({"n": [2], "at": [None]}, schema=other.schema))
    assert sorted(store.scan("memberships").collect()["n"]) == [1, 2]


def test_any_other_write_refuses_a_table_that_was_declared_otherwise(store, table, rows):
    store.append(table, rows(("a", 1)))
    other = Table("memberships", pl.Schema({"segment_id": pl.String, "n": pl.Int64}))
    with pytest.raises(ContractError, match=r"`n` is missing.*partitioned by \(segment_id\), not \(\)"):
        store.append(other, pl.DataFrame({"segment_id": ["a"], "n": [1]}))


def test_replace_where_takes_only_the_named_slices(store, table, rows, pairs):
    store.append(table, rows(("a", 1), ("b", 2), ("c", 3)))
    store.replace_where(table, rows(("a", 9)), "segment_id", ["a", "b"])
    assert pairs(store.scan("memberships")) == [("a", 9), ("c", 3)]


def test_an_empty_frame_clears_its_slices_and_no_other(store, table, rows, pairs):
    store.append(table, rows(("a", 1), ("b", 2)))
    store.replace_where(table, rows(), "segment_id", ["a"])
    assert pairs(store.scan("memberships")) == [("b", 2)]


def test_no_slices_change_nothing(store, table, rows, pairs):
    store.append(table, rows(("a", 1)))
    assert store.replace_where(table, rows(), "segment_id", [], Commit({"run": "2"})) == 1
    assert pairs(store.scan("memberships")) == [("a", 1)]


def test_a_row_outside_the_slices_is_refused(store, table, rows, pairs):
    store.append(table, rows(("a", 1)))
    with pytest.raises(ContractError, match="outside the replaced slices of `segment_id`: `b`"):
        store.replace_where(table, rows(("a", 2), ("b", 2)), "segment_id", ["a"])
    assert pairs(store.scan("memberships")) == [("a", 1)]


def test_replace_where_needs_a_partition_column(store, plain, contacts):
    with pytest.raises(ContractError, match="no column of text or days by which"):
        store.replace_where(plain, contacts(("a", 1)), "contact_id", ["a"])


NASTY = ["it's", "''", 'say "x"', "a\\'b", "x' OR '1'='1", "100%", "a/b", "ü = ?", " ", "null", "2026-01"]


def test_quotes_in_values_replace_only_their_own_slice(store, table, rows, pairs):
    store.append(table, rows(*((value, 1) for value in NASTY)))
    for value in NASTY:
        store.replace_where(table, rows((value, 2)), "segment_id", [value])
    assert pairs(store.scan("memberships")) == sorted((value, 2) for value in NASTY)


def test_merge_replaces_matches_and_adds_the_rest(store, plain, contacts):
    store.append(plain, contacts(("a", 1), ("b", 2)))
    store.merge(plain, contacts(("b", 20), ("it's", 30)), ("contact_id",))
    assert sorted(store.scan("contacts").collect().rows()) == [("a", 1), ("b", 20), ("it's", 30)]


def test_merge_makes_a_table_that_was_not_there(store, plain, contacts):
    assert store.merge(plain, contacts(("a", 1)), ("contact_id",)) == 0


def test_merge_takes_columns_whose_names_need_quotes(store):
    table = Table("t", pl.Schema({"a b": pl.String, "Q.r": pl.Int64, 'x"y': pl.Int64}))
    frame = pl.DataFrame({"a b": ["k"], "Q.r": [1], 'x"y': [2]})
    store.append(table, frame)
    store.merge(table, frame.with_columns(pl.lit(5, pl.Int64).alias("Q.r")), ("a b",))
    assert store.scan("t").collect().rows() == [("k", 5, 2)]


@pytest.mark.parametrize(
    ("keys", "why"),
    [((("a", 1), ("a", 2)), r"several rows have one \(contact_id\)"), (((None, 1),), "has nulls")],
    ids=["twice: both would be inserted", "null: would be inserted again each time"],
)
def test_merge_refuses_a_key_that_identifies_no_single_row(keys, why, store, plain, contacts):
    with pytest.raises(ContractError, match=why):
        store.merge(plain, contacts(*keys), ("contact_id",))
    assert not store.exists("contacts")


def test_delete_takes_the_rows_of_the_keys(store, table, rows, pairs):
    store.append(table, rows(("a", 1), ("a", 2), ("b", 1)))
    store.delete(table, pl.DataFrame({"segment_id": ["a", "a"], "object_index": [1, 1]}), KEY)
    assert pairs(store.scan("memberships")) == [("a", 2), ("b", 1)]


def test_delete_without_a_match_commits_only_what_is_said(store, table, rows):
    store.append(table, rows(("a", 1)))
    keys = pl.DataFrame({"segment_id": ["z"], "object_index": [1]})
    assert store.delete(table, keys, KEY) == 0
    assert store.delete(table, keys, KEY, Commit(transaction=("erasure", 5))) == 1
    assert store.transaction("memberships", "erasure") == 5


def test_delete_refuses_keys_of_another_type(store, table, rows):
    store.append(table, rows(("a", 1)))
    with pytest.raises(ContractError, match="object_index` is String"):
        store.delete(table, pl.DataFrame({"segment_id": ["a"], "object_index": ["1"]}), KEY)


def test_delete_from_a_missing_table_is_an_error(store, table):
    with pytest.raises(LakeError, match="no table"):
        store.delete(table, pl.DataFrame({"segment_id": ["a"], "object_index": [1]}), KEY)
    assert not store.exists("memberships")


def test_metadata_and_transactions_come_back_for_every_kind_of_commit(store, table, rows):
    empty = rows()
    keys = rows(("a", 1)).select(KEY)
    writes = [
        lambda commit: store.append(table, rows(("a", 1)), commit),
        lambda commit: store.append(table, empty, commit),
        lambda commit: store.merge(table, rows(("a", 1)), KEY, commit),
        lambda commit: store.merge(table, empty, KEY, commit),
        lambda commit: store.replace_where(table, empty, "segment_id", ["b"], commit),
        lambda commit: store.replace_where(table, empty, "segment_id", [], commit),
        lambda commit: store.delete(table, keys, KEY, commit),
        lambda commit: store.delete(table, keys, KEY, commit),
        lambda commit: store.replace(table, empty, commit),
    ]
    for number, write in enumerate(writes):
        assert write(Commit({"run_id": f"run {number}"}, ("runs", number))) == number
        assert store.transaction("memberships", "runs") == number
    for number in range(len(writes)):
        assert store.commit_metadata("memberships", number) == {"run_id": f"run {number}"}


def test_a_transaction_nobody_made_is_none(store, plain, contacts):
    assert store.transaction("contacts", "runs") is None
    store.append(plain, contacts(("a", 1)))
    assert store.transaction("contacts", "runs") is None
    assert store.commit_metadata("contacts", 0) == {}


def test_metadata_of_a_version_that_is_not_there_is_an_error(store, plain, contacts):
    store.append(plain, contacts(("a", 1)))
    with pytest.raises(LakeError, match="no version 3"):
        store.commit_metadata("contacts", 3)


@pytest.mark.parametrize("metadata", [{"operation": "x"}, {"version": "1"}, {"run": 1}])
def test_metadata_the_log_would_mix_up_is_refused(metadata):
    with pytest.raises(ContractError):
        Commit(metadata)


def test_comments_are_stored_and_outlive_other_writes(store, table, rows):
    store.append(table, rows(("a", 1)))
    store.replace(table, rows(("a", 2)))
    store.merge(table, rows(("a", 3)), KEY)
    opened = store.open("memberships")
    comments = {column.name: column.metadata.get("comment") for column in opened.schema().fields}
    assert opened.metadata().description == "who is in which segment"
    assert comments == {"segment_id": None, "object_index": "dense number of the object", "added_at": None}


def test_a_comment_that_has_changed_hinders_no_write(store, table, rows):
    """A catalog's descriptions are edited while its tables live on."""
    store.append(table, rows(("a", 1)))
    edited = replace(table, column_comments={"object_index": "another text"})
    store.append(edited, rows(("b", 2)))
    store.merge(edited, rows(("a", 3)), KEY)
    store.delete(edited, rows(("b", 2)).select(KEY), KEY)
    store.replace(edited, rows(("a", 4)))
    assert store.scan("memberships").collect().height == 1


def test_text_is_plain_utf8_for_other_readers(store):
    """Polars exports string_view, which some readers cannot read."""
    table = Table("t", pl.Schema({"a": pl.String, "b": pl.List(pl.String), "c": pl.Struct({"d": pl.String})}))
    store.append(table, pl.DataFrame({"a": ["x"], "b": [["y"]], "c": [{"d": "z"}]}))
    store.merge(table, pl.DataFrame({"a": ["x"], "b": [["y2"]], "c": [{"d": "z"}]}), ("a",))
    store.replace(table, store.scan("t").collect())
    for path in (store.root.table("t") + "/" + name for name in files(store, "t")):
        kinds = str(pq.read_schema(path).remove_metadata())
        assert "a: string\n" in kinds
        assert "view" not in kinds
        assert "large" not in kinds
        assert duckdb.sql(f"SELECT a, b, c.d FROM '{path}'").fetchall() == [("x", ["y2"], "z")]


def test_packed_integers_are_stored_as_differences(store, table, rows):
    store.append(table, rows(*(("a", number) for number in range(1000))))
    group = pq.ParquetFile(store.root.table("memberships") + "/" + files(store, "memberships")[0]).metadata
    assert "DELTA_BINARY_PACKED" in group.row_group(0).column(0).encodings
    assert "DELTA_BINARY_PACKED" not in group.row_group(0).column(1).encodings


def test_a_failed_first_write_leaves_no_half_table(store, plain, contacts, monkeypatch):
    """Rows are written before the log: what a dead writer leaves is a folder, and no table."""

    def fail(*_):
        raise OSError("disk full")
        yield

    with monkeypatch.context() as patch:
        patch.setattr("segmentation_pipeline.lake.arrow._batches", fail)
        with pytest.raises(LakeError, match="disk full"):
            store.append(plain, contacts(("a", 1)))
    assert not store.exists("contacts")
    assert store.snapshot(["contacts"]).versions == {}
    assert store.append(plain, contacts(("b", 2))) == 0
    assert store.scan("contacts").collect().rows() == [("b", 2)]


def test_a_failed_later_write_leaves_the_last_version(store, plain, contacts, monkeypatch):
    store.append(plain, contacts(("a", 1)))

    def fail(*_):
        raise OSError("disk full")
        yield

    monkeypatch.setattr("segmentation_pipeline.lake.arrow._batches", fail)
    with pytest.raises(LakeError):
        store.replace(plain, contacts(("b", 2)))
    assert store.version("contacts") == 0
    assert store.scan("contacts").collect().rows() == [("a", 1)]


def test_eight_threads_that_also_create_the_table_lose_nothing(store, plain, contacts):
    """The library's default of 15 retries loses commits, and a creation that is overtaken fails."""
    with ThreadPoolExecutor(8) as pool:
        versions = list(pool.map(lambda n: store.append(plain, contacts((f"c{n}", n))), range(40)))
    assert sorted(versions) == list(range(40))
    assert sorted(store.scan("contacts").collect()["age"]) == list(range(40))


def test_threads_that_replace_their_own_slices_lose_nothing(store, table, rows, pairs):
    store.append(table, rows())

    def write(number):
        return store.replace_where(table, rows((f"s{number}", number)), "segment_id", [f"s{number}"])

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(24)))
    assert pairs(store.scan("memberships")) == sorted((f"s{n}", n) for n in range(24))


def test_two_commits_of_one_transaction_at_once_do_not_both_land(tmp_path, plain, contacts):
    """What makes a batch that two processes import land once."""
    store = DeltaStore(tmp_path / "lake")
    store.append(plain, contacts(("a", 1)))

    def land(number):
        try:
            return store.append(plain, contacts((f"c{number}", 1)), Commit(transaction=("job", number)))
        except LakeError as error:
            return error

    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(land, range(8)))
    landed = [outcome for outcome in outcomes if isinstance(outcome, int)]
    assert landed
    assert store.scan("contacts").collect().height == 1 + len(landed)
