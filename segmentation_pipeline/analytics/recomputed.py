"""Days before anything was published: memberships as the rules of today give them at each day's start.

A run at the start of a local day publishes who is a member on that day; so does this, for all days.
Rules over events alone give what such a run would have published. Others see attributes as they are
now; their rows say so.
"""

from __future__ import annotations

import datetime as dt
from functools import partial
from typing import TYPE_CHECKING

import polars as pl

from segmentation_pipeline.analytics.daily import Measured, finished
from segmentation_pipeline.analytics.days import start_of
from segmentation_pipeline.analytics.history import DATE, SEGMENT
from segmentation_pipeline.analytics.spells import SPELLS, Spells
from segmentation_pipeline.analytics.tables import SEGMENT_ANALYTICS
from segmentation_pipeline.evaluation.evaluate import evaluate_index
from segmentation_pipeline.evaluation.needs import needs
from segmentation_pipeline.rules.graph import dependencies
from segmentation_pipeline.segments.dry_run import pin
from segmentation_pipeline.segments.masks import aligned, count

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from segmentation_pipeline.lake.store import DeltaStore
    from segmentation_pipeline.rules.segment import Definitions

FROM_EVENTS = "from events"
TODAYS_ATTRIBUTES = "with today's attributes"
_DAY = dt.timedelta(days=1)
_NOBODY_MOVES = pl.DataFrame(schema=SPELLS)


def recomputed_days(
    store: DeltaStore,
    definitions: Definitions,
    zone: str,
    days: Sequence[dt.date],
    until: Mapping[str, dt.date],
) -> pl.DataFrame:
    """Return the rows of `SEGMENT_ANALYTICS` of some days of one month, memberships evaluated again.

    ``days`` ascend; ``until`` names the day from which on a segment has published rows. One that cannot
    be evaluated has no rows.
    """
    early = {name for name, day in until.items() if day > days[0] and name in definitions.segments}
    names = {name for name in early if definitions.segments[name].active}
    if not names:
        return pl.DataFrame(schema=SEGMENT_ANALYTICS.schema)
    wanted = names | dependencies(definitions.segments, names)
    bases = {name: basis_of(definitions, name) for name in names}
    index = pin(store, [definitions.catalog], start_of(days[0], zone)).index(definitions.catalog)
    rows = [pl.DataFrame(schema=SEGMENT_ANALYTICS.schema)]
    before: tuple[dt.date, Mapping[str, pl.Series]] | None = None
    for day in days:
        if before is None or before[0] != day - _DAY:
            earlier = evaluate_index(definitions, index, start_of(day - _DAY, zone), only=wanted)
            before = (day - _DAY, earlier.masks)
        masks = evaluate_index(definitions, index, start_of(day, zone), only=wanted).masks
        measured = Measured(store, definitions.catalog, zone, [day])
        for name in sorted(names & masks.keys()):
            if day < until[name]:
                now, then = aligned(masks[name], before[1].get(name, masks[name].clear()))
                frame = pl.DataFrame(
                    {
                        SEGMENT: [name],
                        DATE: [day],
                        "contact_count": [count(now)],
                        "entered": [count(now & ~then)],
                        "exited": [count(then & ~now)],
                    }
                )
                kind = definitions.segments[name].object
                members = partial(Spells, now, _NOBODY_MOVES)
                counted = measured.of(kind, members)
                rows.append(finished(frame, counted, bases[name]))
        before = (day, masks)
    return pl.concat(rows)


def basis_of(definitions: Definitions, name: str) -> str:
    """Return whether a rule, and all that it embeds, looks at events alone."""
    catalog = definitions.catalog
    timed = {source.table for source in catalog.events.values()}
    for one in (name, *dependencies(definitions.segments, {name})):
        segment = definitions.segments[one]
        key = catalog.objects[segment.object].key
        read = {need.table for need in needs(segment, catalog) if need.column != key}
        if segment.pins or segment.where is None or not read <= timed:
            return TODAYS_ATTRIBUTES
    return FROM_EVENTS
