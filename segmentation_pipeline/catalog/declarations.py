"""The shape of ``catalog.yaml``, one model for each kind of declaration."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field


class Declaration(BaseModel):
    """No unknown keys, no silent conversions."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class SatelliteDeclaration(Declaration):
    table: str
    value: str | None = None


class FieldDeclaration(Declaration):
    """``values`` belongs to an enum, ``of`` to a list, ``fields`` to a struct, ``from`` to the last two."""

    type: str
    values: list[str] | None = None
    of: str | None = None
    source: SatelliteDeclaration | None = Field(None, alias="from")
    fields: Any = None
    required: bool = False
    unique: bool = False
    pii: bool = False
    normalise: Literal["lower", "trim"] | None = None
    form: Literal["email"] | None = None
    minimum: float | None = None
    maximum: float | None = None
    derived: str | None = None
    history: bool = True
    aliases: list[str] = []
    description: str = ""


class RelationDeclaration(Declaration):
    object: str
    key: str | None = None
    foreign_key: str | None = None
    time: str | None = None


class ObjectDeclaration(Declaration):
    table: str
    key: str
    born: str | None = None
    made_from: list[str] = []
    derived: bool = False
    history: str | None = None
    merges: str | None = None
    on_forget: Literal["delete", "unlink"] = "delete"
    fields: Any = None
    relations: Any = None
    events: list[str] = []
    description: str = ""


class EventTypeDeclaration(Declaration):
    fields: Any = None
    channel: str | None = None
    description: str = ""


class EventSourceDeclaration(Declaration):
    table: str
    key: str
    type: str
    time: str
    id: str
    fields: Any = None
    types: Any = None
    partition_by_month: bool = True
    orphans: str | None = None
    description: str = ""


class TableDeclaration(Declaration):
    key: list[str]
    columns: Any
    made_from: list[str] = []
    description: str = ""


class InvariantDeclaration(Declaration):
    name: str
    when: Any
    then: Any


class ScorePartDeclaration(Declaration):
    """One of ``recency`` (with ``half_life`` in days), ``rate`` and ``count`` (with ``full_at``)."""

    recency: str | None = None
    rate: str | None = None
    count: str | None = None
    weight: int
    half_life: int | None = None
    full_at: float | None = None


class EngagementDeclaration(Declaration):
    received: str = "delivered"
    minimum: int = 1
    score: list[ScorePartDeclaration] = []
    completeness: dict[str, int] = {}


class FeaturesDeclaration(Declaration):
    engagement: EngagementDeclaration | None = None


class CatalogDeclaration(Declaration):
    objects: Any
    events: Any = None
    tables: Any = None
    meanings: Any = None
    features: Any = None
    invariants: Any = None
