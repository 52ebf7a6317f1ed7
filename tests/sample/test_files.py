from __future__ import annotations

import csv
import datetime as dt
import io
import json
from collections import Counter
from zoneinfo import ZoneInfo

import pytest

from segmentation_pipeline.sample import AS_OF, make_sample, write_sample


@pytest.fixture(scope="module")
def log(sample):
    return [json.loads(line) for line in sample.files["activities.jsonl"].splitlines()]


@pytest.fixture(scope="module")
def table(sample):
    return lambda name: list(csv.DictReader(io.StringIO(sample.files[name])))


def test_the_committed_files_are_what_the_generator_writes(sample, folder):
    written = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert written == {name: text.encode() for name, text in sample.files.items()}


def test_the_same_seed_gives_the_same_bytes_and_another_does_not():
    assert make_sample(7).files == make_sample(7).files
    assert make_sample(7).files != make_sample(8).files


def test_files_are_written_as_they_are_made(tmp_path, sample):
    write_sample(tmp_path / "new" / "folder")
    assert (tmp_path / "new" / "folder" / "orders.csv").read_text(encoding="utf-8") == sample.files[
        "orders.csv"
    ]


def test_it_is_small_enough_to_commit(sample):
    assert sum(len(text.encode()) for text in sample.files.values()) < 1_500_000


def test_nothing_happens_at_its_end_or_later(log, table):
    end = f"{AS_OF:%Y-%m-%dT%H:%M:%SZ}"
    assert max(row["at"] for row in log if row["id"] != "x-1") < end
    assert max(row["Signed Up"] for row in table("contacts.csv")) < end
    local = dt.datetime.fromisoformat(table("orders.csv")[-1]["Ordered"])
    assert local.replace(tzinfo=ZoneInfo("Europe/Berlin")) < AS_OF


def test_no_order_falls_into_the_hour_that_the_shops_clocks_repeat(table):
    berlin = ZoneInfo("Europe/Berlin")
    for row in table("orders.csv"):
        at = dt.datetime.fromisoformat(row["Ordered"]).replace(tzinfo=berlin)
        assert at.utcoffset() == at.replace(fold=1).utcoffset()


def test_few_contacts_do_much_and_many_do_little(log):
    counts = sorted(Counter(row.get("contact") for row in log if row.get("contact")).values(), reverse=True)
    busiest = sum(counts[: len(counts) // 10])
    assert busiest > 0.25 * sum(counts)
    assert counts[len(counts) // 2] < 0.6 * counts[len(counts) // 10]


def test_people_live_in_many_time_zones(table):
    assert len({row["Time Zone"] for row in table("contacts.csv")} - {""}) >= 10


def test_some_contacts_have_no_address_and_some_no_company(table):
    rows = table("contacts.csv")
    assert sum(not row["Email Address"] for row in rows) > 10
    assert sum(not row["Company ID"] for row in rows) > 30


def test_addresses_are_reserved_ones(table):
    hosts = {row["Email Address"].rpartition("@")[2].lower() for row in table("contacts.csv")}
    assert all(host.endswith(".example") for host in hosts - {""})


def test_texts_go_to_customers_with_a_number_whom_one_may_still_write_to(log, table):
    contacts = {row["Contact ID"]: row for row in table("contacts.csv")}
    first = {}
    for row in reversed(table("orders.csv")):
        first[row["Customer"]] = row["Ordered"]
    texts = [row for row in log if row.get("type") == "sms_sent"]
    assert len(texts) > 100
    for row in texts:
        contact = contacts[row["contact"]]
        assert contact["Phone"]
        assert first[row["contact"]][:10] <= row["at"][:10]
        assert not contact["Unsubscribed"] or contact["Unsubscribed"] > row["at"]


def test_every_message_belongs_to_a_campaign(log, table):
    campaigns = {row["campaign_id"] for row in table("campaigns.csv")}
    assert {row["campaign_id"] for row in log if row.get("type") in ("email_sent", "sms_sent")} == campaigns
