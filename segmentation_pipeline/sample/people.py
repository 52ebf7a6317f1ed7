"""The companies and contacts of the sample, before anything has happened to them."""

from __future__ import annotations

import datetime as dt
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

from segmentation_pipeline.sample.vocabulary import (
    FIRM_HEADS,
    FIRM_TAILS,
    FIRST_NAMES,
    INDUSTRIES,
    JOBS,
    LAST_NAMES,
    MANAGERS,
    PLACES,
    SIZES,
    TAGS,
    Place,
)

if TYPE_CHECKING:
    from segmentation_pipeline.sample.draws import Draws

AS_OF = dt.datetime(2026, 6, 30, tzinfo=dt.UTC)
"""The end of the sample: nothing in it happens at or after this instant."""
COMPANIES = 60
CONTACTS = 600
_GROUPS = 7


@dataclass(frozen=True, slots=True)
class Persona:
    """How a kind of contact behaves; times are days before `AS_OF`, rates a month or an order count."""

    name: str
    joined: tuple[int, int]
    quiet: tuple[int, int]
    opens: float
    clicks: float
    visits: float
    orders: float
    plans: tuple[tuple[str | None, float], ...]


PERSONAS: tuple[tuple[Persona, float], ...] = (
    (Persona("newcomer", (1, 29), (0, 6), 0.6, 0.25, 2.2, 0.4, (("free", 8), ("starter", 3), (None, 2))), 11),
    (
        Persona(
            "regular", (70, 700), (0, 20), 0.5, 0.14, 0.2, 1.2, (("starter", 5), ("pro", 5), ("free", 3))
        ),
        32,
    ),
    (Persona("champion", (200, 720), (0, 6), 0.9, 0.4, 0.6, 5.0, (("enterprise", 6), ("pro", 4))), 8),
    (Persona("browser", (40, 500), (0, 40), 0.35, 0.15, 0.4, 0.0, (("free", 7), (None, 4))), 14),
    (
        Persona(
            "lapsing", (200, 720), (60, 120), 0.3, 0.06, 0.2, 1.3, (("starter", 5), ("pro", 3), ("free", 2))
        ),
        13,
    ),
    (Persona("churned", (330, 720), (185, 300), 0.25, 0.05, 0.2, 1.4, (("starter", 5), ("free", 4))), 14),
    (Persona("silent", (40, 720), (720, 720), 0.0, 0.0, 0.0, 0.0, (("free", 2), (None, 6))), 8),
)


@dataclass(frozen=True, slots=True)
class Company:
    id: str
    name: str
    domain: str
    size: str
    employees: int
    industry: str
    place: Place
    founded: dt.date
    revenue: int
    parent: str | None
    created: dt.datetime


@dataclass(frozen=True, slots=True)
class Contact:
    """One person; ``stopped`` is when mail to them ended, for the reason ``status`` gives."""

    id: str
    first_name: str | None
    last_name: str | None
    email: str | None
    company: Company | None
    lost_company: str | None
    place: Place
    job: tuple[str, str, str] | None
    phone: str | None
    persona: Persona
    created: dt.datetime
    last_active: dt.datetime
    status: str
    stopped: dt.datetime | None
    source: str
    plan: str | None
    trial_ends: dt.datetime | None
    birth_date: dt.date | None
    nps: int | None
    newsletter: bool | None
    channel: str | None
    manager: str | None
    tags: tuple[str, ...]


def draw_companies(draws: Draws) -> list[Company]:
    """Return the companies; the first few are groups that others belong to."""
    found: list[Company] = []
    for index in range(COMPANIES):
        is_group = index < _GROUPS
        industry = draws.weighted(INDUSTRIES)
        size, low, high, _ = draws.weighted([(row, row[3]) for row in (SIZES[5:] if is_group else SIZES)])
        head, tail = FIRM_HEADS[index], draws.one_of(FIRM_TAILS[industry])
        employees = draws.between(low, high)
        belongs = not is_group and draws.chance(0.4)
        found.append(
            Company(
                id=f"co-{index + 1:03}",
                name=f"{head} {'Holding' if is_group else tail}",
                domain=f"{head}{'' if is_group else tail}.example".lower(),
                size=size,
                employees=employees,
                industry=industry,
                place=draws.weighted(PLACES),
                founded=dt.date(draws.between(1950, 2021), draws.between(1, 12), draws.between(1, 28)),
                revenue=employees * draws.between(60, 240) * 1000,
                parent=found[draws.between(0, _GROUPS - 1)].id if belongs else None,
                created=AS_OF - dt.timedelta(days=draws.between(730, 1400), seconds=draws.between(0, 86_399)),
            )
        )
    return found


def draw_contacts(draws: Draws, companies: list[Company]) -> list[Contact]:
    """Return the contacts; large companies have more of them."""
    weights = [(company, 1 + min(company.employees, 4000) / 250) for company in companies]
    taken: set[str] = set()
    return [_contact(draws, index, weights, taken) for index in range(CONTACTS)]


def _contact(draws: Draws, index: int, weights: list[tuple[Company, float]], taken: set[str]) -> Contact:
    persona = draws.weighted(PERSONAS)
    company = None if draws.chance(0.14) else draws.weighted(weights)
    place = company.place if company and draws.chance(0.8) else draws.weighted(PLACES)
    first = draws.one_of(FIRST_NAMES) if draws.chance(0.97) else None
    last = draws.one_of(LAST_NAMES) if draws.chance(0.95) else None
    created = AS_OF - dt.timedelta(days=draws.between(*persona.joined), seconds=draws.between(0, 86_399))
    last_active = max(created, AS_OF - dt.timedelta(days=draws.between(*persona.quiet), hours=2))
    status, stopped = _status(draws, created)
    if stopped is not None:
        last_active = min(last_active, stopped)
    plan = draws.weighted(persona.plans)
    on_trial = plan == "free" and persona.name == "newcomer"
    birth = dt.date(draws.between(1956, 2003), draws.between(1, 12), draws.between(1, 28))
    if index % 150 == 7:
        birth = dt.date(1992, 2, 29)
    return Contact(
        id=f"c-{index + 1:04}",
        first_name=first,
        last_name=last,
        email=None if draws.chance(0.05) else _email(draws, first, last, company, taken),
        company=company,
        lost_company="co-999" if company is None and draws.chance(0.08) else None,
        place=place,
        job=draws.weighted(JOBS) if company and draws.chance(0.9) else None,
        phone=f"{place.prefix} 555 {draws.between(0, 9999):04}" if draws.chance(0.6) else None,
        persona=persona,
        created=created,
        last_active=last_active,
        status=status,
        stopped=stopped,
        source=draws.weighted(
            [("web_form", 8), ("csv_import", 4), ("crm_integration", 4), ("manual", 2), ("api", 2)]
        ),
        plan=plan,
        trial_ends=created + dt.timedelta(days=30) if on_trial else None,
        birth_date=birth if draws.chance(0.55) else None,
        nps=_nps(draws, persona) if draws.chance(0.4) else None,
        newsletter=draws.weighted([(True, 5), (False, 2), (None, 3)]),
        channel=draws.weighted([("email", 5), ("phone", 2), ("post", 1), ("none", 1), (None, 4)]),
        manager=draws.one_of(MANAGERS) if plan in ("pro", "enterprise") else None,
        tags=_tags(draws, persona),
    )


def _status(draws: Draws, created: dt.datetime) -> tuple[str, dt.datetime | None]:
    status = draws.weighted([("active", 88), ("unsubscribed", 7), ("bounced", 3.5), ("do_not_contact", 1.5)])
    if status == "active":
        return status, None
    hours = int((AS_OF - created).total_seconds() // 3600)
    return status, created + dt.timedelta(hours=draws.between(hours // 3, hours - 1))


def _nps(draws: Draws, persona: Persona) -> int:
    happy = {"champion": 0.85, "regular": 0.5, "churned": 0.1}.get(persona.name, 0.35)
    return draws.between(8, 10) if draws.chance(happy) else draws.between(0, 8)


def _tags(draws: Draws, persona: Persona) -> tuple[str, ...]:
    vip = ("vip",) if persona.name == "champion" and draws.chance(0.6) else ()
    return (*vip, *(tag for tag in TAGS if draws.chance(0.05)))


def _email(
    draws: Draws, first: str | None, last: str | None, company: Company | None, taken: set[str]
) -> str:
    local = ".".join(_ascii(part) for part in (first, last) if part) or "office"
    private = draws.one_of(("mail.example", "post.example", "inbox.example"))
    domain = company.domain if company and draws.chance(0.85) else private
    address, count = f"{local}@{domain}", 1
    while address in taken:
        count += 1
        address = f"{local}{count}@{domain}"
    taken.add(address)
    return address.title() if draws.chance(0.04) else address


def _ascii(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name.replace("ł", "l").replace("Ł", "L").replace("ø", "o"))
    return "".join(letter for letter in plain if letter.isascii() and letter.isalnum()).lower()
