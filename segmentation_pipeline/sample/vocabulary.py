"""The words of the sample: places, names, firms, products, campaigns. All of it is invented."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Place:
    country: str
    city: str
    zone: str
    prefix: str


PLACES: tuple[tuple[Place, float], ...] = (
    (Place("United States", "New York", "America/New_York", "+1 212"), 14),
    (Place("United States", "Austin", "America/Chicago", "+1 512"), 8),
    (Place("United States", "San Francisco", "America/Los_Angeles", "+1 415"), 10),
    (Place("Canada", "Toronto", "America/Toronto", "+1 416"), 5),
    (Place("Brazil", "São Paulo", "America/Sao_Paulo", "+55 11"), 4),
    (Place("United Kingdom", "London", "Europe/London", "+44 20"), 13),
    (Place("Germany", "Berlin", "Europe/Berlin", "+49 30"), 13),
    (Place("France", "Paris", "Europe/Paris", "+33 1"), 9),
    (Place("Spain", "Madrid", "Europe/Madrid", "+34 91"), 6),
    (Place("Poland", "Kraków", "Europe/Warsaw", "+48 12"), 4),
    (Place("India", "Bengaluru", "Asia/Kolkata", "+91 80"), 6),
    (Place("Japan", "Tokyo", "Asia/Tokyo", "+81 3"), 4),
    (Place("Australia", "Sydney", "Australia/Sydney", "+61 2"), 4),
)

FIRST_NAMES = """
Ada Alan Amélie Amir Ana Anders Anika Arjun Astrid Ben Bianca Carlos Chloé Clara Daniel Dario Deepa
Diego Elena Elif Emil Emma Farah Felix Fiona Gabriel Grace Hana Hugo Ines Isaac Ivy Jakob Jan José
Julia Kai Karin Kenji Laura Leila Leo Lina Lucas Łukasz Maja Marco Maria Mei Mila Nadia Naomi Nina
Noah Olga Omar Oscar Paula Peter Priya Rafael Ravi Rosa Sam Sara Simon Sofia Stefan Tara Theo Tom
Uma Vera Victor Wanda Yara Yuki Zoë
""".split()  # noqa: SIM905 — a table of words reads better than a list of strings
LAST_NAMES = """
Abe Adler Almeida Andersen Bauer Becker Bernard Bianchi Brown Carter Castro Chen Clarke Costa Cruz
Dubois Duarte Eriksson Evans Ferrari Fischer Fontaine García Ghosh Gomes Gray Haas Hansen Hughes Ito
Iyer Jansen Jones Kaur Keller Khan Kim Kowalski Laurent Lee Lewis Lopez Marsh Martin Meyer Mori
Müller Nakamura Nguyen Novak O'Neill Okafor Olsen Ortiz Park Patel Pereira Petit Quinn Rao Ricci
Rossi Roy Ruiz Sato Schmidt Silva Singh Smith Sørensen Suzuki Tanaka Torres Vogel Weber White Wilson
Wójcik Young Zhang Ziegler
""".split()  # noqa: SIM905 — as above
FIRM_HEADS = """
Alder Amber Apex Aster Beacon Birch Blue Bright Cedar Clear Cobalt Copper Crest Delta Echo Ember
Falcon Fern Flint Forge Garnet Granite Harbor Hazel Iron Juniper Keystone Lark Linden Lumen Maple
Meridian Mosaic North Oak Onyx Orchard Pine Quartz Raven Ridge River Rowan Sable Sierra Silver Slate
Summit Tidal Timber Topaz Umber Vale Vista Willow Zephyr Arrow Basalt Canyon Drift
""".split()  # noqa: SIM905 — as above
FIRM_TAILS = {
    "technology": ("Labs", "Systems", "Cloud"),
    "healthcare": ("Health", "Clinics"),
    "finance": ("Capital", "Partners"),
    "education": ("Academy", "College"),
    "retail": ("Stores", "Trading"),
    "manufacturing": ("Works", "Industries"),
    "consulting": ("Advisory", "Consulting"),
    "real_estate": ("Estates", "Properties"),
    "other": ("Group", "Collective"),
}
INDUSTRIES: tuple[tuple[str, float], ...] = (
    ("technology", 26),
    ("finance", 14),
    ("retail", 14),
    ("manufacturing", 12),
    ("healthcare", 10),
    ("education", 8),
    ("consulting", 8),
    ("real_estate", 4),
    ("other", 4),
)
SIZES: tuple[tuple[str, int, int, float], ...] = (
    ("1-10", 2, 10, 14),
    ("11-50", 11, 50, 22),
    ("51-200", 51, 200, 24),
    ("201-500", 201, 500, 16),
    ("501-1000", 501, 1000, 10),
    ("1001-5000", 1001, 5000, 8),
    ("5001-10000", 5001, 10000, 4),
    ("10000+", 10001, 60000, 2),
)
JOBS: tuple[tuple[tuple[str, str, str], float], ...] = (
    (("Account Executive", "individual_contributor", "sales"), 10),
    (("Sales Director", "director", "sales"), 5),
    (("Marketing Manager", "manager", "marketing"), 11),
    (("VP Marketing", "vp", "marketing"), 4),
    (("Software Engineer", "individual_contributor", "engineering"), 12),
    (("Senior Engineer", "senior", "engineering"), 9),
    (("Head of Engineering", "director", "engineering"), 5),
    (("Product Manager", "manager", "product"), 9),
    (("Designer", "individual_contributor", "design"), 5),
    (("HR Partner", "senior", "hr"), 4),
    (("Finance Controller", "senior", "finance"), 5),
    (("Operations Manager", "manager", "operations"), 8),
    (("Chief Executive", "c_suite", "executive"), 4),
    (("Founder", "founder", "executive"), 6),
)


@dataclass(frozen=True, slots=True)
class Product:
    sku: str
    name: str
    category: str
    price: Decimal


PRODUCTS: tuple[tuple[Product, float], ...] = (
    (Product("SEAT", "Extra seat", "seats", Decimal("12.50")), 30),
    (Product("SEAT-10", "Ten extra seats", "seats", Decimal("99.00")), 16),
    (Product("STORE-1", "Storage, 1 TB", "add-ons", Decimal("24.90")), 16),
    (Product("REPORTS", "Reporting add-on", "add-ons", Decimal("49.00")), 14),
    (Product("API", "API package", "add-ons", Decimal("149.00")), 9),
    (Product("SENSOR", "Sensor kit", "hardware", Decimal("219.95")), 6),
    (Product("TRAIN", "Training day", "services", Decimal("690.00")), 5),
    (Product("ONBOARD", "Onboarding workshop", "services", Decimal("1450.00")), 3),
)


@dataclass(frozen=True, slots=True)
class Campaign:
    id: str
    subject: str
    sent_on: dt.date
    reach: float
    """The share of the people one may write to that it goes to."""


CAMPAIGNS = (
    Campaign("autumn-25", "What is new this autumn", dt.date(2025, 9, 16), 0.32),
    Campaign("webinar-25", "Webinar: reports that people read", dt.date(2025, 10, 21), 0.22),
    Campaign("november-25", "Seats at half the price", dt.date(2025, 11, 25), 0.36),
    Campaign("january-26", "Plans for the new year", dt.date(2026, 1, 13), 0.36),
    Campaign("summit-26", "You are invited to our summit", dt.date(2026, 2, 24), 0.25),
    Campaign("spring-26", "Spring release", dt.date(2026, 4, 14), 0.36),
    Campaign("api-26", "The new API is here", dt.date(2026, 5, 19), 0.32),
    Campaign("june-26", "June letter", dt.date(2026, 6, 4), 0.43),
    Campaign("sensors-26", "Sensors: see what your rooms do", dt.date(2026, 6, 16), 0.36),
    Campaign("summer-26", "A quiet summer offer", dt.date(2026, 6, 25), 0.36),
)
TEXT_CAMPAIGNS = (
    Campaign("sms-may-26", "Seats for the long weekend", dt.date(2026, 5, 13), 0.6),
    Campaign("sms-june-26", "Two days only: sensors", dt.date(2026, 6, 19), 0.6),
    Campaign("sms-summer-26", "Last day of the summer offer", dt.date(2026, 6, 28), 0.5),
)
PAGES: tuple[tuple[str, float], ...] = (
    ("/", 24),
    ("/features", 16),
    ("/pricing", 14),
    ("/pricing/enterprise", 5),
    ("/docs/api", 9),
    ("/docs/getting-started", 9),
    ("/blog/reports-that-people-read", 8),
    ("/blog/summit-2026", 5),
    ("/account/cancel", 2),
)
TAGS = ("beta", "partner", "press", "webinar 2025", "summit 2026", "reference")
STAGES: tuple[tuple[str, float], ...] = (
    ("subscriber", 5),
    ("lead", 4),
    ("qualified", 2),
)
MANAGERS = ("Ines Weber", "Tom Okafor", "Yuki Mori")
