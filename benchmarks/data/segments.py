"""Random definitions, written as users write them and read by the project's own loader.

40 % ask for properties, 40 % for behaviour, 15 % embed other segments, 5 % ask for sequences; the
first n of any number are the same.
"""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import yaml

from benchmarks.data.conditions import on_events, on_field, on_fields, on_sequence, some
from benchmarks.data.dataset import CATALOG, read_catalog
from segmentation_pipeline.rules.definitions import load_definitions
from segmentation_pipeline.sample.draws import Draws

if TYPE_CHECKING:
    from pathlib import Path

    from segmentation_pipeline.rules.segment import Definitions

    Condition = dict[str, Any]

SEED = 42
_KINDS = {"p": "properties", "b": "behaviour", "e": "embedded", "s": "sequence"}
_ORDER = "pbpbepbpbspbepbpbepb"
"""Of every twenty segments, eight are p, eight b, three e and one s; the first ten have them all."""


def write_definitions(folder: Path, count: int, seed: int = SEED) -> Definitions:
    """Write a folder of definitions with its catalog, and return it as read; what stood there goes.

    Raises `ValueError` for a generated definition that the language refuses.
    """
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "segments").mkdir(parents=True)
    shutil.copyfile(CATALOG, folder / "catalog.yaml")
    for name, text in documents(count, seed).items():
        (folder / "segments" / f"{name}.yaml").write_text(text, encoding="utf-8")
    definitions = load_definitions(folder, read_catalog())
    if definitions.errors:
        raise ValueError(f"a generated definition is wrong: {definitions.errors[0]}")
    return definitions


def documents(count: int, seed: int = SEED) -> dict[str, str]:
    """Return the YAML text of ``count`` definitions by segment id."""
    draws = Draws(seed)
    texts: dict[str, str] = {}
    for number in range(count):
        name = f"{_kind(number)}_{number:04d}"
        document = {"segment": name, "name": f"Segment {number}", "where": None}
        texts[name] = yaml.safe_dump(document | _rule(draws, number, list(texts)), sort_keys=False)
    return texts


def _kind(number: int) -> str:
    return _KINDS[_ORDER[number % len(_ORDER)]]


def _rule(draws: Draws, number: int, before: list[str]) -> Condition:
    exclusions = [on_field(draws)] if draws.chance(0.35) else []
    match _kind(number):
        case "properties":
            where = _properties(draws)
        case "behaviour":
            where = _behaviour(draws)
        case "embedded":
            where, more = _embedded(draws, before)
            exclusions += more
        case _:
            also = [on_field(draws)] if draws.chance(0.5) else []
            where = {"all": [on_sequence(draws), *also]}
    if not exclusions:
        return {"where": where}
    return {"where": where, "exclude": exclusions[0] if len(exclusions) == 1 else {"any": exclusions}}


def _properties(draws: Draws) -> Condition:
    count = draws.between(3, 8)
    conditions = on_fields(draws, count)
    if draws.chance(0.15):
        conditions[0] = {"not": conditions[0]}
    if count < 5:
        return {_group(draws): conditions}
    half = count // 2
    groups = [{_group(draws): conditions[:half]}, {"any": conditions[half:]}]
    return {draws.one_of(("all", "all", "any")): groups}


def _behaviour(draws: Draws) -> Condition:
    count = draws.between(1, 3)
    did = {"any" if count == 3 else _group(draws): [on_events(draws) for _ in range(count)]}
    if not draws.chance(0.6):
        return did
    return {"all": [did, {"any": on_fields(draws, draws.between(1, 2))}]}


def _embedded(draws: Draws, before: list[str]) -> tuple[Condition, list[Condition]]:
    """Draw members of one or two segments that meet a condition, and who is excluded as member of another."""
    named = [{"segment": name} for name in some(draws, before, draws.between(1, 2))]
    where = {"all": [{"any": named}, {"any": on_fields(draws, 2)}]}
    return where, [{"segment": draws.one_of(before)}]


def _group(draws: Draws) -> str:
    return draws.one_of(("all", "any"))
