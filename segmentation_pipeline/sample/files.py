"""The files of the sample, as other systems would export them, faults included.

The customer system writes companies, contacts, what is known of them and what changed since; the
mail and site log JSON lines; the shop its order lines in Berlin's local time.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from segmentation_pipeline.sample.behaviour import Activity, Life, OrderLine, draw_life
from segmentation_pipeline.sample.dossiers import draw_dossiers, draw_stages
from segmentation_pipeline.sample.draws import Draws
from segmentation_pipeline.sample.people import AS_OF, Company, draw_companies, draw_contacts
from segmentation_pipeline.sample.texts import draw_texts

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

SEED = 20260630
_SHOP_ZONE = ZoneInfo("Europe/Berlin")
_ANONYMOUS = 40
_BAD_CONTACTS = (
    {"Contact ID": "c-0601", "Email Address": "nina.at.cedar.example"},
    {"Contact ID": "c-0602", "Email Address": "{first}"},
    {"Contact ID": "c-0603", "Plan": "platinum"},
    {"Contact ID": "c-0604", "Age": "212"},
)
_BAD_ACTIVITIES: tuple[dict[str, str | int], ...] = (
    {"id": "x-1", "contact": "c-0003", "type": "page_visited", "at": "the day before"},
    {"id": "x-2", "contact": "c-0004", "at": "2026-06-01T10:00:00Z"},
)
_UNKNOWN_CONTACTS = ("c-0601", "c-0602", "c-9001", "c-9001", "c-9002")

Row = dict[str, str]


@dataclass(frozen=True, slots=True)
class Sample:
    """The text of each file by name, and how many rows it has."""

    files: dict[str, str]
    rows: dict[str, int]


def make_sample(seed: int = SEED) -> Sample:
    """Return the files of the sample; the same seed gives the same bytes."""
    draws = Draws(seed)
    companies = draw_companies(draws)
    lives = [draw_life(draws, contact) for contact in draw_contacts(draws, companies)]
    # Draws of their own, so that one file more changes none of the others.
    more = Draws(seed + 1)
    stages = draw_stages(more, lives)
    tables = {
        "companies.csv": [_company(company) for company in companies],
        "contacts.csv": _contacts(lives, stages),
        "contact_tags.csv": _tags(lives),
        "orders.csv": _orders(lives),
        **draw_dossiers(more, lives, stages),
    }
    files = {name: _csv(rows) for name, rows in tables.items()}
    texts = enumerate(draw_texts(Draws(seed + 2), lives), 1)
    log = [*_log(draws, lives), *(_logged(f"t-{number:05}", text) for number, text in texts)]
    files["activities.jsonl"] = "".join(f"{_line(row)}\n" for row in log)
    return Sample(files, {name: len(rows) for name, rows in tables.items()} | {"activities.jsonl": len(log)})


def write_sample(folder: Path, seed: int = SEED) -> Sample:
    """Write the files of the sample into ``folder``, which is made if need be."""
    sample = make_sample(seed)
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in sample.files.items():
        (folder / name).write_text(text, encoding="utf-8", newline="")
    return sample


def _company(company: Company) -> Row:
    return {
        "Company ID": company.id,
        "Company Name": company.name,
        "Domain": company.domain,
        "Size": company.size,
        "Industry": company.industry.replace("_", " ").title(),
        "Country": company.place.country,
        "City": company.place.city,
        "Founded": company.founded.isoformat(),
        "Annual Revenue": f"${company.revenue:,}",
        "Employees": str(company.employees),
        "Belongs To": company.parent or "",
        "Created": _time(company.created),
    }


def _contacts(lives: list[Life], stages: dict[str, str]) -> list[Row]:
    rows = [_contact(life) | {"Stage": stages[life.contact.id]} for life in lives]
    holder = next(row["Email Address"] for row in rows if row["Email Address"])
    blank = dict.fromkeys(rows[0], "")
    created = {"Signed Up": _time(AS_OF - dt.timedelta(days=3))}
    bad = ({name: text.format(first=holder.upper()) for name, text in row.items()} for row in _BAD_CONTACTS)
    return [*rows, *(blank | created | row for row in bad)]


def _contact(life: Life) -> Row:
    contact = life.contact
    company = contact.company
    counts = Counter(activity.type for activity in life.activities)
    last = {activity.type: _time(activity.at) for activity in life.activities}
    title, seniority, department = contact.job or ("", "", "")
    value = sum((_worth(line) for line in life.orders), Decimal())
    updated = max([contact.created, *(activity.at for activity in life.activities)])
    return {
        "Contact ID": contact.id,
        "Email Address": contact.email or "",
        "First Name": contact.first_name or "",
        "Last Name": contact.last_name or "",
        "Phone": contact.phone or "",
        "Job Title": title,
        "Seniority": seniority,
        "Department": department,
        "Company ID": company.id if company else contact.lost_company or "",
        "Company": company.name if company else "",
        "Company Size": company.size if company else "",
        "Industry": company.industry.replace("_", " ").title() if company else "",
        "Country": contact.place.country,
        "City": contact.place.city,
        "Time Zone": contact.place.zone,
        "Status": contact.status,
        "Do Not Contact": "yes" if contact.status == "do_not_contact" else "no",
        "Unsubscribed": _time(contact.stopped) if contact.status == "unsubscribed" else "",
        "Bounced": _time(contact.stopped) if contact.status == "bounced" else "",
        "Signed Up": _time(contact.created),
        "Updated": _time(updated),
        "Last Seen": last.get("page_visited", ""),
        "Last Opened": last.get("email_opened", ""),
        "Emails Received": str(counts["email_delivered"]),
        "Emails Opened": str(counts["email_opened"]),
        "Links Clicked": str(counts["email_clicked"]),
        "Replies": str(counts["email_replied"]),
        "Score": f"{_score(counts, len(life.orders)):.1f}",
        "Source": contact.source,
        "Plan": contact.plan or "",
        "Trial Ends": _time(contact.trial_ends),
        "Birth Date": f"{contact.birth_date:%d/%m/%Y}" if contact.birth_date else "",
        "Age": _age(contact.birth_date),
        "Lifetime Value": f"{max(value, Decimal()):.2f}",
        "NPS": "" if contact.nps is None else str(contact.nps),
        "Newsletter": {True: "yes", False: "no", None: ""}[contact.newsletter],
        "Channel": contact.channel or "",
        "Account Manager": contact.manager or "",
    }


def _tags(lives: list[Life]) -> list[Row]:
    return [
        {
            "contact_id": life.contact.id,
            "tag": tag,
            "assigned_at": _time(
                min(life.contact.created + dt.timedelta(days=10), AS_OF - dt.timedelta(days=1))
            ),
            "assigned_by": life.contact.manager or "import",
        }
        for life in lives
        for tag in life.contact.tags
    ]


def _orders(lives: list[Life]) -> list[Row]:
    lines = sorted((line for life in lives for line in life.orders), key=lambda line: (line.at, line.order))
    rows = [_order(f"l-{number:05}", line) for number, line in enumerate(lines, 1)]
    return [*rows, rows[-1] | {"Line": f"l-{len(rows) + 1:05}", "Qty": "two"}]


def _order(number: str, line: OrderLine) -> Row:
    return {
        "Line": number,
        "Order": line.order,
        "Ordered": f"{line.at.astimezone(_SHOP_ZONE):%Y-%m-%d %H:%M:%S}",
        "Customer": line.contact,
        "SKU": line.product.sku,
        "Item": line.product.name,
        "Category": line.product.category,
        "Qty": str(line.quantity),
        "Unit Price": f"€{line.product.price}",
        "Net": str(line.product.price * line.quantity),
        "State": "cancelled" if line.cancelled else "paid",
        "Campaign": line.campaign or "",
    }


def _log(draws: Draws, lives: list[Life]) -> list[dict[str, str | int]]:
    visits = [Activity(None, "page_visited", _some_time(draws), {"path": "/"}) for _ in range(_ANONYMOUS)]
    lost = [
        Activity(contact, "page_visited", _some_time(draws), {"path": "/pricing"})
        for contact in _UNKNOWN_CONTACTS
    ]
    everyone = (activity for life in lives for activity in life.activities)
    activities = sorted([*everyone, *visits, *lost], key=lambda it: (it.at, it.contact or "", it.type))
    rows = [_logged(f"a-{number:05}", activity) for number, activity in enumerate(activities, 1)]
    return [*rows, *_BAD_ACTIVITIES]


def _logged(number: str, activity: Activity) -> dict[str, str | int]:
    who = {"contact": activity.contact} if activity.contact else {}
    return {"id": number, **who, "type": activity.type, "at": _time(activity.at), **activity.fields}


def _some_time(draws: Draws) -> dt.datetime:
    return AS_OF - dt.timedelta(seconds=draws.between(60, 200 * 86_400))


def _worth(line: OrderLine) -> Decimal:
    worth = line.product.price * line.quantity
    return -worth if line.cancelled else worth


def _score(counts: Counter[str], orders: int) -> float:
    points = (
        counts["email_opened"] * 4 + counts["email_clicked"] * 9 + counts["page_visited"] * 0.5 + orders * 3.3
    )
    return min(100.0, points)


def _age(birth: dt.date | None) -> str:
    if birth is None:
        return ""
    today = AS_OF.date()
    return str(today.year - birth.year - ((today.month, today.day) < (birth.month, birth.day)))


def _line(row: dict[str, str | int]) -> str:
    return json.dumps(row, ensure_ascii=False, separators=(",", ":"))


def _time(at: dt.datetime | None) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%SZ}" if at else ""


def _csv(rows: Iterable[Row]) -> str:
    rows = list(rows)
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()
