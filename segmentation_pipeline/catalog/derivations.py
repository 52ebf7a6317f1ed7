"""The derived fields a catalog may name, and the columns each is computed from.

`derived` computes them; the formulas are those of the seed's contacts.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Joined:
    """The texts that are present, joined by a blank; null where none is."""

    parts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rate:
    """``part`` ÷ ``whole`` × 100 with two decimals; 0 where the whole is 0 or null."""

    part: str
    whole: str


Derivation = Joined | Rate

DERIVATIONS: dict[str, Derivation] = {
    "full_name": Joined(("first_name", "last_name")),
    "open_rate": Rate("total_emails_opened", "total_emails_received"),
    "click_rate": Rate("total_links_clicked", "total_emails_received"),
    "reply_rate": Rate("total_replies", "total_emails_received"),
}


def inputs(derivation: Derivation) -> tuple[str, ...]:
    """Return the columns a derivation reads."""
    if isinstance(derivation, Joined):
        return derivation.parts
    return (derivation.part, derivation.whole)
