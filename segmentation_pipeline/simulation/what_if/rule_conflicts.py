"""Rule conflicts that one set of definitions has and the other has not: both are proved, and compared."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from segmentation_pipeline.catalog.masking import masked_text
from segmentation_pipeline.conflicts.analysis import definitions_hash
from segmentation_pipeline.conflicts.findings.search import find
from segmentation_pipeline.conflicts.proofs.proof import prove
from segmentation_pipeline.conflicts.proofs.relations import relate
from segmentation_pipeline.segments.masks import aligned

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator

    from segmentation_pipeline.conflicts.model import Finding, Relation
    from segmentation_pipeline.rules.segment import Definitions
    from segmentation_pipeline.segments.sides import Side, Sides

    Pair = tuple[str, str]
    Named = tuple[str, str | None, str, str | None, tuple[str, ...]]


def conflict_rows(sides: Sides) -> list[dict[str, Any]]:
    """Return the rows of `what_if_conflicts`: relations of pairs that compete, or are the same; findings.

    Nothing is proved where both sides say the same.
    """
    before, after = sides.before.definitions, sides.after.definitions
    if definitions_hash(before) == definitions_hash(after):
        return []
    old, new = (_Proved(one, sides.standing.as_of) for one in (before, after))
    return [*_relation_rows(old, new, sides), *_finding_rows(old, new)]


class _Proved:
    """What is proved of one side, by what it is about."""

    def __init__(self, definitions: Definitions, as_of: dt.datetime) -> None:
        proof = prove(definitions, as_of)
        self.relations: dict[Pair, Relation] = {(one.segment_a, one.segment_b): one for one in relate(proof)}
        self.findings: dict[Named, Finding] = {_named(one): one for one in find(proof)}


def _relation_rows(old: _Proved, new: _Proved, sides: Sides) -> Iterator[dict[str, Any]]:
    for pair in sorted({*old.relations, *new.relations}):
        was, now = old.relations.get(pair), new.relations.get(pair)
        before, after = _conflicting(was), _conflicting(now)
        if before == after:
            continue
        change = "new" if before is None else "resolved" if after is None else "changed"
        yield {
            "change": change,
            "conflict": "relation",
            "segments": list(pair),
            "before": None if was is None else was.relation,
            "after": None if now is None else now.relation,
            "shared_before": _shared(sides.before, pair),
            "shared_after": _shared(sides.after, pair),
            "message": _said(was, now),
        }


def _conflicting(relation: Relation | None) -> tuple[str, bool, bool] | None:
    """Return what makes two segments a conflict, None where they are none."""
    if relation is None or relation.relation == "disjoint":
        return None
    if not (relation.same_group or relation.same_channel or relation.relation == "equivalent"):
        return None
    return relation.relation, relation.same_group, relation.same_channel


def _said(was: Relation | None, now: Relation | None) -> str:
    scopes = [
        name
        for name in ("group", "channel")
        if any(one is not None and getattr(one, f"same_{name}") for one in (was, now))
    ]
    where = f" in one {' and '.join(scopes)}" if scopes else ""
    names = ["not there" if one is None else one.relation.replace("_", " ") for one in (was, now)]
    return f"{names[0]} → {names[1]}{where}"


def _shared(side: Side, pair: Pair) -> int | None:
    """Return how many members two segments share; None where one of them was not evaluated."""
    first, second = (side.mask(name) for name in pair)
    if first is None or second is None:
        return None
    one, other = aligned(first, second)
    return int((one & other).sum())


def _finding_rows(old: _Proved, new: _Proved) -> Iterator[dict[str, Any]]:
    for change, there, gone in (
        ("new", new.findings, old.findings),
        ("resolved", old.findings, new.findings),
    ):
        for name, finding in there.items():
            if name not in gone:
                yield {
                    "change": change,
                    "conflict": finding.finding,
                    "segments": [*([finding.segment] if finding.segment else []), *finding.culprits],
                    "severity": finding.severity,
                    "message": masked_text(finding.message),
                }


def _named(finding: Finding) -> Named:
    return finding.finding, finding.segment, finding.path, finding.group, finding.culprits
