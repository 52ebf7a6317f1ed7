"""The result of a simulation in sentences: the first paragraph of its report."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import polars as pl

from segmentation_pipeline.report.contents.simulation.blocked import by_what, totals
from segmentation_pipeline.report.contents.simulation.limits import past_known
from segmentation_pipeline.report.contents.simulation.messages import WEEK, fullest, reached
from segmentation_pipeline.report.contents.simulation.outcome import LOST, counted, listed
from segmentation_pipeline.report.contents.simulation.what_if import moves
from segmentation_pipeline.report.writing import written
from segmentation_pipeline.simulation.tables import (
    FORECAST,
    PRESSURE,
    SEGMENT_DAYS,
    STARVATION,
    SWITCHES,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from segmentation_pipeline.report.contents.simulation.outcome import Outcome, Variant

_NAMED = 3
_STARVING = {"never_won": "never wins", "shadowed_by_proof": "can never win", "starved": "starves"}


def sentences(found: Outcome) -> tuple[str, ...]:
    """Return what a reader must know, the most important first; each line is a paragraph."""
    said = (_sent(found), _pressed(found), _held_back(found), _starved(found))
    more = (_changed(found), *moves(found), _to_come(found), _limits(found), _stood_in(found))
    return tuple(line for line in (*said, *more) if line)


def _each(found: Outcome, say: Callable[[Variant], str]) -> str:
    """Return what is said of each side as one sentence; once where it is the same of both."""
    parts = [(variant, say(variant)) for variant in found.variants]
    if not all(text for _, text in parts):
        return ""
    if len(parts) == 1:
        return _sentence(parts[0][1])
    if len({text for _, text in parts}) == 1:
        return _sentence(f"under both {parts[0][1]}")
    return _sentence("; ".join(f"under {variant.letter} {text}" for variant, text in parts))


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."


def _sent(found: Outcome) -> str:
    days = counted(len(found.days), "day")

    def say(variant: Variant) -> str:
        sent = counted(totals(found, variant)["won"], "message")
        reach = "reaches" if sent.startswith("1 ") else "reach"
        return f"{sent} {reach} {counted(reached(variant), 'customer')} in {days}"

    return "" if found.rows(SEGMENT_DAYS).is_empty() else _each(found, say)


def _pressed(found: Outcome) -> str:
    if found.rows(PRESSURE).filter(pl.col("window_days") == WEEK).is_empty():
        return ""

    def say(variant: Variant) -> str:
        most = max(fullest(found, variant, WEEK))
        return f"nobody gets more than {counted(most, 'message')} within {WEEK} days"

    return _each(found, say)


def _held_back(found: Outcome) -> str:
    def say(variant: Variant) -> str:
        counts = totals(found, variant)
        claims, kept = counts["claims"], counts["claims"] - counts["won"]
        if not claims:
            return "no segment wants to contact anybody"
        worst = sorted((name for name in LOST if counts[name]), key=lambda name: -counts[name])
        told = [f"{counts[name]:,} {LOST[name]}" for name in worst[:_NAMED]]
        rest = kept - sum(counts[name] for name in worst[:_NAMED])
        if rest:
            told.append(f"{rest:,} otherwise")
        lost = f"{kept:,} of {counted(claims, 'claim')} {'is' if kept == 1 else 'are'} lost"
        return f"{lost}: {listed(told)}" if told else lost

    return "" if found.rows(SEGMENT_DAYS).is_empty() else _each(found, say)


def _starved(found: Outcome) -> str:
    return "" if found.rows(STARVATION).is_empty() else _each(found, partial(_starving, found))


def _starving(found: Outcome, variant: Variant) -> str:
    """Name the segments that starve and why; where none does, the one that misses most."""
    rows = (
        found.rows(STARVATION, variant)
        .with_columns((pl.col("contacts_never_won") / pl.col("contacts_wanting")).alias("missed"))
        .sort("contacts_never_won", "segment_id", descending=[True, False])
    )
    starving = rows.filter(pl.col("status").is_in(list(_STARVING)))
    told = [
        f"`{segment}` {_STARVING[status]}{_because(found, variant, segment)}"
        for segment, status in starving.select("segment_id", "status").head(_NAMED).iter_rows()
    ]
    if (more := starving.height - _NAMED) > 0:
        told.append(f"{counted(more, 'other segment')} starve{'s' if more == 1 else ''}")
    if told:
        return listed(told)
    missing = rows.filter(pl.col("missed") > 0).sort("missed", descending=True, maintain_order=True)
    if missing.is_empty():
        return "every segment reaches everybody it wants"
    segment, missed, wanted = missing.select("segment_id", "contacts_never_won", "contacts_wanting").row(0)
    misses = f"`{segment}` never reaches {missed:,} of the {counted(wanted, 'customer')} it wants"
    cause = by_what(found, variant, segment)
    return f"no segment starves, but {misses}" + (f", mostly because {cause}" if cause else "")


def _because(found: Outcome, variant: Variant, segment: str) -> str:
    cause = by_what(found, variant, segment)
    return f" because {cause}" if cause else ""


def _changed(found: Outcome) -> str:
    """Say on how many customers' days B's winner is another than A's."""
    rows = found.rows(SWITCHES)
    if rows.is_empty():
        return ""
    before, after = pl.col("winner_baseline"), pl.col("winner_proposed")
    told = (
        (after.is_null(), "sent under A only"),
        (before.is_null(), "sent under B only"),
        (before != after, "from another segment under B than under A"),
    )
    parts = [
        f"{counted(number, 'message')} {'is' if number == 1 else 'are'} {what}"
        for which, what in told
        if (number := int(rows.filter(which)["contact_days"].sum()))
    ]
    return _sentence(listed(parts)) if parts else "B changes nothing: the same segment wins everywhere."


def _to_come(found: Outcome) -> str:
    rows = found.rows(FORECAST)
    if rows.is_empty():
        return ""

    def say(variant: Variant) -> str:
        mine = found.rows(FORECAST, variant)
        days = mine["day"].n_unique()
        expected = listed(
            [
                f"{name} {written(mean, 'number')} ({low:,.0f} to {high:,.0f})"
                for name, mean, low, high in mine.group_by("channel")
                .agg(pl.col("expected").mean(), pl.col("low").min(), pl.col("high").max())
                .sort("channel")
                .iter_rows()
            ]
        )
        breaches = mine.filter(pl.col("breaches"))
        told = (
            f", and {counted(breaches['day'].n_unique(), 'day')} would exceed a capacity"
            if breaches.height
            else ""
        )
        return f"the next {counted(days, 'day')} are expected to bring, a day: {expected}{told}"

    return _each(found, say)


def _limits(found: Outcome) -> str:
    failed = found.run["failed"] or []
    if failed:
        return f"This must not be, and is: {'; '.join(failed)}."
    return "Nothing that must not be is the case." if found.conditions else ""


def _stood_in(found: Outcome) -> str:
    """Say of how much that rules read the past is not known."""
    known = past_known(found)
    unknown = sorted(name for name, basis in known.items() if basis == "current")
    if not unknown or found.run["mode"] == "what_if":
        return ""
    whole = f"{len(unknown):,} of the {len(known):,} fields and tables that the rules read"
    named = listed([f"`{name}`" for name in unknown])
    return f"Today's values stand in for the past of {named if len(unknown) <= _NAMED else whole}."
