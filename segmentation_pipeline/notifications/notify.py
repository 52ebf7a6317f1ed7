"""One look at the outbox: what was published goes in, what is due goes out.

Neither the lake nor a run waits for a receiver: the lake's lock is held for reading and writing the
outbox only, and what cannot be delivered stays there until a later look.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from segmentation_pipeline.errors import UsageError
from segmentation_pipeline.lake.opening import open_lake
from segmentation_pipeline.notifications.bodies import Bodies
from segmentation_pipeline.notifications.outbox import Outbox
from segmentation_pipeline.notifications.posting import post
from segmentation_pipeline.notifications.sending import Courier, Sent
from segmentation_pipeline.notifications.tables import DELIVERIES
from segmentation_pipeline.partners.environment import with_secrets
from segmentation_pipeline.partners.webhooks import load_webhooks
from segmentation_pipeline.segments.basis import read_definitions
from segmentation_pipeline.segments.findings import objects_of

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping

    from segmentation_pipeline.partners.waiting import Clock
    from segmentation_pipeline.partners.webhooks import Webhook
    from segmentation_pipeline.rules.segment import Definitions
    from segmentation_pipeline.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Told:
    """One webhook: deliveries ``posted`` into the outbox, ``delivered``, ``given_up``, still ``waiting``."""

    webhook: str
    posted: int
    delivered: int
    given_up: int
    waiting: int
    trouble: str | None = None


def webhooks_of(workspace: Workspace, definitions: Definitions | None = None) -> dict[str, Webhook]:
    """Return a workspace's webhooks; raise `DefinitionError` with every finding."""
    known = definitions or read_definitions(workspace)
    return load_webhooks(workspace.definitions, objects_of(known), known.catalog, workspace.file_name)


def notify(
    workspace: Workspace,
    *,
    env: Mapping[str, str],
    clock: Clock,
    retry: bool = False,
    patience: dt.timedelta | None = None,
    wait_seconds: float = 0,
) -> list[Told]:
    """Put what was published into the outbox and deliver what is due; return a value a webhook.

    With ``retry``, what was given up is tried again, and what waits is due now. A pass that has lasted
    for ``patience`` leaves the rest for the next.

    Raises:
        DefinitionError: a webhook's file, or the catalog, cannot be read.
        LockedError: another process delivers, or holds the lake.
    """
    definitions = read_definitions(workspace)
    webhooks = webhooks_of(workspace, definitions)
    store = open_lake(workspace)
    outbox = Outbox(store, wait_seconds)
    if not webhooks and not store.exists(DELIVERIES.name):
        return []
    bodies = Bodies(store, definitions.catalog, workspace.id)
    until = None if patience is None else clock.now() + patience
    told = []
    with outbox.alone():
        with outbox.lake():
            posted = post(store, definitions.catalog, webhooks, clock.now())
            outbox.close_undeclared(webhooks)
            if retry:
                outbox.put_back(webhooks, clock.now())
        for name, webhook in webhooks.items():
            sent = Sent()
            if webhook.active and (pending := outbox.pending(name)):
                try:
                    secret = with_secrets(webhook.secret, env, f"webhook `{name}`")
                except UsageError as error:
                    sent = Sent(trouble=error.what)
                else:
                    courier = Courier(webhook, secret, clock, until)
                    sent = courier.send(pending, bodies, outbox.save)
            waiting = len(outbox.pending(name))
            told.append(Told(name, posted[name], sent.delivered, sent.given_up, waiting, sent.trouble))
    return told
