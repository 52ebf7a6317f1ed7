"""The arbiter once more, row by row and slowly, and cases for both."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from segmentation_pipeline.assignment.arbiter import Arbiter
from segmentation_pipeline.assignment.contenders import Contender, Ranking, Source, Sources
from segmentation_pipeline.assignment.reasons import CLAIMS, WITH_BLOCKER, Reason
from segmentation_pipeline.settings import WEEKDAYS

if TYPE_CHECKING:
    from segmentation_pipeline.assignment.policy import Policy
    from segmentation_pipeline.rules.delivery import Delivery

ONE = dt.timedelta(days=1)


@dataclass
class Case:
    """Deliveries by segment; ``members`` and ``suppressed`` are (day, contact, segment), contacts are keys.

    ``told`` are past contacts (day, contact, source); on ``passed`` days memberships are known.
    ``since`` are spells under way by (contact, segment), ``spent`` those in which the segment has won.
    """

    policy: Policy
    deliveries: dict[str, Delivery]
    contacts: list[int]
    days: list[dt.date]
    members: set[tuple[dt.date, int, str]]
    suppressed: set[tuple[dt.date, int, str]] = field(default_factory=set)
    told: list[tuple[dt.date, int, Source]] = field(default_factory=list)
    passed: list[dt.date] = field(default_factory=list)
    since: dict[tuple[int, str], dt.date] = field(default_factory=dict)
    spent: set[tuple[int, str]] = field(default_factory=set)
    week_starts: int = 0
    share: float = 1.0


def mixed(number: int) -> int:
    """Splitmix64, in whole numbers."""
    word = (1 << 64) - 1
    number = (number + 0x9E3779B97F4A7C15) & word
    number = ((number ^ (number >> 30)) * 0xBF58476D1CE4E5B9) & word
    number = ((number ^ (number >> 27)) * 0x94D049BB133111EB) & word
    return number ^ (number >> 31)


def salt(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "little")


def window_start(rule: Any, day: dt.date, week_starts: int) -> dt.date:
    start = day - ((rule.cooldown_days or rule.days) - 1) * ONE
    while rule.extend_to and not (
        (rule.extend_to == "week" and start.weekday() == week_starts)
        or (rule.extend_to == "month" and start.day == 1)
        or (rule.extend_to == "quarter" and start.day == 1 and start.month in (1, 4, 7, 10))
        or (rule.extend_to == "year" and (start.day, start.month) == (1, 1))
    ):
        start -= ONE
    return start


def in_scope(rule: Any, channel: str, group: str | None, segment: str | None) -> bool:
    return rule.channel in (None, channel) and rule.group in (None, group) and rule.segment in (None, segment)


def row_by_row(case: Case) -> dict[tuple[dt.date, int, str], tuple[Reason, Any, int | None]]:
    """Decide every row of a case: its reason, what blocked (channel, segment), and the place of the rule."""
    policy, all_of = case.policy, case.deliveries
    ranked = sorted(all_of, key=lambda name: (-all_of[name].priority, name))
    had = defaultdict(list)  # contact -> (day, order, source)
    entered, used_up, found = dict(case.since), set(case.spent), {}

    def own(name: str) -> Source:
        one = all_of[name]
        return Source(one.channel, one.exclusivity_group, name, one.counts_toward_caps)

    def closes(rule: Any, name: str, contact: int, day: dt.date) -> tuple[bool, Any]:
        one = all_of[name]
        if one.ignores_caps or not in_scope(rule, one.channel, one.exclusivity_group, name):
            return False, None
        start = window_start(rule, day, case.week_starts)
        counted = [
            (then, order, (source.channel, source.segment_id))
            for then, order, source in had[contact]
            if then >= start
            and source.counts_toward_caps
            and in_scope(rule, source.channel, source.group, source.segment_id)
        ]
        full = len(counted) >= (1 if rule.cooldown_days else rule.max)
        return full, max(counted, key=lambda one: one[:2])[2] if counted and full else None

    def blocked(day: dt.date, contact: int, name: str) -> tuple[Reason, Any, int | None] | None:
        one, key = all_of[name], (contact, name)
        if one.repeat == "once_per_entry" and key in used_up:
            return Reason.SPENT, None, None
        if one.expires_after_days and (day - entered[key]).days >= one.expires_after_days:
            return Reason.EXPIRED, None, None
        if (day, contact, name) in case.suppressed:
            return Reason.SUPPRESSED, None, None
        held = policy.holdout
        if held and mixed(contact ^ salt(held.salt)) % 10_000 < round(held.percent * 100):
            return Reason.HOLDOUT, None, None
        for quiet in policy.quiet:
            at = quiet.date == day or quiet.weekday == WEEKDAYS[day.weekday()]
            if at and (quiet.channels is None or one.channel in quiet.channels):
                return Reason.QUIET, None, None
        gap = max(getattr(one.repeat, "every_days", 0), one.reentry_gap_days or 0)
        if any(source.segment_id == name and (day - then).days < gap for then, _, source in had[contact]):
            return Reason.GAP, (one.channel, name), None
        for place, rule in enumerate(policy.rules):
            full, last = closes(rule, name, contact, day)
            if full:
                return Reason.CAP if rule.cooldown_days is None else Reason.COOLDOWN, last, place
        return None

    others = list(dict.fromkeys(source for _, _, source in case.told if source.segment_id not in all_of))
    changed = [source for _, _, source in case.told if source.segment_id in all_of]
    numbers = {own(name): number for number, name in enumerate(ranked)}
    for source in sources_of(case).all[len(ranked) :]:
        assert source in others or source in changed
        numbers[source] = len(numbers)
    for day in sorted({*case.passed, *(then for then, _, _ in case.told), *case.days}):
        if day in case.passed or day in case.days:
            for contact in case.contacts:
                for name in ranked:
                    key = (contact, name)
                    if (day, contact, name) in case.members:
                        entered.setdefault(key, day)
                    else:
                        entered.pop(key, None)
                        used_up.discard(key)
        for then, contact, source in case.told:
            if then == day:
                had[contact].append((day, numbers[source], source))
                if day in case.passed and (day, contact, source.segment_id) in case.members:
                    used_up.add((contact, source.segment_id))
        if day not in case.days:
            continue
        standing = defaultdict(list)
        for contact in case.contacts:
            holders: dict[str, str] = {}
            for by_claim in (False, True):
                for name in [name for name in ranked if (day, contact, name) in case.members]:
                    one, group = all_of[name], all_of[name].exclusivity_group
                    if (one.starts or day) > day or (one.ends or day) < day:
                        continue
                    exclusive = group in policy.exclusive_groups and (policy.exclusive == "claim") == by_claim
                    row = (day, contact, name)
                    if by_claim and row in found:
                        continue
                    if exclusive and group in holders:
                        found[row] = (
                            Reason.GROUP_LOSER,
                            (all_of[holders[group]].channel, holders[group]),
                            None,
                        )
                        continue
                    if exclusive:
                        holders[group] = name
                    if not by_claim:
                        verdict = blocked(day, contact, name)
                        if verdict:
                            found[row] = verdict
                    else:
                        standing[name].append(contact)
        today: dict[int, list[str]] = defaultdict(list)
        room = {channel: round(most * case.share) for channel, most in policy.capacity.items()}
        for name in ranked:
            one = all_of[name]
            left = None if one.capacity_per_day is None else round(one.capacity_per_day * case.share)
            queue = lambda contact: mixed(contact ^ mixed(day.toordinal()) ^ salt("capacity"))  # noqa: B023, E731 — used at once
            for contact in sorted(standing[name], key=queue):
                row, wins = (day, contact, name), today[contact]
                over = len(wins) >= policy.max_contacts_per_day
                if wins and (over or any(closes(rule, name, contact, day)[0] for rule in policy.rules)):
                    found[row] = Reason.OUTRANKED, (all_of[wins[-1]].channel, wins[-1]), None
                elif left == 0 or room.get(one.channel) == 0:
                    found[row] = Reason.CAPACITY, None, None
                else:
                    found[row] = Reason.WON, None, None
                    wins.append(name)
                    had[contact].append((day, numbers[own(name)], own(name)))
                    used_up.add((contact, name))
                    left = None if left is None else left - 1
                    if one.channel in room:
                        room[one.channel] -= 1
    return found


def ranking_of(case: Case) -> Ranking:
    return Ranking(tuple(Contender(name, delivery) for name, delivery in case.deliveries.items()))


def sources_of(case: Case) -> Sources:
    return Sources(ranking_of(case), sorted({source for _, _, source in case.told}, key=repr))


def masks_of(case: Case, rows: set[tuple[dt.date, int, str]], ranking: Ranking) -> Any:
    """Return the mask of every day, those without rows too."""
    masks = defaultdict(lambda: np.zeros((ranking.words, len(case.contacts)), dtype=np.uint64))
    place = {contact: at for at, contact in enumerate(case.contacts)}
    for day, contact, name in rows:
        rank = ranking.rank_of(name)
        masks[day][rank // 64, place[contact]] |= np.uint64(1 << rank % 64)
    return masks


def by_masks(case: Case) -> dict[tuple[dt.date, int, str], tuple[Reason, Any, int | None]]:
    """Decide a case with the arbiter, and check that its counts are those of its rows."""
    ranking, sources = ranking_of(case), sources_of(case)
    inside, closed = masks_of(case, case.members, ranking), masks_of(case, case.suppressed, ranking)
    contacts = np.array(case.contacts, dtype=np.int64)
    arbiter = Arbiter(case.policy, ranking, contacts, sources, week_starts=case.week_starts, share=case.share)
    for day in sorted({*case.passed, *(then for then, _, _ in case.told)}):
        told = [(contact, source) for then, contact, source in case.told if then == day]
        if told:
            positions = np.array([case.contacts.index(contact) for contact, _ in told])
            numbers = np.array([sources.number_of(one.channel, one.segment_id) for _, one in told])
            arbiter.remember(day, positions, numbers)
        if day in case.passed:
            arbiter.pass_day(day, inside[day])
    since, spent = defaultdict(list), defaultdict(list)
    for (contact, name), day in case.since.items():
        since[ranking.rank_of(name)].append((case.contacts.index(contact), np.datetime64(day)))
    for contact, name in case.spent:
        spent[ranking.rank_of(name)].append(case.contacts.index(contact))
    arbiter.begin_spells(
        {rank: tuple(map(np.array, zip(*rows, strict=True))) for rank, rows in since.items()},
        {rank: np.array(rows) for rank, rows in spent.items()},
    )
    found = {}
    ids = ranking.ids
    names = [(one.channel, one.segment_id) for one in sources.all]
    for day in case.days:
        members = inside[day]
        kept = members.copy()
        done = arbiter.decide(day, members, closed[day] if case.suppressed else None)
        assert (members == kept).all(), "the members were written to"
        claims = np.zeros(len(ranking), dtype=np.int64)
        for reason in Reason:
            pairs = done.pairs(reason)
            counts = np.bincount(pairs.ranks, minlength=len(ranking))
            assert (done.counts(reason) == counts).all(), reason
            claims += counts if reason in CLAIMS else 0
            blocks = np.zeros((len(ranking), len(sources) + 1), dtype=np.int64)
            np.add.at(blocks, (pairs.ranks, pairs.blockers), 1)
            assert (done.blocks(reason) == blocks).all(), reason
            for position, rank, blocker, rule in zip(
                pairs.positions, pairs.ranks, pairs.blockers, pairs.rules, strict=True
            ):
                row = (day, case.contacts[position], ids[rank])
                assert row not in found, "two reasons"
                assert blocker < 0 or reason in WITH_BLOCKER
                found[row] = (
                    reason,
                    names[blocker] if blocker >= 0 else None,
                    int(rule) if rule >= 0 else None,
                )
            mask = done.masks[reason]
            assert int(np.bitwise_count(mask).sum()) == len(pairs.ranks)
            assert (
                mask[pairs.ranks // 64, pairs.positions] >> (pairs.ranks % 64).astype(np.uint64)
                & np.uint64(1)
            ).all()
        assert (done.claims() == claims).all()
        won = {(case.contacts[at], ids[rank]) for at, rank in zip(done.positions, done.ranks, strict=True)}
        assert won == {row[1:] for row, said in found.items() if row[0] == day and said[0] is Reason.WON}
    return found


@pytest.fixture
def decided():
    """Decide a case both ways and return the rows, the same of both."""

    def decide(case: Case) -> dict[tuple[dt.date, int, str], tuple[Reason, Any, int | None]]:
        fast, slow = by_masks(case), row_by_row(case)
        differing = sorted(
            (row for row in fast.keys() | slow.keys() if fast.get(row) != slow.get(row)), key=str
        )
        assert not differing, [(row, fast.get(row), slow.get(row)) for row in differing[:5]]
        return fast

    return decide


@pytest.fixture
def case():
    """Make a case."""
    return Case
