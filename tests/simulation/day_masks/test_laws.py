"""The law: the members of past days are those that evaluating each day by itself gives."""

from __future__ import annotations

import datetime as dt
import os
import random
from dataclasses import replace

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from segmentation_pipeline.catalog.model import EventSource, EventType, Field
from segmentation_pipeline.catalog.types import Datetime, Text
from segmentation_pipeline.evaluation.evaluate import evaluate_index
from segmentation_pipeline.index.build import build_index, encode_index
from segmentation_pipeline.ingest.text import as_text
from segmentation_pipeline.rules.clock import Clock, to_date
from segmentation_pipeline.simulation.day_masks.days import Days
from segmentation_pipeline.simulation.day_masks.members import past_members
from segmentation_pipeline.simulation.day_masks.past import past_of

pytestmark = pytest.mark.integration

EXAMPLES = int(os.environ.get("SEGMENTATION_EXAMPLES", "20"))
QUIETLY = settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
)
ZONES = ("UTC", "Europe/Paris", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe", "Africa/Cairo")


CHANGES = EventSource(
    "changes", "changes", "contact_id", "change_type", "changed_at", "change_id",
    {name: Field(name, Text())
     for name in ("change_id", "contact_id", "change_type", "field_name", "old_value", "new_value")}
    | {"changed_at": Field("changed_at", Datetime())},
    {"field_changed": EventType("field_changed")},
)  # fmt: skip
FIELDS = ("name", "tier", "age", "score", "spent", "ok", "renewed", "seen", "tags", "lucky", "company_id")
EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


def remembering(catalog):
    """The same catalog, with objects that are born and contacts that keep a history."""
    objects = dict(catalog.objects)
    contact = objects["contact"]
    events = (*contact.events, "changes")
    objects["contact"] = replace(contact, born="signed", events=events, history="changes")
    objects["company"] = replace(objects["company"], born="founded")
    return replace(catalog, objects=objects, events={**catalog.events, "changes": CHANGES})


def random_past(kit, contacts, as_of, ends, dice, changes):
    """What some contacts had before: (row, field) → instants of changes, each with what it replaced."""
    past = {}
    near = [*ends, *(end + 1 for end in ends), *(end - 40 * 86_400_000_000 for end in ends), as_of]
    for _ in range(changes):
        row, name = dice.randrange(contacts.height), dice.choice(FIELDS)
        kind = kit.catalog.objects["contact"].fields[name].type
        pool = (*kit.pool(kind, as_of, dice), None)
        times = sorted(set(dice.choices(near, k=dice.randint(1, 3))))
        past[row, name] = [(at, dice.choice(pool)) for at in times]
    return past


def history_rows(contacts, past):
    rows = []
    for (row, name), changes in past.items():
        olds = pl.Series([old for _, old in changes], dtype=contacts.schema[name], strict=False)
        news = pl.concat([olds[1:], contacts[name][row : row + 1].rename("")])
        for (at, _), old, new in zip(changes, as_text(olds), as_text(news), strict=True):
            rows.append((f"h{len(rows)}", contacts["contact_id"][row], "field_changed", name, old, new,
                         EPOCH + dt.timedelta(microseconds=at)))  # fmt: skip
    names = ("change_id", "contact_id", "change_type", "field_name", "old_value", "new_value")
    schema = {**dict.fromkeys(names, pl.String), "changed_at": pl.Datetime("us", "UTC")}
    return pl.DataFrame(rows, schema=schema, orient="row")


def frames_then(frames, past, date, end):
    """Rows as they were at the end of a day."""
    found = {name: frame.lazy() for name, frame in frames.items()}
    contacts = frames["contacts"].to_dict(as_series=False)
    for (row, name), changes in past.items():
        contacts[name][row] = next((old for at, old in changes if at > end), contacts[name][row])
    found["contacts"] = pl.DataFrame(contacts, schema=frames["contacts"].schema, strict=False).lazy()
    instant = EPOCH + dt.timedelta(microseconds=end)
    found["contacts"] = found["contacts"].filter(pl.col("signed").is_null() | (pl.col("signed") <= instant))
    found["companies"] = found["companies"].filter(pl.col("founded").is_null() | (pl.col("founded") <= date))
    return found


def check(kit, data, definitions, rows, changes):
    """Compare all days at once with each day by itself, over the rows that were there then."""
    catalog = remembering(kit.catalog)
    definitions = replace(definitions, catalog=catalog)
    zone = data.draw(st.sampled_from(ZONES), label="zone")
    today = Clock(rows.as_of, zone).local_day(rows.as_of)
    ago = data.draw(st.sampled_from(((0,), (1, 0), (3, 2, 1, 0, -1), (31, 7, 2, 0))), label="days ago")
    days = [to_date(today - n) for n in ago]
    frames = rows.frames(kit.catalog)
    ends = Days.of(days, zone, 0).ends
    dice = random.Random(data.draw(st.integers(0, 2**16), label="past"))
    former = random_past(kit, frames["contacts"], rows.as_of, ends, dice, changes)
    frames["changes"] = history_rows(frames["contacts"], former)
    index = build_index(catalog, {name: frame.lazy() for name, frame in frames.items()})
    if data.draw(st.booleans(), label="coded"):
        index = encode_index(index)
    size = data.draw(st.sampled_from((7, 2**18)), label="size")
    past = past_of(catalog, index, days, zone, definitions.week_starts, size=size)
    names = [name for name, one in definitions.segments.items() if one.object == "contact"]
    found = past_members(definitions, past, names)
    assert not found.failed
    sizes = []
    for day, date in enumerate(days):
        then = frames_then(frames, former, date, past.days.ends[day])
        again = evaluate_index(definitions, build_index(catalog, then), past.days.instant(day))
        assert not again.failed
        turned = found.words(names, day)
        for rank, name in enumerate(names):
            inside = (turned[rank // 64] >> rank % 64) & 1 != 0
            assert found.contacts[inside].tolist() == again.members[name].to_list(), (name, date)
        sizes.append([again.members[name].len() for name in names])
    assert found.sizes.T.tolist() == sizes


@QUIETLY
@given(data=st.data())
def test_all_days_at_once_are_each_day_by_itself(kit, data):
    rows = data.draw(kit.rows, label="rows")
    definitions = data.draw(kit.definitions(rows.as_of), label="definitions")
    check(kit, data, definitions, rows, data.draw(st.sampled_from((0, 40)), label="changes"))


@QUIETLY
@given(data=st.data())
def test_fields_have_the_values_that_they_had(kit, data):
    rows = data.draw(kit.rows, label="rows")
    rules = data.draw(st.lists(kit.on_fields(FIELDS, rows.as_of), min_size=4, max_size=8), label="rules")
    zone = data.draw(st.sampled_from(ZONES), label="zone of segments")
    segments = [kit.one(f"s{number}", rule, zone) for number, rule in enumerate(rules)]
    check(kit, data, kit.of(*segments), rows, 300)


@QUIETLY
@given(data=st.data())
def test_measures_of_events_are_those_of_the_day(kit, data):
    rows = data.draw(kit.rows, label="rows")
    rules = data.draw(st.lists(kit.on_events(rows.as_of), min_size=4, max_size=8), label="rules")
    zone = data.draw(st.sampled_from(ZONES), label="zone of segments")
    segments = [kit.one(f"s{number}", rule, zone) for number, rule in enumerate(rules)]
    check(kit, data, kit.of(*segments), rows, 0)
