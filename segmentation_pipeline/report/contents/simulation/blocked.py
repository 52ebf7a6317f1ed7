"""What became of every segment's members, who stood in the way, and which segments starve."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from segmentation_pipeline.report.contents.simulation.outcome import WHY, listed
from segmentation_pipeline.report.model import Chart, Column, Figures, Section, Series, Text
from segmentation_pipeline.simulation.tables import BLOCKS, REASONS, SEGMENT_DAYS, STARVATION

if TYPE_CHECKING:
    from segmentation_pipeline.report.contents.simulation.outcome import Outcome, Variant

_BLOCKERS = 20
_NAMED = 2
_BECAUSE = {
    "suppressed": "they must not be contacted",
    "holdout": "they are held out",
    "quiet": "its days are quiet",
    "gap": "its own last message is too fresh",
    "capacity": "there is no room",
    "spent": "it has contacted them since they entered",
    "expired": "they have been members for too long",
}
_STATUS = {
    "ok": "ok",
    "starved": "starves",
    "never_won": "never wins",
    "shadowed_by_proof": "can never win",
    "idle": "wanted nobody",
}


def totals(found: Outcome, variant: Variant) -> dict[str, int]:
    """Return claims and every reason over all days and segments of one side."""
    rows = found.rows(SEGMENT_DAYS, variant)
    return {name: int(rows[name].sum()) for name in ("claims", *REASONS)}


def blocked(found: Outcome) -> Section:
    """Return what became of the days on which segments had members, and by whom they were blocked."""
    if found.rows(SEGMENT_DAYS).is_empty():
        return Section("Who was kept back, and by what", ())
    return Section(
        "Who was kept back, and by what",
        (
            Text(("Counted are days × customers; a claim is a member whom the segment wants to contact.",)),
            *_chart(found),
            *(_segments(found, variant) for variant in found.variants),
            *(figures for variant in found.variants for figures in _blockers(found, variant)),
        ),
    )


def _chart(found: Outcome) -> list[Chart]:
    each = [totals(found, variant) for variant in found.variants]
    shown = [name for name in REASONS if name != "won" and any(counts[name] for counts in each)]
    if not shown:
        return []
    series = tuple(
        Series(variant.of("customers × days"), tuple(float(counts[name]) for name in shown))
        for variant, counts in zip(found.variants, each, strict=True)
    )
    x = tuple(f"{name.replace('_', ' ')}: {WHY[name]}" for name in shown)
    return [Chart("Why members were not contacted", "bar", x, series)]


def _segments(found: Outcome, variant: Variant) -> Figures:
    sums = (
        found.rows(SEGMENT_DAYS, variant)
        .group_by("segment_id")
        .agg(pl.col("size", "claims", *REASONS).sum())
        .sort("won", "claims", "segment_id", descending=[True, True, False])
    )
    shown = [name for name in REASONS if name == "won" or sums[name].sum()]
    columns = (
        Column("segment"),
        Column("members × days", "count"),
        Column("claims", "count"),
        *(Column(name.replace("_", " "), "count") for name in shown),
    )
    return Figures(
        columns,
        tuple(sums.select("segment_id", "size", "claims", *shown).iter_rows()),
        caption=variant.of("what became of them"),
    )


def _blockers(found: Outcome, variant: Variant) -> list[Figures]:
    rows = (
        found.rows(BLOCKS, variant)
        .filter(pl.col("blocker").is_not_null() & (pl.col("blocker") != pl.col("blocked")))
        .sort("decisions", "blocked", "blocker", "reason", descending=[True, False, False, False])
        .head(_BLOCKERS)
    )
    if rows.is_empty():
        return []
    columns = (Column("segment"), Column("kept back by"), Column("why"), Column("customers × days", "count"))
    shown = tuple(
        (row["blocked"], row["blocker"], _why(row["reason"], row["rule"]), row["decisions"])
        for row in rows.iter_rows(named=True)
    )
    return [Figures(columns, shown, caption=variant.of("which segment stood in the way"))]


def _why(reason: str, rule: int | None) -> str:
    return WHY[reason] if rule is None else f"{WHY[reason]} (rule {rule + 1})"


def starving(found: Outcome) -> Section:
    """Return how many of the customers that it wants every segment reaches."""
    rows = found.rows(STARVATION)
    if rows.is_empty():
        return Section("Which segments starve", ())
    return Section("Which segments starve", tuple(_starving(found, variant) for variant in found.variants))


def _starving(found: Outcome, variant: Variant) -> Figures:
    columns = (
        Column("segment"),
        Column(""),
        Column("customers wanted", "count"),
        Column("reached", "count"),
        Column("never reached", "count"),
        Column("of its claims won", "share"),
        Column("first win", "day"),
        Column("held back most by"),
    )
    rows = found.rows(STARVATION, variant).sort("contacts_never_won", "segment_id", descending=[True, False])
    shown = tuple(
        (
            row["segment_id"],
            _STATUS[row["status"]],
            row["contacts_wanting"],
            row["contacts_won"],
            row["contacts_never_won"],
            row["win_rate"],
            row["first_win_day"],
            WHY[row["held_back_by"]] if row["held_back_by"] else None,
        )
        for row in rows.iter_rows(named=True)
    )
    return Figures(columns, shown, caption=variant.of("who is reached"))


def by_what(found: Outcome, variant: Variant, segment: str) -> str:
    """Return what costs a segment most, and which segments do it; empty where nothing does."""
    starved = found.rows(STARVATION, variant).filter(pl.col("segment_id") == segment)["held_back_by"]
    reason = starved[0] if len(starved) else None
    if reason is None:
        return ""
    by = (
        found.rows(BLOCKS, variant)
        .filter(pl.col("blocked") == segment, pl.col("reason") == reason, pl.col("blocker").is_not_null())
        .group_by("blocker")
        .agg(pl.col("decisions").sum())
        .sort("decisions", "blocker", descending=[True, False])["blocker"]
        .head(_NAMED)
        .to_list()
    )
    names = listed([f"`{name}`" for name in by]) if by else "others"
    verb = "holds" if len(by) == 1 else "hold"
    told = {
        "group_loser": f"{names} {verb} its group",
        "outranked": f"{names} {'goes' if len(by) == 1 else 'go'} first",
        "cooldown": f"they have just heard from {names}",
        "cap": f"they have had what a rule allows from {names}",
    }
    return told.get(reason) or _BECAUSE[reason]
