"""Bits, counts, chunks, windows and hashes: what the arbiter is made of."""

from __future__ import annotations

import datetime as dt
import doctest

import numpy as np
import pytest

from segmentation_pipeline.assignment import hashing, windows
from segmentation_pipeline.assignment.bits import best, better_than, ranks_of, with_bits
from segmentation_pipeline.assignment.contenders import Contender, Ranking, Source, Sources
from segmentation_pipeline.assignment.counting import block_counts, segment_counts
from segmentation_pipeline.assignment.hashing import capacity_order, salt_number, sampled, splitmix64
from segmentation_pipeline.assignment.past_contacts import chunks_of
from segmentation_pipeline.assignment.policy import CapRule, Policy
from segmentation_pipeline.assignment.windows import first_day, history_from, warm_up_from
from segmentation_pipeline.rules.delivery import Delivery

DAY = dt.date(2026, 6, 9)


def random_mask(words: int, contacts: int, seed: int = 0) -> np.ndarray:
    draw = np.random.default_rng(seed)
    mask = draw.integers(0, 2**64, (words, contacts), dtype=np.uint64)
    mask &= draw.integers(0, 2**64, (words, contacts), dtype=np.uint64)
    mask[:, draw.random(contacts) < 0.2] = 0
    return mask


def table(mask: np.ndarray) -> np.ndarray:
    """One boolean a contact and rank."""
    return np.array(
        [
            [int(mask[rank // 64, at]) >> rank % 64 & 1 for rank in range(64 * len(mask))]
            for at in range(mask.shape[1])
        ],
        dtype=bool,
    ).reshape(mask.shape[1], -1)


@pytest.mark.parametrize("words", [1, 2, 3])
def test_the_best_bit_and_those_above_it(words):
    mask = random_mask(words, 60, seed=words)
    mask[0, 10:40] = 0
    bits = table(mask)
    ranks = [int(row.argmax()) if row.any() else -1 for row in bits]
    first = best(mask)
    assert ranks_of(first).tolist() == ranks
    places = np.arange(bits.shape[1])
    above = [places < (rank if rank >= 0 else bits.shape[1]) for rank in ranks]
    assert (table(better_than(first)) == above).all()
    there = np.flatnonzero(np.array(ranks) >= 0)
    assert (with_bits(words, 60, there, np.array(ranks)[there]) == first).all()


@pytest.mark.parametrize("contacts", [0, 1, 30, 31, 1000, 31 * 4096 + 5])
def test_counts_are_sums(contacts):
    masks = [random_mask(2, contacts, seed) for seed in range(2)]
    expected = [
        np.unpackbits(mask.view(np.uint8).reshape(2, contacts, 8), axis=2, bitorder="little")
        .sum(axis=1)
        .ravel()
        for mask in masks
    ]
    assert (segment_counts(masks, 100) == np.array(expected)[:, :100]).all()
    assert segment_counts([], 3).shape == (0, 3)


def test_blocks_are_counted_by_source():
    mask, draw = random_mask(2, 300), np.random.default_rng(1)
    sources = draw.integers(-1, 5, 300)
    bits = table(mask)
    expected = np.array([bits[sources == source].sum(axis=0) for source in (0, 1, 2, 3, 4, -1)]).T
    assert (block_counts(mask, sources, 128, 5) == expected).all()


def test_a_position_stands_once_in_a_chunk_and_the_last_is_the_highest_source():
    chunks = chunks_of(np.array([4, 1, 4, 4]), np.array([2, 0, 1, 2]))
    assert [(one.positions.tolist(), one.sources.tolist()) for one in chunks] == [
        ([1, 4], [0, 1]),
        ([4], [2]),
        ([4], [2]),
    ]
    assert chunks_of(np.array([], dtype=int), np.array([], dtype=int)) == []


@pytest.mark.parametrize(
    ("rule", "start"),
    [
        ({"cooldown_days": 2}, dt.date(2026, 6, 8)),
        ({"max": 1, "days": 1}, DAY),
        ({"max": 1, "days": 14}, dt.date(2026, 5, 27)),
        ({"max": 1, "days": 14, "extend_to": "week"}, dt.date(2026, 5, 25)),
        ({"max": 1, "days": 14, "extend_to": "month"}, dt.date(2026, 5, 1)),
        ({"max": 1, "days": 1, "extend_to": "quarter"}, dt.date(2026, 4, 1)),
        ({"max": 1, "days": 365, "extend_to": "year"}, dt.date(2025, 1, 1)),
    ],
)
def test_where_windows_begin(rule, start):
    assert first_day(CapRule(**rule), DAY) == start


def ranking(*deliveries: Delivery) -> Ranking:
    return Ranking(tuple(Contender(f"s{number}", one) for number, one in enumerate(deliveries)))


def test_which_days_a_decision_looks_back_to():
    plain = ranking(Delivery(channel="email"))
    assert history_from(Policy(id="p"), plain, DAY) == DAY
    assert warm_up_from(Policy(id="p"), plain, DAY) == DAY
    policy = Policy(id="p", rules=[{"cooldown_days": 3}, {"max": 1, "days": 2}])
    spaced = ranking(
        Delivery(channel="email", repeat={"every_days": 5}, reentry_gap_days=4, expires_after_days=9)
    )
    assert history_from(policy, plain, DAY) == dt.date(2026, 6, 7)
    assert history_from(policy, spaced, DAY) == dt.date(2026, 6, 5)
    assert warm_up_from(policy, spaced, DAY) == dt.date(2026, 5, 31)
    long = Policy(id="p", rules=[{"max": 1, "days": 1000}])
    assert history_from(long, plain, DAY) == DAY - dt.timedelta(days=999)
    assert warm_up_from(long, plain, DAY) == DAY - dt.timedelta(days=400)


def test_the_hash_is_the_one_that_is_written_down():
    """The first numbers of splitmix64 from 0, as its authors publish them."""
    step = 0x9E3779B97F4A7C15
    states = np.array([0, step, 2 * step % 2**64], dtype=np.uint64)
    assert [hex(number) for number in splitmix64(states).tolist()] == [
        "0xe220a8397b1dcdaf",
        "0x6e789e6aa1b965f4",
        "0x6c45d188009454f",
    ]
    assert hex(salt_number("")) == "0x141cfc9842c4b0e3", (
        "the SHA-256 of nothing begins e3 b0 c4 42 98 fc 1c 14"
    )


def test_a_share_holds_the_same_contacts_however_they_are_sliced():
    contacts = np.arange(50_000)
    held = sampled(contacts, 2.5, "2026H1")
    assert abs(int(held.sum()) - 1250) < 150
    assert (sampled(contacts[100:200], 2.5, "2026H1") == held[100:200]).all()
    assert (held <= sampled(contacts, 5, "2026H1")).all(), "a larger share keeps those of the smaller"
    assert (held != sampled(contacts, 2.5, "2026H2")).any()
    assert not sampled(contacts, 0, "x").any()
    assert sampled(contacts, 100, "x").all()


def test_the_queue_for_room_is_another_every_day():
    contacts = np.arange(1000)
    today, tomorrow = (capacity_order(contacts, DAY + dt.timedelta(days=number)) for number in (0, 1))
    assert len(np.unique(today)) == 1000
    assert (np.argsort(today) != np.argsort(tomorrow)).sum() > 900


def test_sources_are_the_contenders_by_rank_and_then_all_others():
    contenders = ranking(
        Delivery(channel="email", priority=1), Delivery(channel="sms", priority=2, exclusivity_group="g")
    )
    gone = Delivery(channel="sms", exclusivity_group="h", counts_toward_caps=False)
    named = [("email", "s0"), ("sms", "old"), ("email", None), ("email", "s1"), ("email", None)]
    sources = Sources.of(contenders, named, {"old": gone, "s1": contenders.contenders[0].delivery})
    assert sources.all == (
        Source("sms", "g", "s1"),
        Source("email", None, "s0"),
        Source("email"),
        Source("email", "g", "s1"),
        Source("sms", "h", "old", counts_toward_caps=False),
    )
    assert sources.ranks.tolist() == [0, 1, -1, 0, -1]
    assert sources.number_of("sms", "old") == 4
    with pytest.raises(KeyError):
        sources.number_of("post", None)


def test_examples():
    for module in (hashing, windows):
        assert doctest.testmod(module).failed == 0
