"""What the contacts of the sample do, one after the other, up to the end of the sample."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from segmentation_pipeline.sample.people import AS_OF
from segmentation_pipeline.sample.vocabulary import CAMPAIGNS, PAGES, PRODUCTS, Campaign, Product

if TYPE_CHECKING:
    from segmentation_pipeline.sample.draws import Draws
    from segmentation_pipeline.sample.people import Contact

_HISTORY = dt.timedelta(days=420)
"""How far back a contact's visits and orders reach."""


@dataclass(frozen=True, slots=True)
class Activity:
    contact: str | None
    type: str
    at: dt.datetime
    fields: dict[str, str | int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class OrderLine:
    """A line of the shop's export; a cancelled line stands beside the line it takes back."""

    order: str
    contact: str
    at: dt.datetime
    product: Product
    quantity: int
    cancelled: bool
    campaign: str | None


@dataclass(slots=True)
class Life:
    """Collects what one contact does; ``draws`` decides."""

    contact: Contact
    draws: Draws
    activities: list[Activity] = field(default_factory=list)
    orders: list[OrderLine] = field(default_factory=list)

    def add(self, kind: str, at: dt.datetime, **fields: str | int | None) -> None:
        if self.contact.created <= at < AS_OF:
            given = {name: value for name, value in fields.items() if value is not None}
            self.activities.append(Activity(self.contact.id, kind, at, given))

    def moment(self, start: dt.datetime, end: dt.datetime) -> dt.datetime:
        """Return a moment of a waking hour at the contact's place, a whole second."""
        zone = ZoneInfo(self.contact.place.zone)
        seconds = int(self.draws.unit() * max((end - start).total_seconds(), 1))
        day = (start + dt.timedelta(seconds=seconds)).astimezone(zone)
        hour = self.draws.weighted([(hour, 3 if 9 <= hour <= 17 else 1) for hour in range(7, 23)])
        local = day.replace(hour=hour, minute=self.draws.between(0, 59), second=self.draws.between(0, 59))
        return min(max(local.astimezone(dt.UTC), start), max(end, start))


def draw_life(draws: Draws, contact: Contact) -> Life:
    """Return everything a contact does."""
    life = Life(contact, draws)
    life.add("contact_created", contact.created)
    for campaign in CAMPAIGNS:
        _mail(life, campaign)
    _stop(life)
    _visits(life)
    _shopping(life)
    _service(life)
    life.activities.sort(key=lambda activity: (activity.at, activity.type))
    return life


def _mail(life: Life, campaign: Campaign) -> None:
    contact, draws = life.contact, life.draws
    sent = dt.datetime.combine(campaign.sent_on, dt.time(7, 0), dt.UTC) + dt.timedelta(
        seconds=draws.between(0, 5400)
    )
    if contact.email is None or sent < contact.created or not draws.chance(campaign.reach):
        return
    if contact.stopped is not None and sent >= contact.stopped:
        return
    message = {"campaign_id": campaign.id, "message_id": f"{campaign.id}/{contact.id[2:]}"}
    life.add("email_sent", sent, **message)
    if not draws.chance(0.98):
        life.add("email_bounced", sent + dt.timedelta(seconds=20), **message, bounce_type="soft_bounce")
        return
    life.add("email_delivered", sent + dt.timedelta(seconds=draws.between(2, 90)), **message)
    opened = sent + dt.timedelta(minutes=2 + int(draws.waiting(600)))
    if opened > contact.last_active or not draws.chance(contact.persona.opens):
        return
    life.add("email_opened", opened, **message)
    if draws.chance(0.2):
        life.add("email_opened", opened + dt.timedelta(minutes=1 + int(draws.waiting(300))), **message)
    if draws.chance(contact.persona.clicks):
        link = draws.weighted(PAGES)
        life.add(
            "email_clicked", opened + dt.timedelta(seconds=draws.between(5, 300)), **message, link_url=link
        )
    if draws.chance(0.03):
        life.add("email_replied", opened + dt.timedelta(minutes=draws.between(5, 600)), **message)


def _stop(life: Life) -> None:
    """Write down why mail to a contact ended."""
    contact = life.contact
    if contact.stopped is None:
        return
    if contact.status == "unsubscribed":
        reason = life.draws.one_of(("too many letters", "not for me", "changed jobs"))
        life.add("email_unsubscribed", contact.stopped, reason=reason)
    elif contact.status == "bounced":
        life.add("email_bounced", contact.stopped, bounce_type="hard_bounce", reason="mailbox does not exist")


def _visits(life: Life) -> None:
    contact, draws = life.contact, life.draws
    start = max(contact.created, AS_OF - _HISTORY)
    months = max((contact.last_active - start).days, 1) / 30
    eager = draws.weighted([(0.4, 5), (1.0, 3), (2.5, 1.5), (6.0, 0.5)])
    for number in range(round(contact.persona.visits * months * eager) if contact.last_active > start else 0):
        at = life.moment(start, contact.last_active)
        session = f"s-{contact.id[2:]}-{number:03}"
        for page in range(2 if draws.chance(0.25) else 1):
            life.add(
                "page_visited",
                at + dt.timedelta(seconds=45 * page),
                path=draws.weighted(PAGES),
                session_id=session,
            )
        if draws.chance(0.06):
            form = draws.weighted([("demo_request", 3), ("contact_us", 2), ("newsletter", 4)])
            life.add(
                "form_submitted",
                at + dt.timedelta(seconds=110),
                form_id=form,
                path="/pricing",
                session_id=session,
            )
        if contact.plan not in (None, "free") and draws.chance(0.5):
            device = draws.one_of(("desktop", "mobile"))
            life.add("login", at + dt.timedelta(seconds=150), device=device, session_id=session)


def _shopping(life: Life) -> None:
    contact, draws = life.contact, life.draws
    start = max(contact.created, AS_OF - _HISTORY)
    if contact.last_active <= start:
        return
    for number in range(draws.some(contact.persona.orders) if contact.persona.orders else 0):
        at = life.moment(start, contact.last_active)
        order = f"o-{contact.id[2:]}-{number + 1:02}"
        campaign = next((sent.id for sent in CAMPAIGNS if 0 <= (at.date() - sent.sent_on).days <= 4), None)
        for _ in range(draws.weighted([(1, 6), (2, 3), (3, 1)])):
            product = draws.weighted(PRODUCTS)
            quantity = draws.between(1, 6) if product.price < 100 else 1
            if draws.chance(0.3):
                before = at - dt.timedelta(minutes=draws.between(3, 50))
                life.add(
                    "cart", before, product=product.sku, quantity=quantity, unit_price=str(product.price)
                )
            life.orders.append(
                OrderLine(order, contact.id, at, product, quantity, cancelled=False, campaign=campaign)
            )
            if draws.chance(0.05) and (back := at + dt.timedelta(days=draws.between(1, 12), hours=1)) < AS_OF:
                life.orders.append(
                    OrderLine(order, contact.id, back, product, quantity, cancelled=True, campaign=None)
                )
    if draws.chance(0.12):
        product = draws.weighted(PRODUCTS)
        life.add(
            "cart",
            life.moment(start, contact.last_active),
            product=product.sku,
            quantity=1,
            unit_price=str(product.price),
        )


def _service(life: Life) -> None:
    contact, draws = life.contact, life.draws
    start = max(contact.created, AS_OF - _HISTORY)
    if contact.plan in ("starter", "pro", "enterprise"):
        begun = contact.created + dt.timedelta(days=draws.between(1, 25))
        life.add("subscription_started", begun, plan=contact.plan)
        if contact.persona.name == "churned":
            life.add("subscription_cancelled", contact.last_active, plan=contact.plan, reason="price")
    if contact.last_active <= start:
        return
    for number in range(draws.some(0.15)):
        priority = draws.weighted([("low", 3), ("normal", 5), ("high", 2), ("urgent", 1)])
        ticket = f"t-{contact.id[2:]}-{number + 1}"
        life.add(
            "support_ticket", life.moment(start, contact.last_active), ticket_id=ticket, priority=priority
        )
    if contact.manager is not None and draws.chance(0.4):
        outcome = draws.one_of(("reached", "voicemail", "wants an offer"))
        at = life.moment(start, contact.last_active)
        life.add("call_completed", at, duration_seconds=draws.between(30, 1800), outcome=outcome)
    if draws.chance(0.04):
        life.add("linkedin_connected", life.moment(start, contact.last_active))
