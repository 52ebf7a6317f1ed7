"""The schema of a policy: who may be contacted how often."""

from __future__ import annotations

from segmentation_pipeline.schemas.shapes import NAMES, Shape, any_of, closed, list_of

_WORD: Shape = {"type": "string", "minLength": 1}
_WORDS = list_of(_WORD)
_COUNT: Shape = {"type": "integer", "minimum": 0}
_DAYS: Shape = {"type": "integer", "minimum": 1}
_SCOPE: Shape = {"channel": _WORD, "group": _WORD}
_DAY: Shape = {"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}$"}
_WEEKDAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]


def policy_schema() -> Shape:
    """Return the schema of ``policies/<policy>.yaml``."""
    cooldown = closed({"cooldown_days": _DAYS, **_SCOPE}, ["cooldown_days"])
    cap = closed({"max": _COUNT, "days": _DAYS, **_SCOPE}, ["max", "days"])
    channels = {"channels": _WORDS}
    quiet = any_of(
        closed({"weekday": {"enum": _WEEKDAYS}, **channels}, ["weekday"]),
        closed({"date": _DAY, **channels}, ["date"]),
    )
    share = {"type": "number", "minimum": 0, "maximum": 100}
    by_channel = {"type": "object", "additionalProperties": {"type": "array", "items": _WORD}}
    properties = {
        "policy": {"type": "string", **NAMES},
        "description": {"type": "string"},
        "time_zone": {"type": "string", "examples": ["UTC", "Europe/Berlin"]},
        "max_contacts_per_day": _DAYS,
        "exclusive_groups": {"type": "array", "items": _WORD},
        "rules": {
            "description": "In order; the first that fails is the reason.",
            "type": "array",
            "items": any_of(cooldown, cap),
        },
        "quiet": {"type": "array", "items": quiet},
        "holdout": closed({"percent": share, "salt": {"type": ["string", "number"]}}, ["percent", "salt"]),
        "capacity": {
            "description": "Contacts a day, by channel.",
            "type": "object",
            "additionalProperties": _COUNT,
        },
        "suppression": {
            "description": "Segments whose members are not contacted, besides those of type suppression.",
            **any_of({"type": "array", "items": _WORD}, by_channel),
        },
    }
    return closed(properties, ["policy"], description="A policy: who may be contacted how often.")
