"""The tables of the `analytics` group: what members did while they were members, by day."""

from __future__ import annotations

import polars as pl

from segmentation_pipeline.lake.tables import Table

MONTH = "month"
REVENUE = pl.Decimal(38, 4)
COUNTS = (
    "emails_sent",
    "emails_delivered",
    "opens",
    "unique_opens",
    "clicks",
    "unique_clicks",
    "conversions",
)
"""What is counted of a member's day, beside ``revenue``."""
RATES = {"open_rate": "unique_opens", "click_rate": "unique_clicks", "conversion_rate": "conversions"}
"""Every rate and what it divides by the delivered e-mails."""
_MEASURES = {
    **dict.fromkeys(COUNTS, pl.Int64()),
    "revenue": REVENUE,
    **dict.fromkeys(RATES, pl.Float64()),
}
_SAID = {
    "opens": "opened e-mails, every time counted",
    "unique_opens": "opened e-mails, each message of a contact once a day",
    "clicks": "clicks, every one counted",
    "unique_clicks": "clicked e-mails, each message of a contact once a day",
    "conversions": "what the catalog's `meanings` call a conversion",
    "revenue": "what the catalog's `meanings` call revenue, exact",
    "open_rate": "unique_opens ÷ emails_delivered, a fraction of 1; null where nothing was delivered",
    "click_rate": "unique_clicks ÷ emails_delivered; null where nothing was delivered",
    "conversion_rate": "conversions ÷ emails_delivered; null where nothing was delivered",
    "entered": "who entered that day, as published",
    "exited": "who exited that day, as published",
    MONTH: "YYYY-MM of the day; the table's slices",
}

SEGMENT_ANALYTICS = Table(
    "segment_analytics",
    pl.Schema(
        {
            "segment_id": pl.String(),
            "date": pl.Date(),
            "contact_count": pl.Int64(),
            **_MEASURES,
            "entered": pl.Int64(),
            "exited": pl.Int64(),
            "membership": pl.String(),
            "month": pl.String(),
        }
    ),
    partition_by=(MONTH,),
    comment="A row a segment and local day: what contacts did who were members when they did it.",
    column_comments={
        **_SAID,
        "date": "local day of the workspace's time zone",
        "contact_count": "members at the end of the day",
        "membership": "published; of days before the first run, evaluated again: `from events`, or `with "
        "today's attributes`",
    },
)
SEGMENT_SIZES = Table(
    "segment_sizes",
    pl.Schema(
        {
            "segment_id": pl.String(),
            "date": pl.Date(),
            "size": pl.Int64(),
            "entered": pl.Int64(),
            "exited": pl.Int64(),
            "by_definition": pl.Int64(),
            "by_data": pl.Int64(),
            "by_time": pl.Int64(),
            "by_pin": pl.Int64(),
            "by_other": pl.Int64(),
            "month": pl.String(),
        }
    ),
    partition_by=(MONTH,),
    comment="A row a segment and local day on which somebody entered or exited, and why.",
    column_comments={
        "size": "members at the end of the day",
        "by_definition": "entries and exits because the definition changed",
        "by_data": "because data changed",
        "by_time": "because time passed",
        "by_pin": "because of a pin",
        "by_other": "merged, erased, or a cause that is not recorded",
        MONTH: _SAID[MONTH],
    },
)
ENGAGEMENT_SUMMARY = Table(
    "engagement_summary",
    pl.Schema(
        {
            "segment_id": pl.String(),
            "month": pl.String(),
            "days": pl.Int64(),
            "first_count": pl.Int64(),
            "last_count": pl.Int64(),
            **_MEASURES,
            "entered": pl.Int64(),
            "exited": pl.Int64(),
        }
    ),
    comment="A row a segment and month: the days of segment_analytics summed up.",
    column_comments={
        **{name: text for name, text in _SAID.items() if name != MONTH},
        "days": "days that are summed up",
        "first_count": "members at the end of the first of them",
        "last_count": "members at the end of the last of them",
    },
)
CAMPAIGN_ATTRIBUTION = Table(
    "campaign_attribution",
    pl.Schema(
        {
            "date": pl.Date(),
            "campaign_id": pl.String(),
            "model": pl.String(),
            "window_days": pl.Int64(),
            "conversions": pl.Decimal(38, 6),
            "revenue": REVENUE,
            "month": pl.String(),
        }
    ),
    partition_by=(MONTH,),
    comment="Conversions and revenue of a local day, given to the campaigns that touched the contact before.",
    column_comments={
        "date": "local day of the conversion",
        "campaign_id": "null: no campaign touched the contact within the window",
        "model": "first, last or linear touch; the parts of one conversion sum up to it exactly",
        "window_days": "how many times 24 hours before a conversion a touch counts",
        MONTH: _SAID[MONTH],
    },
)
COHORT_RETENTION = Table(
    "cohort_retention",
    pl.Schema(
        {
            "segment_id": pl.String(),
            "cohort_week": pl.Date(),
            "week": pl.Date(),
            "weeks_since": pl.Int64(),
            "cohort_size": pl.Int64(),
            "retained": pl.Int64(),
        }
    ),
    comment="Of those who first entered a segment in one week, how many are members at the end of each week.",
    column_comments={
        "cohort_week": "first local day of the week in which they first entered",
        "week": "first local day of the week at whose end they are counted",
        "weeks_since": "weeks between the two",
    },
)
COHORT_OVERLAPS = Table(
    "cohort_overlaps",
    pl.Schema(
        {
            "week": pl.Date(),
            "segment_a": pl.String(),
            "segment_b": pl.String(),
            "a": pl.Int64(),
            "b": pl.Int64(),
            "both": pl.Int64(),
        }
    ),
    comment="Who entered two segments in the same week: a row a week and pair that somebody entered.",
    column_comments={
        "week": "first local day of the week",
        "a": "who entered segment_a that week",
        "b": "who entered segment_b that week",
        "both": "who entered both",
    },
)
FLAPPING_MEMBERS = Table(
    "flapping_members",
    pl.Schema(
        {
            "segment_id": pl.String(),
            "object_index": pl.Int64(),
            "object_key": pl.String(),
            "changes": pl.Int64(),
            "first_at": pl.Datetime("us", "UTC"),
            "last_at": pl.Datetime("us", "UTC"),
        }
    ),
    comment="Who entered and exited one segment again and again within the last 30 days.",
    column_comments={"changes": "entries and exits within these days, at least 3"},
)
DAILY = (SEGMENT_ANALYTICS, SEGMENT_SIZES, CAMPAIGN_ATTRIBUTION)
ROLLUPS = (ENGAGEMENT_SUMMARY, COHORT_RETENTION, COHORT_OVERLAPS, FLAPPING_MEMBERS)
TABLES = (*DAILY, *ROLLUPS)
