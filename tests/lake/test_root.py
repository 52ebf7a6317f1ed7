"""Where a lake may lie, and that it is readable wherever it may."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from segmentation_pipeline.errors import ContractError, Forbidden, LakeError
from segmentation_pipeline.lake.maintenance import add_columns
from segmentation_pipeline.lake.root import check_root
from segmentation_pipeline.lake.store import Commit, DeltaStore
from segmentation_pipeline.lake.tables import Table

MISREAD = ["My Projects", "50%", "c#", "what?", "ü", "日本", "a{b}", "*", 'a"b', "tab`le"]


@pytest.mark.parametrize("folder", MISREAD)
def test_a_lake_reads_back_under_a_path_that_scan_delta_misses(folder, tmp_path, table, rows, pairs):
    store = DeltaStore(tmp_path / folder)
    store.append(table, rows(("a", 1), ("it's ü/%=?#", 2)), Commit({"run": "1"}, ("app", 4)))
    store.replace_where(table, rows(("a", 3)), "segment_id", ["a"])
    store.merge(table, rows(("b", 5)), ("segment_id", "object_index"))
    assert pairs(store.scan("memberships")) == [("a", 3), ("b", 5), ("it's ü/%=?#", 2)]
    assert pairs(store.scan("memberships", 0)) == [("a", 1), ("it's ü/%=?#", 2)]
    assert store.scan("memberships").collect_schema() == table.schema
    assert store.transaction("memberships", "app") == 4
    assert store.commit_metadata("memberships", 0) == {"run": "1"}


def test_slices_are_still_skipped_when_planning_there(tmp_path, table, rows):
    store = DeltaStore(tmp_path / "My Projects")
    store.append(table, rows(("a", 1), ("b", 2)))
    plan = store.scan("memberships").filter(pl.col("segment_id") == "b").explain()
    assert "segment_id=b" in plan
    assert "segment_id=a" not in plan


def test_an_emptied_table_reads_as_no_rows_there(tmp_path, table, rows):
    store = DeltaStore(tmp_path / "My Projects")
    store.append(table, rows(("a", 1)))
    store.replace(table, rows())
    assert store.scan("memberships").collect().equals(rows())


def test_a_column_added_later_is_null_in_older_files_there(tmp_path, plain, contacts):
    store = DeltaStore(tmp_path / "My Projects")
    store.append(plain, contacts(("a", 1)))
    wider = Table("contacts", pl.Schema({**plain.schema, "city": pl.String}))
    add_columns(store, wider)
    assert store.scan("contacts").collect().rows() == [("a", 1, None)]


def test_whole_numbers_partition_there_too(tmp_path):
    table = Table("t", pl.Schema({"bucket": pl.Int64, "n": pl.Int64}), partition_by=("bucket",))
    store = DeltaStore(tmp_path / "My Projects")
    frame = pl.DataFrame({"bucket": [7, -1], "n": [1, 2]})
    store.append(table, frame)
    assert store.scan("t").sort("n").collect().equals(frame)


@pytest.mark.parametrize(
    ("folder", "why"),
    [
        ("a[b", "stops the process"),
        ("a]b", "stops the process"),
        ("a|b", "stops the process"),
        ("a^b", "stops the process"),
        ("a\\b", "separator"),
        ("a\nb", "separator"),
        ("a%20b", "another folder's table is read"),
        ("tenant=acme", "partition column"),
    ],
)
def test_a_path_that_cannot_hold_a_lake_is_refused_at_once_with_the_reason(folder, why, tmp_path):
    with pytest.raises(LakeError, match=why):
        DeltaStore(tmp_path / folder)
    assert list(tmp_path.iterdir()) == []


def test_a_link_is_judged_by_where_it_leads(tmp_path):
    (tmp_path / "My Projects").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "My Projects")
    assert not check_root(tmp_path / "link").plain


def test_a_relative_root_survives_a_change_of_folder(tmp_path, monkeypatch, plain, contacts):
    monkeypatch.chdir(tmp_path)
    store = DeltaStore(Path("lake"))
    store.append(plain, contacts(("a", 1)))
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert store.scan("contacts").collect().height == 1


@pytest.mark.parametrize("name", ["../contacts", "a/b", "", "Contacts", "a b"])
def test_a_table_name_cannot_lead_out_of_the_lake(name, store):
    with pytest.raises((ContractError, Forbidden)):
        store.exists(name)


def test_a_file_address_is_refused(tmp_path):
    with pytest.raises(LakeError, match="named by its path"):
        DeltaStore(f"file://{tmp_path}")


def test_an_object_store_path_that_readers_miss_is_refused():
    with pytest.raises(LakeError, match="object store"):
        DeltaStore("s3://bucket/my lake")


# A process of its own: the library holds the interpreter's lock while it asks.
BUCKET = """
import http.server, json
class Bucket(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = b'<?xml version="1.0"?><ListBucketResult><KeyCount>0</KeyCount></ListBucketResult>'
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        print(json.dumps([self.path, self.headers["Authorization"]]), flush=True)
    def log_message(self, *_): pass
server = http.server.HTTPServer(("127.0.0.1", 0), Bucket)
print(server.server_port, flush=True)
server.serve_forever()
"""


def test_storage_options_reach_the_object_store():
    with subprocess.Popen([sys.executable, "-c", BUCKET], stdout=subprocess.PIPE, text=True) as bucket:
        try:
            options = {
                "AWS_ENDPOINT_URL": f"http://127.0.0.1:{bucket.stdout.readline().strip()}",
                "AWS_ALLOW_HTTP": "true",
                "AWS_REGION": "eu-central-1",
                "AWS_ACCESS_KEY_ID": "THEKEY",
                "AWS_SECRET_ACCESS_KEY": "secret",
                "timeout": "10s",
                "retry_timeout": "10s",
            }
            assert not DeltaStore("s3://bucket/lake/", options).exists("contacts")
            path, authorization = json.loads(bucket.stdout.readline())
        finally:
            bucket.kill()
    assert "lake%2Fcontacts" in path
    assert "Credential=THEKEY/" in authorization
