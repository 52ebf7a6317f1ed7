"""What an engine of the benchmark is: a module with these three functions.

Every engine gets the same rows (`Dataset`) and the same definitions, as the tree that the project's
own loader reads, and writes the same thing: a row (segment number, object_index) a membership. The
runner calls ``prepare`` in one process and ``run`` in another, so loading costs neither time nor
memory there; it measures wall and CPU seconds of ``run`` and the peak memory of its process. An
engine may have ``before(definitions, workspace, reference)`` too, called untimed before ``run``.

The conditions that `segments` writes, and nothing else, are what an engine must translate:

- `All`, `Any`, `Not`, and `InSegment` without a history. ``exclude`` is taken off ``where``.
- `Compare` of a `Field` (path of one name): ``in``, ``not_in``, ``equals``, ``contains``,
  ``starts_with`` and ``ends_with`` (one text or several, ``ignore_case`` set), ``between``,
  ``greater_than_or_equal``, ``less_than``, ``within`` and ``not_within`` (a `Rolling` window),
  ``before`` (a `RelativeInstant`), ``is_true``, ``is_not_true``, ``is_empty``, ``is_not_empty``,
  ``has_any``, ``has_all``, ``has_none``. A positive operator is false on null, a negative one
  (`OPERATORS[name].positive`) its exact complement. Text that is there is never blank.
- `Compare` of a `Measure` over `Events` of one type or several: ``count``, ``sum`` of ``revenue``
  (both 0 without events) and ``days_since_last`` (whole days, rounded down; null without events),
  with or without ``within`` (`Rolling`) and ``where`` (``in`` or ``equals`` of one event field),
  compared by ``equals``, ``greater_than_or_equal``, ``less_than``. Values are int or `Decimal`.
- `Sequence` of two or three steps of one type each, with ``within`` (`Rolling`), and for two
  steps perhaps ``gap`` in µs between the neighbours: each event strictly after the one before.

`Clock(to_micros(as_of), segment.time_zone)` resolves windows and instants to half-open µs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping
    from pathlib import Path

    from benchmarks.data.dataset import Dataset
    from segmentation_pipeline.rules.segment import Definitions


class Tally(NamedTuple):
    """What two engines must agree on, a segment at a time: how many members, and their numbers' sum."""

    members: int
    total: int


class Cost(NamedTuple):
    """What ``run`` used outside its own process, in a server; nothing for engines in process.

    ``phases`` are CPU seconds of parts of the run, for an engine that tells them apart.
    """

    cpu_seconds: float = 0.0
    peak_mb: float = 0.0
    phases: Mapping[str, float] = {}


class Peer(Protocol):
    """An engine. ``workspace`` is its own folder for this data set, kept from ``prepare`` to ``run``."""

    def prepare(self, data: Dataset, workspace: Path) -> None:
        """Bring the rows into the engine's best form; what is there already is taken as it is."""

    def run(
        self, data: Dataset, definitions: Definitions, as_of: dt.datetime, workspace: Path, output: Path
    ) -> Cost | None:
        """Evaluate every definition, in dependency order, and write its members durably.

        Into ``output``, an empty folder, or into the engine's own storage.
        """

    def tally(self, definitions: Definitions, workspace: Path, output: Path) -> Mapping[str, Tally]:
        """Return what ``run`` wrote, by segment id; read back, and not timed."""


def numbers(definitions: Definitions) -> dict[str, int]:
    """Return the number that stands for each segment in the membership rows of every engine."""
    return {name: number for number, name in enumerate(sorted(definitions.segments))}
