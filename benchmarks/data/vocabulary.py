"""The words of the generated rows, and how often each type of event happens."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from benchmarks.data.dataset import read_catalog
from segmentation_pipeline.catalog.types import Enum

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@cache
def enum_values() -> Mapping[str, Sequence[str]]:
    """Return the values of the contact's enums, as the catalog lists them."""
    fields = read_catalog().objects["contact"].fields
    return {name: field.type.values for name, field in fields.items() if isinstance(field.type, Enum)}


def _words(text: str) -> list[str]:
    return text.split()


FIRST_NAMES = _words(
    "James Mary Robert Patricia John Jennifer Michael Linda David Elizabeth William Barbara Richard Susan "
    "Joseph Jessica Thomas Sarah Charles Karen Ana Luis Wei Yuki Olga Ivan Fatima Ahmed Priya Raj"
)
LAST_NAMES = _words(
    "Smith Johnson Williams Brown Jones Garcia Miller Davis Rodriguez Martinez Hernandez Lopez Gonzalez "
    "Wilson Anderson Thomas Taylor Moore Jackson Martin Lee Perez Thompson White Harris Sanchez Clark"
)
_RANKS = ("Junior", "Senior", "Lead", "Principal", "Head of", "VP of", "Chief", "Associate", "Staff")
_AREAS = _words(
    "Sales Marketing Software Data Product Design HR Finance Operations Security Support Legal Research "
    "Growth Content Platform Cloud Retail Field Quality"
)
JOB_TITLES = [f"{rank} {area}" for rank in _RANKS for area in _AREAS]
_BRANDS = _words(
    "Acme Global North Blue Quantum Prime Apex Nova Delta Summit Vertex Orion Pioneer Atlas Zenith Lumen "
    "Cedar Falcon Harbor Iron"
)
_TRADES = _words(
    "Data Health Retail Logistics Energy Capital Foods Media Robotics Travel Labs Motors Tech Bio Steel"
)
_FORMS = _words("Inc LLC GmbH Ltd Group SA BV Co Partners AG")
COMPANIES = [f"{brand} {trade} {form}" for brand in _BRANDS for trade in _TRADES for form in _FORMS]
_STEMS = _words("Newville Hamburg Eastport Karlstad Cosmopolis Lakefield")
CITIES = [f"{stem}{number:03d}" for number in range(100) for stem in _STEMS]
COUNTRIES = _words(
    "US GB DE FR ES IT NL SE NO DK FI PL CZ AT CH BE IE PT BR MX AR CL CO CA AU NZ JP KR IN SG ZA NG KE EG "
    "AE SA IL TR GR RO"
)
TIME_ZONES = _words(
    "UTC America/New_York Europe/London Europe/Berlin Asia/Tokyo America/Sao_Paulo Asia/Kolkata "
    "Australia/Sydney"
)
MAIL_DOMAINS = _words(
    "gmail.com yahoo.com outlook.com acme.example example.org corp.example proton.me icloud.com company.co"
)
TAGS = _words(
    "vip newsletter beta partner churn_risk webinar trial reseller press investor student event23 event24 "
    "lead hot cold nurture do_not_call gdpr advocate"
)

EVENT_SHARES = {
    "email_sent": 28.0,
    "email_delivered": 25.0,
    "email_opened": 14.0,
    "page_viewed": 12.0,
    "email_clicked": 5.0,
    "product_viewed": 5.0,
    "form_submitted": 2.0,
    "cart_added": 2.0,
    "purchase": 1.5,
    "task_created": 1.2,
    "email_replied": 1.0,
    "email_bounced": 1.0,
    "call_completed": 1.0,
    "linkedin_viewed": 1.0,
    "email_unsubscribed": 0.3,
}
"""Percent of all events; the rare ones are what makes pruning by type worth it."""
CAMPAIGNS = [f"campaign-{number:03d}" for number in range(200)]
DEVICES = ["mobile", "desktop", "tablet"]
CATEGORIES = [f"category-{number:02d}" for number in range(12)]
PATHS = [f"/page/{number:02d}" for number in range(50)]
