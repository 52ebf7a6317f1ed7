"""Random rules and rows, as the tests of the evaluation draw them."""

from __future__ import annotations

import importlib.util
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

_PATH = Path(__file__).parents[2] / "evaluation" / "conftest.py"
_SPEC = importlib.util.spec_from_file_location("random_rules_and_rows", _PATH)
assert _SPEC is not None
assert _SPEC.loader is not None
_DRAWN = importlib.util.module_from_spec(_SPEC)
sys.modules[_SPEC.name] = _DRAWN  # where dataclasses look their module up
_SPEC.loader.exec_module(_DRAWN)


@dataclass(frozen=True, repr=False)
class Kit(_DRAWN.Kit):
    """What the tests of this folder draw from."""

    def pool(self, kind, as_of: int, dice) -> tuple:
        """Some values of a column."""
        return _DRAWN._pool(kind, as_of, dice)

    def on_fields(self, names, as_of: int):
        """Conditions on some fields of the row itself."""
        known = self.catalog.objects["contact"].fields
        fields = tuple(_DRAWN.tree.Field((name,), known[name].type) for name in names)
        return _DRAWN.conditions(_DRAWN.Scope(self.catalog, fields, as_of), 1)

    def on_events(self, as_of: int):
        """Comparisons of what is counted, summed up or timed, and sequences."""
        contact = self.catalog.objects["contact"]
        alone = replace(contact, relations={})
        scope = replace(_DRAWN.object_scope(self.catalog, "contact", as_of), object=alone)
        names = ("count", "count", "sum", "avg", "days_since_first", "days_since_last")
        operands = _DRAWN.st.one_of(_DRAWN.measures(scope, names), _DRAWN.ratios(scope))
        compared = operands.flatmap(lambda operand: _DRAWN.comparisons(operand, scope))
        return _DRAWN.st.one_of(compared, compared, compared, _DRAWN.sequences(scope))


@pytest.fixture(scope="session")
def kit() -> Kit:
    catalog = _DRAWN.read_catalog(_DRAWN.read_documents(_DRAWN.CATALOG, "catalog.yaml")[0])
    seeds = _DRAWN.st.integers(0, 2**32 - 1)
    as_ofs = _DRAWN.st.sampled_from(_DRAWN.AS_OFS)
    rows = _DRAWN.st.builds(lambda at, seed: _DRAWN.random_rows(catalog, at, seed), as_ofs, seeds)
    return Kit(catalog, rows)
