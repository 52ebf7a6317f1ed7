"""Sequences as SQL: a pass over the events of its steps.

Without bounds between steps the earliest chain decides, and aggregates find it. With them each event
is put after the latest chain before it, as `evaluation.sequences` does: a window function a step.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.sql.errors import Untranslatable
from benchmarks.sql.measures import events, spans
from benchmarks.sql.predicates import inside

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.sql.queries import Scope
    from segmentation_pipeline.rules import tree


def chained(node: tree.Sequence, where: Sequence[str | None], scope: Scope) -> str:
    """Return the query of the objects with a chain that fits; ``where`` are the truths of the steps."""
    if any(step.negated for step in node.steps):
        raise Untranslatable("Step that must not happen")
    chain = _Chain(node, where, scope)
    if node.gap is not None or node.span is not None or node.same or scope.tables.tied_events:
        return chain.by_latest()
    return chain.of_two() if len(node.steps) == 2 else chain.by_earliest()


class _Chain:
    """One sequence over one table of events."""

    def __init__(self, node: tree.Sequence, where: Sequence[str | None], scope: Scope) -> None:
        self.node, self.scope, self.key, self.dialect = node, scope, scope.tables.key, scope.dialect
        self.source = scope.catalog.events[node.source]
        self.table = scope.tables.relations[node.source]
        self.time = self.dialect.column(self.source.time)
        self.steps = [self._step(step, truth) for step, truth in zip(node.steps, where, strict=True)]
        self.all = self._rows(sorted({kind for step in node.steps for kind in step.types}))

    def _rows(self, types: Sequence[str]) -> str:
        return events(self.source, types, spans(self.node.within, self.scope.clock), self.scope)

    def _step(self, step: tree.Step, where: str | None) -> str:
        dialect = self.dialect
        names = ", ".join(map(dialect.text, step.types))
        parts = [f"{dialect.column(self.source.type)} IN ({names})"]
        parts += [inside(self.time, span, dialect.instant) for span in spans(step.within, self.scope.clock)]
        if where is not None:
            parts.append(where)
        return " AND ".join(parts)

    def of_two(self) -> str:
        """Return the objects whose first event of the one step is before their last of the other."""
        first, last = (f"CASE WHEN {step} THEN {self.time} END" for step in self.steps)
        return (
            f"SELECT {self.key} FROM {self.table} WHERE {self.all} "
            f"GROUP BY {self.key} HAVING min({first}) < max({last})"
        )

    def by_earliest(self) -> str:
        """Return the objects that reach the last step, each as early as they can."""
        key, time, table = self.key, self.time, self.table
        query = f"SELECT {key}, min({time}) AS reached FROM {table} WHERE {self._of(0)} GROUP BY {key}"
        for number in range(1, len(self.steps)):
            here = f"SELECT {key}, {time} AS happened FROM {table} WHERE {self._of(number)}"
            query = (
                f"SELECT later.{key} AS {key}, min(later.happened) AS reached "
                f"FROM ({here}) AS later JOIN ({query}) AS earlier ON later.{key} = earlier.{key} "
                f"WHERE later.happened > earlier.reached GROUP BY later.{key}"
            )
        return f"SELECT {key} FROM ({query}) AS complete"

    def _of(self, number: int) -> str:
        return f"{self._rows(self.node.steps[number].types)} AND {self.steps[number]}"

    def by_latest(self) -> str:
        """Return the objects of the chains in which every event follows the latest chain before it."""
        same = [self.dialect.column(name) for name in self.node.same]
        order = [self.time]
        if self.scope.tables.tied_events:
            order.append(self.dialect.column(self.source.id))
        met = [f"met_{number}" for number in range(len(self.steps))]
        columns = ", ".join([self.key, *same, *order, *met])
        over = (
            f"OVER (PARTITION BY {', '.join([self.key, *same])} "
            f"ORDER BY {', '.join(order)} ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)"
        )
        flags = [f"{step} AS {name}" for step, name in zip(self.steps, met, strict=True)]
        shared = "".join(f" AND {name} IS NOT NULL" for name in same)
        first = ", ".join([self.key, *same, *order, *flags])
        query = f"SELECT {first} FROM {self.table} WHERE {self.all}{shared}"
        fits, start = "met_0", self.time
        for number in range(1, len(self.steps)):
            ended, started = (f"CASE WHEN {fits} THEN {value} END" for value in (self.time, start))
            chains = (
                f"SELECT {columns}, {ended} AS ended, {started} AS started FROM ({query}) AS events_{number}"
            )
            query = (
                f"SELECT {columns}, max(ended) {over} AS last_ended, max(started) {over} AS last_started "
                f"FROM ({chains}) AS chains_{number}"
            )
            fits, start = f"met_{number} AND {self._near(self.node.gap, 'last_ended')}", "last_started"
        spanned = self._near(self.node.span, "last_started")
        return f"SELECT {self.key} FROM ({query}) AS walked WHERE {fits} AND {spanned}"

    def _near(self, micros: int | None, before: str) -> str:
        if micros is None:
            return f"{before} IS NOT NULL"
        return self.dialect.within.format(late=self.time, early=before, micros=micros)
