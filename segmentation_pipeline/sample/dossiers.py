"""What else is known of the contacts of the sample: preferences, suppressions, relationships, notes."""

from __future__ import annotations

import datetime as dt
from itertools import pairwise
from typing import TYPE_CHECKING

from segmentation_pipeline.sample.people import AS_OF
from segmentation_pipeline.sample.vocabulary import CAMPAIGNS, MANAGERS, STAGES, TAGS, TEXT_CAMPAIGNS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from segmentation_pipeline.sample.behaviour import Life
    from segmentation_pipeline.sample.draws import Draws

Row = dict[str, str]

_COLOURS = ("green", "blue", "grey", "yellow", "orange", "red", "purple")
_STEPS = ("greeting", "wait_for_login", "first_tips", "done")
_NOTES = (
    "Asked about the renewal.",
    "Wants an offer for twenty seats.",
    "Met at the summit, likes the reports.",
    "Prefers to be called after lunch.",
)
_NEXT = {"subscriber": "lead", "lead": "qualified", "qualified": "customer", "customer": "advocate"}


def draw_stages(draws: Draws, lives: list[Life]) -> dict[str, str]:
    """Return the lifecycle stage of each contact as its first export has it, empty for some."""
    return {life.contact.id: _stage(draws, life) for life in lives}


def draw_dossiers(draws: Draws, lives: list[Life], stages: dict[str, str]) -> dict[str, list[Row]]:
    """Return the rows of every file, by its name."""
    return {
        "contact_changes.csv": list(_changes(draws, lives, stages)),
        "tags.csv": list(_tags()),
        "email_preferences.csv": list(_preferences(draws, lives)),
        "suppressions.csv": _suppressions(lives),
        "relationships.csv": list(_relationships(draws, lives)),
        "automation_states.csv": list(_automations(draws, lives)),
        "campaigns.csv": list(_campaigns()),
        "campaign_interactions.csv": list(_interactions(lives)),
        "notes.csv": list(_notes(draws, lives)),
    }


def _stage(draws: Draws, life: Life) -> str:
    if draws.chance(0.15):
        return ""
    if life.orders:
        return "former_customer" if life.contact.persona.name == "churned" else "customer"
    return draws.weighted(STAGES)


def _changes(draws: Draws, lives: list[Life], stages: dict[str, str]) -> Iterator[Row]:
    """The customer system's export of the last weeks: whose stage has moved on since the first one."""
    for life in lives:
        stage = _NEXT.get(stages[life.contact.id])
        latest = max([life.contact.created, *(activity.at for activity in life.activities)])
        changed = AS_OF - dt.timedelta(days=draws.between(1, 27), seconds=draws.between(0, 40_000))
        if stage is not None and latest < changed and draws.chance(0.12):
            yield {
                "Contact ID": life.contact.id,
                "Stage": stage,
                "Changed": _time(changed),
                "Changed By": life.contact.manager or "sales",
            }


def _tags() -> Iterator[Row]:
    for name, colour in zip((*TAGS, "vip"), _COLOURS, strict=True):
        yield {"Tag": name, "Colour": colour, "Description": f"Contacts tagged {name}"}


def _preferences(draws: Draws, lives: list[Life]) -> Iterator[Row]:
    for life in lives:
        if life.contact.newsletter is None or not draws.chance(0.3):
            continue
        for kind in ("newsletter", "product_news"):
            wanted = life.contact.newsletter if kind == "newsletter" else draws.chance(0.8)
            yield {
                "contact_id": life.contact.id,
                "preference_type": kind,
                "is_enabled": "yes" if wanted else "no",
                "unsubscribe_reason": "" if wanted else draws.one_of(("too many letters", "not for me")),
                "updated_at": _time(_later(draws, life)),
                "updated_by": "preference centre",
            }


def _suppressions(lives: list[Life]) -> list[Row]:
    """Addresses that came back, a domain that asked for quiet, one that was quiet for a while."""
    bounced = [it.contact for it in lives if it.contact.status == "bounced" and it.contact.email][:8]
    hosts = sorted({it.contact.company.domain for it in lives if it.contact.company})
    blank = dict.fromkeys(("Type", "Address", "Domain", "Reason", "Since", "Until", "Added By"), "")
    rows = [
        blank
        | {
            "Type": "Hard bounce",
            "Address": contact.email or "",
            "Reason": "mailbox does not exist",
            "Since": _time(contact.stopped or contact.created),
            "Added By": "mail provider",
        }
        for contact in bounced
    ]
    quiet = {
        "Type": "Domain",
        "Domain": hosts[3],
        "Reason": "asked for no mail at all",
        "Added By": MANAGERS[0],
    }
    while_ago = {"Type": "Temporary", "Domain": hosts[7], "Reason": "moving house", "Added By": MANAGERS[1]}
    return [
        *rows,
        blank | quiet | {"Since": _time(AS_OF - dt.timedelta(days=90))},
        blank | while_ago | {"Since": _time(_ago(200)), "Until": _time(_ago(150))},
        blank | while_ago | {"Domain": hosts[9], "Since": _time(_ago(20)), "Until": _time(_ago(-40))},
    ]


def _relationships(draws: Draws, lives: list[Life]) -> Iterator[Row]:
    for life, other in pairwise(lives):
        if draws.chance(0.06):
            kind = draws.weighted([("referral_source", 5), ("manager", 3), ("assistant", 1)])
            yield {
                "contact_id": life.contact.id,
                "related_contact_id": other.contact.id,
                "relationship_type": kind,
                "created_at": _time(_later(draws, life)),
            }


def _automations(draws: Draws, lives: list[Life]) -> Iterator[Row]:
    for life in lives:
        if life.contact.created > AS_OF - dt.timedelta(days=45) and life.contact.email is not None:
            entered = life.contact.created + (AS_OF - life.contact.created) * draws.unit()
            yield {
                "contact_id": life.contact.id,
                "automation_id": "welcome",
                "automation_name": "Welcome series",
                "current_step": draws.one_of(_STEPS),
                "entered_at": _time(entered),
                "updated_at": _time(entered),
            }


def _campaigns() -> Iterator[Row]:
    for campaign in (*CAMPAIGNS, *TEXT_CAMPAIGNS):
        yield {
            "campaign_id": campaign.id,
            "name": campaign.subject,
            "type": "email" if campaign in CAMPAIGNS else "telephone",
            "status": "completed",
            "starts_on": campaign.sent_on.isoformat(),
        }


def _interactions(lives: list[Life]) -> Iterator[Row]:
    """What the mail tool's own report says of its latest campaign."""
    what = {"email_sent": "sent", "email_opened": "opened", "email_clicked": "clicked"}
    for life in lives:
        for activity in life.activities:
            if activity.fields.get("campaign_id") == CAMPAIGNS[-1].id and activity.type in what:
                yield {
                    "contact_id": life.contact.id,
                    "campaign_id": CAMPAIGNS[-1].id,
                    "interaction_type": what[activity.type],
                    "occurred_at": _time(activity.at),
                }


def _notes(draws: Draws, lives: list[Life]) -> Iterator[Row]:
    for life in lives:
        if life.contact.manager is not None and draws.chance(0.4):
            yield {
                "contact_id": life.contact.id,
                "body": draws.one_of(_NOTES),
                "created_at": _time(_later(draws, life)),
                "created_by": life.contact.manager,
            }


def _later(draws: Draws, life: Life) -> dt.datetime:
    """Return a moment after the contact came, before the sample ends."""
    return life.contact.created + (AS_OF - life.contact.created) * (0.05 + 0.9 * draws.unit())


def _ago(days: int) -> dt.datetime:
    return AS_OF - dt.timedelta(days=days)


def _time(at: dt.datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"
