"""The tables of simulations. Rows of a run count once `simulation_runs` has its rows: they come last."""

from __future__ import annotations

import polars as pl

from segmentation_pipeline.assignment.reasons import CLAIMS as CLAIMING
from segmentation_pipeline.assignment.reasons import NO_CLAIMS as UNCLAIMING
from segmentation_pipeline.lake.tables import Table

RUN = "run_id"
VARIANT = "variant"
_INSTANT = pl.Datetime("us", "UTC")
_OF = {RUN: pl.String(), VARIANT: pl.String()}
_SAID = {
    RUN: "the run, as `simulation_runs` has it",
    VARIANT: "baseline or proposed",
}
CLAIMS = tuple(sorted((str(reason) for reason in CLAIMING), key=lambda name: name != "won"))
"""The reasons of the balance, `won` first: claims are their sum."""
NO_CLAIMS = tuple(str(reason) for reason in UNCLAIMING)
REASONS = (*CLAIMS, *NO_CLAIMS)
"""What becomes of an active member's day, the claims first."""

RUNS = Table(
    "simulation_runs",
    pl.Schema(
        {
            **_OF,
            "simulation": pl.String(),
            "mode": pl.String(),
            "policy": pl.String(),
            "definitions": pl.String(),
            "from_day": pl.Date(),
            "to_day": pl.Date(),
            "time_zone": pl.String(),
            "as_of": _INSTANT,
            "contacts": pl.Int64(),
            **dict.fromkeys(("won", "contacts_wanted", "contacts_never_won"), pl.Int64()),
            "failed": pl.List(pl.String()),
            "sample_percent": pl.Float64(),
            "salt": pl.String(),
            "attribute_basis": pl.List(pl.Struct({"name": pl.String(), "basis": pl.String()})),
            "inputs": pl.List(pl.Struct({"table": pl.String(), "version": pl.Int64()})),
            "definitions_hash": pl.String(),
            "policy_hash": pl.String(),
            "declaration": pl.String(),
            "engine_version": pl.String(),
            "result_hash": pl.String(),
            "repeats": pl.String(),
            "recorded_at": _INSTANT,
            "seconds": pl.Float64(),
        }
    ),
    comment="Simulations that were run: a row a run and variant, with all that is needed to repeat it.",
    column_comments={
        RUN: "sim-000001, sim-000002, …",
        VARIANT: "baseline or proposed",
        "definitions": "where its definitions stood: worktree, git:REF or folder:PATH",
        "as_of": "the instant the data was looked at",
        "contacts": "contacts that were simulated: a sample's only",
        "won": "contacts made, over all days",
        "contacts_wanted": "customers that some segment claimed",
        "contacts_never_won": "of these, those that none won",
        "failed": "the conditions of fail_if that held",
        "salt": "of the policy's holdout; null without one",
        "attribute_basis": "of fields and tables, whether past values were known: history, versions or "
        "current (today's stand in for them)",
        "inputs": "the Delta version of every table that was read",
        "definitions_hash": "of every file of the definitions, as `simulation_definitions` keeps them",
        "policy_hash": "of all that the policy says",
        "declaration": "the simulation's YAML",
        "result_hash": "of all rows of the run's other tables: a repetition has the same",
        "repeats": "the run that it repeats",
        "seconds": "wall time of the whole run",
    },
)
DEFINITIONS = Table(
    "simulation_definitions",
    pl.Schema({"definitions_hash": pl.String(), "path": pl.String(), "text": pl.String()}),
    comment="The files of definitions that simulations read, kept once a hash, to repeat them from.",
    column_comments={"path": "below the definitions folder"},
)
SEGMENT_DAYS = Table(
    "simulation_segment_days",
    pl.Schema(
        {
            **_OF,
            "day": pl.Date(),
            "segment_id": pl.String(),
            "channel": pl.String(),
            **dict.fromkeys(("size", "entered", "exited", "reentered", "claims", *REASONS), pl.Int64()),
            "inactive": pl.Int64(),
        }
    ),
    partition_by=(RUN,),
    comment="What became of every segment that delivers, day by day: claims = won + suppressed + holdout + "
    "quiet + gap + cooldown + cap + outranked + capacity, and size = size of the day before + entered − "
    "exited.",
    column_comments={
        **_SAID,
        "size": "members at the day's last microsecond",
        "reentered": "of those entered: had been in, and out, within the simulated days",
        "claims": "members who wanted to be contacted",
        "group_loser": "no claims: a better-ranked segment of their group holds them",
        "spent": "no claims: won already in this spell (once_per_entry)",
        "expired": "no claims: members for too long (expires_after_days)",
        "inactive": "members on a day before `starts` or after `ends`",
    },
)
CHANNEL_DAYS = Table(
    "simulation_channel_days",
    pl.Schema(
        {
            **_OF,
            "day": pl.Date(),
            "channel": pl.String(),
            **dict.fromkeys(("messages", "claims"), pl.Int64()),
            "capacity": pl.Int64(),
            "utilisation": pl.Float64(),
            **dict.fromkeys(("displaced", "quiet", "suppressed"), pl.Int64()),
        }
    ),
    partition_by=(RUN,),
    comment="Messages a day and channel, against what the channel can carry.",
    column_comments={
        **_SAID,
        "capacity": "of the policy, scaled with the sample; null without one",
        "utilisation": "messages ÷ capacity",
        "displaced": "claims that found no room, of the channel or of their segment",
        "quiet": "claims that a quiet day held back",
    },
)
BLOCKS = Table(
    "simulation_blocks",
    pl.Schema(
        {
            **_OF,
            "blocked": pl.String(),
            "blocker": pl.String(),
            "reason": pl.String(),
            "rule": pl.Int64(),
            "decisions": pl.Int64(),
        }
    ),
    partition_by=(RUN,),
    comment="Who was blocked by whom and why, over all days.",
    column_comments={
        **_SAID,
        "blocker": "the segment; null where none is to blame, or a contact of no segment",
        "rule": "of cooldown and cap: the place of the policy's rule, from 0",
        "decisions": "days × contacts",
    },
)
PRESSURE = Table(
    "simulation_pressure",
    pl.Schema(
        {
            **_OF,
            "window_days": pl.Int64(),
            "channel": pl.String(),
            "contacts_in_window": pl.Int64(),
            **dict.fromkeys(("contacts", "windows"), pl.Int64()),
        }
    ),
    partition_by=(RUN,),
    comment="How many contacts a customer gets in 1, 7 and 30 days: a histogram. Windows end on the "
    "simulated days, and reach back into the real history.",
    column_comments={
        **_SAID,
        "channel": "null: all of them",
        "contacts": "customers whose fullest window had so many",
        "windows": "days × customers with so many in the window that ends there",
    },
)
STARVATION = Table(
    "simulation_starvation",
    pl.Schema(
        {
            **_OF,
            "segment_id": pl.String(),
            "status": pl.String(),
            **dict.fromkeys(("days_with_members", "days_with_claims", "claims", "won"), pl.Int64()),
            "win_rate": pl.Float64(),
            "first_win_day": pl.Date(),
            **dict.fromkeys(("contacts_wanting", "contacts_won", "contacts_never_won"), pl.Int64()),
            "held_back_by": pl.String(),
            "culprits": pl.List(pl.String()),
        }
    ),
    partition_by=(RUN,),
    comment="Which segments reach the customers they want, and which starve.",
    column_comments={
        **_SAID,
        "status": "ok; starved: fewer than one in ten of those it wanted; never_won; shadowed_by_proof: it "
        "never can; idle: it wanted nobody",
        "win_rate": "won ÷ claims",
        "contacts_wanting": "customers it claimed, or lost to its group, on some day",
        "contacts_never_won": "of these, those it never won",
        "held_back_by": "the reason that cost it most",
        "culprits": "of shadowed_by_proof: the segments that always win instead",
    },
)
DECISIONS = Table(
    "simulation_decisions",
    pl.Schema(
        {
            **_OF,
            "day": pl.Date(),
            "object_index": pl.Int64(),
            "contact_id": pl.String(),
            "segment_id": pl.String(),
            "channel": pl.String(),
            "rank": pl.Int64(),
            "decision": pl.String(),
            "blocked_by": pl.String(),
            "rule": pl.Int64(),
        }
    ),
    partition_by=(RUN,),
    comment="Everything decided about a few customers, chosen by hash: the full trace.",
    column_comments={
        **_SAID,
        "rank": "of the segment, from 0: the lower wins",
        "decision": "won, or why not",
        "blocked_by": "the segment whose contact blocks, or that won instead",
        "rule": "of cooldown and cap: the place of the policy's rule, from 0",
    },
)
DIFF = Table(
    "simulation_diff",
    pl.Schema(
        {
            RUN: pl.String(),
            "metric": pl.String(),
            "scope": pl.String(),
            "key": pl.String(),
            **dict.fromkeys(("baseline", "proposed", "delta", "delta_percent"), pl.Float64()),
        }
    ),
    partition_by=(RUN,),
    comment="Every figure of both variants side by side; of one variant its figures alone.",
    column_comments={
        RUN: _SAID[RUN],
        "scope": "all, segment or channel",
        "key": "the segment or the channel",
        "delta": "proposed − baseline",
        "delta_percent": "100 × delta ÷ baseline; null where that is 0",
    },
)
SWITCHES = Table(
    "simulation_switches",
    pl.Schema(
        {
            RUN: pl.String(),
            "winner_baseline": pl.String(),
            "winner_proposed": pl.String(),
            "contact_days": pl.Int64(),
        }
    ),
    partition_by=(RUN,),
    comment="Who wins instead: of every customer and day on which anybody won, the winner of both variants.",
    column_comments={
        RUN: _SAID[RUN],
        "winner_baseline": "null: nobody. Of several a day, the first is held against the first",
    },
)
FORECAST = Table(
    "simulation_forecast",
    pl.Schema(
        {
            **_OF,
            "day": pl.Date(),
            "channel": pl.String(),
            "method": pl.String(),
            "observed_days": pl.Int64(),
            **dict.fromkeys(("expected", "low", "high", "demand"), pl.Float64()),
            "capacity": pl.Int64(),
            "breaches": pl.Boolean(),
        }
    ),
    partition_by=(RUN,),
    comment="Messages expected on the days to come, a row a day and channel.",
    column_comments={
        **_SAID,
        "method": "same_weekday_mean: the mean of the same weekday in the replay",
        "observed_days": "on how many days it rests",
        "low": "the fewest messages on one of them",
        "high": "the most messages on one of them",
        "demand": "the mean of messages and of claims that found no room",
        "breaches": "whether the demand exceeds the capacity",
    },
)
ROWS = (SEGMENT_DAYS, CHANNEL_DAYS, BLOCKS, PRESSURE, STARVATION, DECISIONS, DIFF, SWITCHES, FORECAST)
"""The tables with the figures of a run, each a slice of its own."""
