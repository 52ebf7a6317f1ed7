"""Every rule by its id, in the order in which people meet them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segmentation_pipeline.rules.checks.catalog_rules import CATALOG
from segmentation_pipeline.rules.checks.condition_rules import CONDITIONS, TIMES
from segmentation_pipeline.rules.checks.definition_rules import FILES, HEADERS
from segmentation_pipeline.rules.checks.dialect_rules import DIALECTS
from segmentation_pipeline.rules.checks.embedding_rules import EMBEDDINGS
from segmentation_pipeline.rules.checks.import_rules import MAPPINGS, SETTINGS, SOURCES
from segmentation_pipeline.rules.checks.measure_rules import MEASURES
from segmentation_pipeline.rules.checks.partner_rules import ENRICHMENT, WEBHOOKS
from segmentation_pipeline.rules.checks.policy_rules import POLICIES
from segmentation_pipeline.rules.checks.report_rules import REPORTS
from segmentation_pipeline.rules.checks.simulation_rules import SIMULATIONS
from segmentation_pipeline.rules.checks.trial_rules import TESTS
from segmentation_pipeline.rules.checks.value_rules import VALUES

if TYPE_CHECKING:
    from segmentation_pipeline.rules.checks.rule import Rule

SECTIONS: dict[str, tuple[Rule, ...]] = {
    "Files": FILES,
    "Definitions": HEADERS,
    "Conditions": CONDITIONS,
    "Operators and values": VALUES,
    "Measures, ranks and sequences": MEASURES,
    "Times": TIMES,
    "Embedded segments": EMBEDDINGS,
    "The catalog": CATALOG,
    "Sources": SOURCES,
    "Mappings": MAPPINGS,
    "Enrichment": ENRICHMENT,
    "Webhooks": WEBHOOKS,
    "Reports": REPORTS,
    "Policies": POLICIES,
    "Simulations": SIMULATIONS,
    "Tests": TESTS,
    "Other formats": DIALECTS,
    "Settings": SETTINGS,
}
RULES: dict[str, Rule] = {rule.id: rule for rules in SECTIONS.values() for rule in rules}
