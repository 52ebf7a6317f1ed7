"""Lengths of time as rules write them: ``2 days``, ``90 minutes``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, cast

from segmentation_pipeline.rules.clock import LENGTHS
from segmentation_pipeline.rules.faults import Fault, word
from segmentation_pipeline.rules.moments import RelativeInstant

if TYPE_CHECKING:
    from segmentation_pipeline.documents import Node
    from segmentation_pipeline.rules.moments import Unit

_LENGTH = re.compile(r"\s*(\d{1,9})\s*(minute|hour|day|week|month|quarter|year)s?\s*")
_FIXED = "a number of minutes, hours, days or weeks, such as `2 days`"


def read_length(node: Node, key: str) -> int:
    """Return a fixed length in microseconds; months and years have none."""
    match = _LENGTH.fullmatch(word(node, key))
    if match is None or match[2] not in LENGTHS or int(match[1]) == 0:
        raise Fault("duration", f"`{key}: {word(node, key)}` is not {_FIXED}", node.at)
    return int(match[1]) * LENGTHS[cast("Unit", match[2])]


def read_ago(node: Node, key: str) -> RelativeInstant:
    """Return the instant that lies a length before ``as_of``; months and years move on the calendar."""
    match = _LENGTH.fullmatch(word(node, key))
    if match is None:
        raise Fault("duration", f"`{key}: {word(node, key)}` is not a length such as `14 days`", node.at)
    return RelativeInstant(-int(match[1]), cast("Unit", match[2]))
