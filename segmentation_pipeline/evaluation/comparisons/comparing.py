"""Features into masks: every comparison is made as soon as its features are there, and they are dropped."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

import polars as pl

from segmentation_pipeline.evaluation.comparisons.thresholds import Columns, threshold
from segmentation_pipeline.evaluation.events.features import features_of
from segmentation_pipeline.rules.tree import Compare, Measure, Ratio, Response

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from segmentation_pipeline.evaluation.events.features import Feature
    from segmentation_pipeline.evaluation.plan import Plan
    from segmentation_pipeline.evaluation.profile import Watch


@dataclass(frozen=True, slots=True)
class Comparison:
    """The mask of one leaf as an expression over columns of features, and the features it needs."""

    mask: str
    truth: pl.Expr
    needs: frozenset[str]


def comparisons(plan: Plan, features: Mapping[Feature, str]) -> tuple[Comparison, ...]:
    """Return the comparisons of computed operands, ranks left out."""
    found = []
    for leaf, mask in plan.comparisons_over(Measure, Ratio, Response).items():
        assert isinstance(leaf.node, Compare)
        operand = leaf.node.operand
        truth = threshold(operand, leaf.node, Columns(features, {}, leaf.zone), plan.clock(leaf.zone))
        needs = frozenset(features[feature] for feature in features_of(operand, leaf.zone))
        found.append(Comparison(mask, truth.alias(mask), needs))
    return tuple(found)


@dataclass(slots=True)
class Comparing:
    """The comparisons of a bucket that still wait for features, and the features they hold on to."""

    waiting: list[Comparison]
    _columns: dict[str, pl.Series] = field(default_factory=dict)

    def take(self, columns: Mapping[str, pl.Series], plan: Plan, watch: Watch) -> Iterator[pl.Series]:
        """Yield the masks that are decided now that some more features are there."""
        self._columns |= columns
        ready = {one.mask: one.truth for one in self.waiting if one.needs <= self._columns.keys()}
        for group in watch.groups(ready):
            with watch.step("compare", partial(plan.said, next(iter(group)))) as cost:
                masks = pl.DataFrame(self._columns).select(group.values())
                cost.saw(masks)
            yield from masks.get_columns()
        self.waiting = [one for one in self.waiting if not one.needs <= self._columns.keys()]
        needed = {name for one in self.waiting for name in one.needs}
        self._columns = {
            name: column for name, column in self._columns.items() if name.removesuffix(":count") in needed
        }
