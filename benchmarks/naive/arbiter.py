"""The arbiter as one would write it down: one contact, one day, one segment after the other.

It shares no code with the project's. What depends on other contacts, the room that a capacity leaves,
it is told.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from segmentation_pipeline.assignment.policy import CapRule, Policy
    from segmentation_pipeline.rules.delivery import Delivery

    Members = Mapping[dt.date, frozenset[str]]
    """Who is in what on each day; a day that is missing has nobody."""

_ALL = (1 << 64) - 1
_DAY = dt.timedelta(days=1)
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


class Decided(NamedTuple):
    reason: str
    blocked_by: str | None = None
    rule: int | None = None


class Made(NamedTuple):
    """A contact that was made."""

    day: dt.date
    channel: str
    segment: str | None


@dataclass(slots=True)
class Customer:
    """One contact and what is known of it: memberships, suppressions and contacts of before."""

    number: int
    members: Members
    suppressed: Members
    made: list[Made]
    entered: dict[str, dt.date] = field(default_factory=dict)
    spent: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Book:
    """What decides: a policy, and what every segment that competes says of delivery."""

    policy: Policy
    deliveries: Mapping[str, Delivery]
    refused: Callable[[dt.date, int, str], bool]
    """Whether a capacity left a contact no room in a segment on a day."""

    @property
    def ranked(self) -> list[str]:
        return sorted(self.deliveries, key=lambda name: (-self.deliveries[name].priority, name))


def decide(
    book: Book, customer: Customer, known: dt.date, first: dt.date, last: dt.date
) -> Iterator[tuple[dt.date, str, Decided]]:
    """Yield what becomes of every active membership from ``first`` to ``last``.

    Who is a member on ``known``, the first day of which memberships are given, entered that day.
    """
    day = known
    while day <= last:
        _begin(customer, day)
        if day >= first:
            for name, decided in _decide_day(book, customer, day).items():
                yield day, name, decided
        day += _DAY


def _begin(customer: Customer, day: dt.date) -> None:
    now, before = customer.members.get(day, frozenset()), customer.members.get(day - _DAY, frozenset())
    for name in now - before:
        customer.entered[name] = day
        customer.spent.discard(name)


def _decide_day(book: Book, customer: Customer, day: dt.date) -> dict[str, Decided]:
    found: dict[str, Decided] = {}
    active = [name for name in book.ranked if _is_active(book, customer, name, day)]
    if book.policy.exclusive == "membership":
        _resolve_groups(book, active, found)
    for name in active:
        if name not in found and (why := _no_claim(book, customer, name, day)) is not None:
            found[name] = why
    for name in active:
        if name not in found and (why := _block(book, customer, name, day)) is not None:
            found[name] = why
    standing = [name for name in active if name not in found]
    if book.policy.exclusive == "claim":
        _resolve_groups(book, standing, found)
    winner = None
    won = 0
    for name in standing:
        if name in found:
            continue
        if won == book.policy.max_contacts_per_day or (won and _rule(book, customer, name, day) is not None):
            found[name] = Decided("outranked", winner)
        elif book.refused(day, customer.number, name):
            found[name] = Decided("capacity")
        else:
            found[name] = Decided("won")
            won, winner = won + 1, name
            customer.made.append(Made(day, book.deliveries[name].channel, name))
            customer.spent.add(name)
    return found


def _is_active(book: Book, customer: Customer, name: str, day: dt.date) -> bool:
    delivery = book.deliveries[name]
    begun = delivery.starts is None or delivery.starts <= day
    ended = delivery.ends is not None and day > delivery.ends
    return name in customer.members.get(day, frozenset()) and begun and not ended


def _resolve_groups(book: Book, names: Sequence[str], found: dict[str, Decided]) -> None:
    holders: dict[str, str] = {}
    for name in names:
        group = book.deliveries[name].exclusivity_group
        if group is not None and group in book.policy.exclusive_groups:
            holder = holders.setdefault(group, name)
            if holder != name:
                found[name] = Decided("group_loser", holder)


def _no_claim(book: Book, customer: Customer, name: str, day: dt.date) -> Decided | None:
    delivery = book.deliveries[name]
    if delivery.repeat == "once_per_entry" and name in customer.spent:
        return Decided("spent")
    ends = delivery.expires_after_days
    if ends is not None and (day - customer.entered[name]).days >= ends:
        return Decided("expired")
    return None


def _block(book: Book, customer: Customer, name: str, day: dt.date) -> Decided | None:
    policy, delivery = book.policy, book.deliveries[name]
    if name in customer.suppressed.get(day, frozenset()):
        return Decided("suppressed")
    if policy.holdout is not None and _lot(customer.number, policy.holdout.salt) % 10_000 < round(
        policy.holdout.percent * 100
    ):
        return Decided("holdout")
    for quiet in policy.quiet:
        today = quiet.date == day or quiet.weekday == _WEEKDAYS[day.weekday()]
        if today and (quiet.channels is None or delivery.channel in quiet.channels):
            return Decided("quiet")
    every = 0 if delivery.repeat is None or isinstance(delivery.repeat, str) else delivery.repeat.every_days
    gap = max(every, delivery.reentry_gap_days or 0)
    if any(made.segment == name and (day - made.day).days < gap for made in customer.made):
        return Decided("gap", name)
    return _rule(book, customer, name, day)


def _rule(book: Book, customer: Customer, name: str, day: dt.date) -> Decided | None:
    """Return what the first rule that holds a segment back says, today's contacts counted."""
    delivery = book.deliveries[name]
    if delivery.ignores_caps:
        return None
    for place, rule in enumerate(book.policy.rules):
        if rule.extend_to is not None:
            raise ValueError("windows that reach back to a calendar unit are not written down here")
        if not _fits(rule, delivery.channel, delivery.exclusivity_group, name):
            continue
        length = rule.cooldown_days or rule.days or 1
        counted = [
            made for made in customer.made if (day - made.day).days < length and _counts(book, rule, made)
        ]
        most = 1 if rule.cooldown_days is not None or rule.max is None else rule.max
        if len(counted) >= most:
            latest = max(counted, key=lambda made: made.day).segment if counted else None
            return Decided("cap" if rule.cooldown_days is None else "cooldown", latest, place)
    return None


def _counts(book: Book, rule: CapRule, made: Made) -> bool:
    delivery = book.deliveries.get(made.segment) if made.segment is not None else None
    group = None if delivery is None else delivery.exclusivity_group
    weighs = delivery is None or delivery.counts_toward_caps
    return weighs and _fits(rule, made.channel, group, made.segment)


def _fits(rule: CapRule, channel: str, group: str | None, segment: str | None) -> bool:
    said = ((rule.channel, channel), (rule.group, group), (rule.segment, segment))
    return all(wanted is None or wanted == given for wanted, given in said)


def _lot(number: int, salt: str) -> int:
    """Return splitmix64 of a number and a salt."""
    mixed = number ^ int.from_bytes(hashlib.sha256(salt.encode()).digest()[:8], "little")
    mixed = (mixed + 0x9E3779B97F4A7C15) & _ALL
    mixed = ((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9) & _ALL
    mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & _ALL
    return mixed ^ (mixed >> 31)
