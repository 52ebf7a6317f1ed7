"""Random conditions as they are written in definitions: on fields, on events, on sequences of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from benchmarks.data import vocabulary

if TYPE_CHECKING:
    from collections.abc import Sequence

    from segmentation_pipeline.sample.draws import Draws

    Condition = dict[str, Any]

_DAYS = (7, 14, 30, 30, 30, 60, 90, 90, 180, 365)
_PARTS = (
    *("eng", "sales", "data", "head", "vp", "acme", "tech", "lab"),
    *("gmail", "retail", "health", "market", "corp", "senior", "chief", "cloud"),
)
_STARTS = {
    "company_name": ("Acme", "Global", "North", "Quantum", "Blue"),
    "job_title": ("Senior", "VP", "Lead", "Head", "Chief"),
    "city": ("New", "East", "Ham", "Lake"),
}
_ENDS = ("@gmail.com", "@acme.example", "@yahoo.com", "@corp.example")
_NUMBERS = {
    "enrichment_score": 100,
    "lead_score": 1000,
    "satisfaction": 10,
    "monthly_revenue": 2000,
    "lifetime_value": 300,
}
_EMPTIABLE = ("satisfaction", "job_title", "unsubscribed_at", "birthday", "renewal_date")
_TYPES: tuple[tuple[str | list[str], int], ...] = (
    ("email_opened", 5),
    ("email_clicked", 4),
    ("purchase", 4),
    ("page_viewed", 3),
    ("product_viewed", 3),
    ("cart_added", 2),
    ("form_submitted", 2),
    ("email_sent", 1),
    ("email_replied", 1),
    ("call_completed", 1),
    ("email_delivered", 1),
    (["email_opened", "email_clicked"], 1),
    (["page_viewed", "product_viewed", "form_submitted"], 1),
)
_CHAINS = (
    ("email_clicked", "purchase"),
    ("page_viewed", "form_submitted"),
    ("product_viewed", "purchase"),
    ("cart_added", "purchase"),
    ("email_opened", "email_clicked"),
    ("product_viewed", "cart_added", "purchase"),
    ("email_opened", "page_viewed", "form_submitted"),
)


def some(draws: Draws, items: Sequence[Any], count: int) -> list[Any]:
    """Draw distinct items, in the order in which they stand."""
    left = list(range(len(items)))
    taken = [left.pop(int(draws.unit() * len(left))) for _ in range(min(count, len(left)))]
    return [items[place] for place in sorted(taken)]


def on_fields(draws: Draws, count: int) -> list[Condition]:
    """Draw conditions on different fields: two on one field mostly contradict each other."""
    found: dict[str, Condition] = {}
    while len(found) < count:
        condition = on_field(draws)
        found.setdefault(condition["field"], condition)
    return list(found.values())


def on_field(draws: Draws) -> Condition:
    """Draw a condition on one field of a contact."""
    draw = draws.weighted(
        (
            (_in, 30),
            (_not_in, 8),
            (_contains, 12),
            (_starts, 6),
            (_ends, 4),
            (_number, 12),
            (_time, 12),
            (_flag, 4),
            (_empty, 4),
            (_tags, 8),
        )
    )
    return draw(draws)


def on_events(draws: Draws) -> Condition:
    """Draw a condition on what a contact did: how often, for how much, how long ago, or not at all."""
    kind = draws.weighted(_TYPES)
    condition: Condition = {"event": kind}
    if draws.chance(0.45) and (where := _event_filter(draws, kind)) is not None:
        condition["where"] = where
    if not draws.chance(0.1):
        condition["within"] = f"last {draws.one_of(_DAYS)} days"
    chance = draws.unit()
    if kind == "purchase" and chance < 0.4:
        amount = draws.one_of((20, 50, 100, 500))
        return condition | {
            "measure": "sum",
            "of": "revenue",
            "operator": "greater_than_or_equal",
            "value": amount,
        }
    if chance < 0.12:
        condition.pop("within", None)
        ago = draws.one_of((14, 30, 60, 90, 180))
        return condition | {"measure": "days_since_last", "operator": "greater_than_or_equal", "value": ago}
    if chance < 0.35:
        return condition | {"operator": "equals", "value": 0}
    if chance < 0.42:
        return condition | {"operator": "less_than", "value": draws.one_of((2, 3, 5))}
    # Of a single campaign, path or category nobody has five events.
    counts = (1, 1, 1, 2) if "where" in condition else (1, 1, 2, 3, 5)
    return condition | {"operator": "greater_than_or_equal", "value": draws.one_of(counts)}


def on_sequence(draws: Draws) -> Condition:
    """Draw two steps with or without a longest gap, or three."""
    steps = draws.one_of(_CHAINS)
    condition: Condition = {
        "sequence": [{"event": step} for step in steps],
        "within": f"last {draws.one_of((30, 90, 180, 365))} days",
    }
    if len(steps) == 2 and draws.chance(0.8):
        condition["gap"] = f"{draws.one_of((1, 7, 14, 30))} days"
    return condition


def _compare(field: str, operator: str, value: Any = None) -> Condition:
    asked = {"field": field, "operator": operator}
    return asked if value is None else {**asked, "value": value}


def _worded(draws: Draws) -> tuple[str, Sequence[str]]:
    words: dict[str, Sequence[str]] = {
        **vocabulary.enum_values(),
        "timezone": vocabulary.TIME_ZONES,
        "country": vocabulary.COUNTRIES[:20],
    }
    return draws.one_of(list(words.items()))


def _in(draws: Draws) -> Condition:
    field, words = _worded(draws)
    return _compare(field, "in", some(draws, words, draws.between(1, max(1, len(words) // 2))))


def _not_in(draws: Draws) -> Condition:
    field, words = _worded(draws)
    return _compare(field, "not_in", some(draws, words, draws.between(1, 2)))


def _contains(draws: Draws) -> Condition:
    field = draws.one_of(("job_title", "job_title", "company_name", "email"))
    return _compare(field, "contains", draws.one_of(_PARTS))


def _starts(draws: Draws) -> Condition:
    field, starts = draws.one_of(list(_STARTS.items()))
    return _compare(field, "starts_with", draws.one_of(starts))


def _ends(draws: Draws) -> Condition:
    return _compare("email", "ends_with", draws.one_of(_ENDS))


def _number(draws: Draws) -> Condition:
    field, top = draws.one_of(list(_NUMBERS.items()))
    low, high = some(draws, range(21), 2)
    if draws.chance(0.6):
        return _compare(field, "between", [top * low // 20, top * high // 20])
    return _compare(field, "greater_than_or_equal", top * low // 20)


def _time(draws: Draws) -> Condition:
    field = draws.one_of(("created_at", "created_at", "last_contacted_at"))
    days = draws.one_of((7, 30, 60, 90, 180, 365))
    if draws.chance(0.4):
        return _compare(field, "before", f"{days} days ago")
    return _compare(field, "not_within" if draws.chance(0.2) else "within", f"last {days} days")


def _flag(draws: Draws) -> Condition:
    return _compare(
        draws.one_of(("do_not_contact", "email_verified")), draws.one_of(("is_true", "is_not_true"))
    )


def _empty(draws: Draws) -> Condition:
    return _compare(draws.one_of(_EMPTIABLE), draws.one_of(("is_empty", "is_not_empty")))


def _tags(draws: Draws) -> Condition:
    operator = draws.one_of(("has_any", "has_any", "has_any", "has_none", "has_all"))
    return _compare("tags", operator, some(draws, vocabulary.TAGS, draws.between(1, 3)))


def _event_filter(draws: Draws, kind: str | list[str]) -> Condition | None:
    match kind:
        case list():
            return _compare("device", "in", some(draws, vocabulary.DEVICES, 2))
        case "product_viewed" | "cart_added" | "purchase":
            return _compare("category", "equals", draws.one_of(vocabulary.CATEGORIES))
        case "page_viewed":
            return _compare("path", "equals", draws.one_of(vocabulary.PATHS[:16]))
        case "form_submitted":
            return _compare("device", "equals", "mobile")
        case "call_completed":
            return None
        case _:
            return _compare("campaign_id", "in", some(draws, vocabulary.CAMPAIGNS[:60], draws.between(1, 3)))
