"""Proofs and members together: which pairs are held against each other, and who is left out."""

from __future__ import annotations

import dataclasses

import pytest

from segmentation_pipeline.conflicts.observed.observation import observe
from segmentation_pipeline.errors import DefinitionError
from segmentation_pipeline.segments.basis import read_definitions


def relations(found) -> dict[tuple[str, str], str]:
    return {(one.segment_a, one.segment_b): one.relation for one in found.relations}


def contradictions(found) -> list[tuple[str, str, str]]:
    return [
        (one.proved.segment_a, one.proved.segment_b, one.proved.relation) for one in found.tie.contradictions
    ]


def test_what_is_proved_and_what_is_seen(shop):
    found = shop.analyse()
    assert relations(found) == {
        ("active", "old"): "overlap",
        ("active", "teens"): "overlap",
        ("active", "young"): "overlap",
        ("old", "teens"): "disjoint",
        ("old", "young"): "disjoint",
        ("teens", "young"): "a_implies_b",
    }
    seen = {pair: (one.size_a, one.size_b, one.overlap) for pair, one in found.overlaps.items()}
    assert seen["active", "young"] == (5, 5, 2)
    assert seen["teens", "young"] == (2, 5, 2)
    assert (found.tie.checked, found.tie.contradictions) == (3, ())


def test_disjoint_pairs_are_kept_only_where_they_compete(shop):
    kept = {(one.segment_a, one.segment_b) for one in shop.analyse().kept}
    assert ("old", "young") in kept
    assert ("old", "teens") not in kept


def test_a_real_contact_is_the_witness(shop):
    found = {(one.segment_a, one.segment_b): one for one in shop.analyse().relations}
    witness = found["active", "young"].witness
    assert (witness.key, witness.source, dict(witness.rows)) == ("c0", "observed", {})
    alone = {(one.segment_a, one.segment_b): one for one in shop.analyse(data=False).relations}
    assert alone["active", "young"].witness.source == "synthetic"


def test_a_real_contact_verifies_what_was_only_possible(shop):
    shop.segment("named", 'where: {field: contact_id, operator: matches, value: "c[0-3]"}')
    assert relations(shop.analyse(data=False))["named", "young"] == "possible_unverified"
    shop.run()
    assert relations(shop.analyse())["named", "young"] == "overlap"


def test_a_pinned_contact_contradicts_nothing(shop):
    shop.segment(
        "old",
        "where: {field: age, operator: greater_than_or_equal, value: 30}\n"
        "pins: [{key: c0, put: in, reason: asked}]",
    )
    shop.run()
    found = shop.analyse()
    assert found.overlaps["old", "young"].overlap == 1
    assert (found.tie.checked, contradictions(found)) == (3, [])
    assert ("old", "young") in {(one.segment_a, one.segment_b) for one in found.kept}


def test_a_pin_in_what_is_embedded_counts_too(shop):
    shop.segment(
        "young",
        "where: {field: age, operator: less_than, value: 30}\npins: [{key: c7, put: in, reason: asked}]",
    )
    shop.segment("inner", "where: {segment: young}")
    shop.run()
    found = shop.analyse()
    assert relations(found)["inner", "old"] == "disjoint"
    assert found.overlaps["inner", "old"].overlap == 1
    assert contradictions(found) == []


def test_who_breaks_an_invariant_contradicts_nothing(shop):
    shop.contacts([12, 11, *[40] * 8], [True, False, *[True] * 8])
    shop.segment("children", "where: {field: age, operator: less_than, value: 14}")
    shop.run()
    found = shop.analyse()
    (breach,) = found.observed.breaches
    assert (breach.invariant, breach.holds, breach.objects.to_list()) == (
        "children are not active",
        False,
        [0],
    )
    assert relations(found)["active", "children"] == "disjoint"
    assert found.overlaps["active", "children"].overlap == 1
    assert contradictions(found) == []


def test_members_that_no_rule_explains_contradict_the_proof(shop):
    """As if engine or prover were wrong: somebody is in two segments that exclude each other."""
    found = shop.analyse()
    bits = {**found.observed.bits, "old": found.observed.bits["old"] | found.observed.bits["young"][:1]}
    more = {pair: dataclasses.replace(one, overlap=one.overlap + 1) for pair, one in found.overlaps.items()}
    wrong = dataclasses.replace(found.observed, bits=bits, overlaps=more)
    assert ("old", "young") in {
        (one.proved.segment_a, one.proved.segment_b) for one in wrong.tie(found.relations).contradictions
    }


def test_a_definition_edited_since_the_run_is_not_held_against_its_old_members(shop):
    shop.segment("young", "where: {field: age, operator: less_than, value: 20}")
    found = shop.analyse()
    assert relations(found)["teens", "young"] == "a_implies_b"
    assert found.tie.checked == 1
    assert "young" not in found.observed.unruled


def test_nor_is_what_embeds_it(shop):
    shop.segment("inner", "where: {segment: young}")
    shop.run()
    shop.segment("young", "where: {field: age, operator: less_than, value: 20}")
    assert set(shop.analyse().observed.unruled) == {"active", "old", "teens"}


def test_data_that_came_after_the_run_ties_nothing(shop):
    shop.contacts([99], [True])
    found = shop.analyse()
    assert found.observed.untied == "data came in after the last run"
    assert found.tie.checked == 0
    assert found.overlaps["teens", "young"].overlap == 2


def test_an_inactive_segment_is_not_looked_at(shop):
    shop.segment("teens", "active: false\nwhere: {field: age, operator: between, value: [13, 19]}")
    found = shop.analyse()
    assert not [pair for pair in (*relations(found), *found.overlaps) if "teens" in pair]


def test_before_the_first_run_nothing_is_observed(shop, tmp_path):
    elsewhere = dataclasses.replace(shop.workspace, lake=tmp_path / "empty")
    assert observe(shop.store.__class__(elsewhere.lake), read_definitions(elsewhere), "UTC") is None


def test_an_invariant_that_cannot_be_read_is_an_error(shop):
    bad = "invariants: [{name: x, when: {field: agee, operator: is_empty}, then: {everyone: true}}]"
    catalog = shop.workspace.catalog_file
    catalog.write_text(catalog.read_text().split("invariants:")[0] + bad)
    with pytest.raises(DefinitionError, match="agee"):
        shop.analyse()
