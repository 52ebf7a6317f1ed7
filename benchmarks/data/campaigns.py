"""A project whose segments compete: the generated definitions with delivery, a policy and a simulation."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING, Any

import yaml

from benchmarks.data.dataset import AS_OF, CATALOG
from benchmarks.data.segments import SEED, documents
from segmentation_pipeline.sample.draws import Draws

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.data.dataset import Dataset

SIMULATION = "replay"
TIME_ZONE = "Europe/Berlin"
GROUPS = ("lifecycle", "offers")
_CHANNELS = (("email", 12), ("sms", 4), ("push", 3), ("phone", 1))
_REPEATS: tuple[tuple[str | dict[str, int] | None, float], ...] = (
    ("once_per_entry", 7),
    ({"every_days": 7}, 4),
    ({"every_days": 14}, 4),
    ({"every_days": 30}, 3),
    (None, 2),
)
_SUPPRESSION = {
    "segment": "unreachable",
    "type": "suppression",
    "where": {"field": "status", "operator": "in", "value": ["bounced", "unsubscribed", "do_not_contact"]},
}


def write_project(data: Dataset, segments: int, days: int, samples: int) -> Path:
    """Write a project over the rows of a data set and return its folder; what stood there goes.

    Its lake shares the files of the data set's and can be written to.
    """
    project = data.folder / "campaigns" / f"{segments}x{days}"
    shutil.rmtree(project, ignore_errors=True)
    definitions = project / "segment_definitions"
    for folder in ("segments", "policies", "simulations"):
        (definitions / folder).mkdir(parents=True)
    shutil.copytree(data.lake, project / "lake", copy_function=os.link)
    (project / "segmentation.toml").write_text(
        f'[workspaces.default]\nname = "Benchmark"\ndefinitions = "segment_definitions"\nlake = "lake"\n'
        f'time_zone = "UTC"\nas_of = {AS_OF:%Y-%m-%dT%H:%M:%SZ}\n',
        encoding="utf-8",
    )
    meanings = "\nmeanings: {sent: email_sent}\n"
    (definitions / "catalog.yaml").write_text(
        CATALOG.read_text(encoding="utf-8") + meanings, encoding="utf-8"
    )
    for name, text in competing(segments, data.contacts).items():
        (definitions / "segments" / f"{name}.yaml").write_text(text, encoding="utf-8")
    _dump(definitions / "segments" / "unreachable.yaml", _SUPPRESSION)
    _dump(definitions / "policies" / "default.yaml", policy(data.contacts))
    _dump(definitions / "simulations" / f"{SIMULATION}.yaml", simulation(days, samples))
    return project


def competing(count: int, contacts: int, seed: int = SEED) -> dict[str, str]:
    """Return the generated definitions by segment id, each with a delivery block of its own."""
    draws = Draws(seed + 1)
    return {
        name: text + yaml.safe_dump({"delivery": _delivery(draws, contacts)}, sort_keys=False)
        for name, text in documents(count, seed).items()
    }


def policy(contacts: int) -> dict[str, Any]:
    """Return a policy that gives every reason something to do; a channel carries a share of the contacts."""
    return {
        "policy": "default",
        "time_zone": TIME_ZONE,
        "max_contacts_per_day": 1,
        "exclusive_groups": list(GROUPS),
        "rules": [
            {"cooldown_days": 2},
            {"max": 3, "days": 7, "channel": "email"},
            {"max": 2, "days": 30, "channel": "sms"},
            {"max": 1, "days": 30, "group": "offers"},
            {"max": 8, "days": 30},
        ],
        "quiet": [{"weekday": "sunday"}, {"weekday": "saturday", "channels": ["sms", "phone"]}],
        "holdout": {"percent": 5, "salt": "benchmark"},
        "capacity": {"email": contacts // 20, "phone": contacts // 500},
    }


def simulation(days: int, samples: int) -> dict[str, Any]:
    return {"simulation": SIMULATION, "mode": "replay", "days": days, "samples": samples}


def _delivery(draws: Draws, contacts: int) -> dict[str, Any]:
    block: dict[str, Any] = {"channel": draws.weighted(_CHANNELS), "priority": draws.between(1, 99)}
    if draws.chance(0.4):
        block["exclusivity_group"] = draws.one_of(GROUPS)
    if (repeat := draws.weighted(_REPEATS)) is not None:
        block["repeat"] = repeat
    if draws.chance(0.2):
        block["reentry_gap_days"] = draws.one_of((14, 30))
    if draws.chance(0.2):
        block["expires_after_days"] = draws.one_of((7, 14))
    if draws.chance(0.05):
        block["ignores_caps"] = True
    if draws.chance(0.05):
        block["counts_toward_caps"] = False
    if draws.chance(0.1):
        block["capacity_per_day"] = contacts // draws.one_of((200, 2000))
    return block


def _dump(path: Path, document: dict[str, Any]) -> None:
    path.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
