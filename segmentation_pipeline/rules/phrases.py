"""The words for each operator, by what it compares."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segmentation_pipeline.catalog.types import ListOf

if TYPE_CHECKING:
    from segmentation_pipeline.rules.tree import Compare


def phrase(compare: Compare) -> str:
    """Return the verb of a comparison; of a list as a set, and with several values, it has its own."""
    if isinstance(compare.operand.type, ListOf) and compare.operator in _SETS:
        return _SETS[compare.operator]
    if isinstance(compare.value, tuple) and compare.operator in _SEVERAL:
        return _SEVERAL[compare.operator]
    return _PHRASES[compare.operator]


_PHRASES = {
    "equals": "equals",
    "not_equals": "does not equal",
    "in": "is one of",
    "not_in": "is none of",
    "is_empty": "is empty or null",
    "is_not_empty": "is neither empty nor null",
    "contains": "contains",
    "not_contains": "does not contain",
    "starts_with": "starts with",
    "not_starts_with": "does not start with",
    "ends_with": "ends with",
    "not_ends_with": "does not end with",
    "matches": "matches the regular expression",
    "not_matches": "does not match the regular expression",
    "greater_than": "is greater than",
    "greater_than_or_equal": "is at least",
    "less_than": "is less than",
    "less_than_or_equal": "is at most",
    "between": "is between",
    "not_between": "is not between",
    "within": "is within",
    "not_within": "is not within",
    "before": "is before",
    "after": "is after",
    "on_or_before": "is on or before",
    "on_or_after": "is on or after",
    "on": "is on",
    "not_on": "is not on",
    "anniversary": "has its anniversary in",
    "not_anniversary": "does not have its anniversary in",
    "is_true": "is true",
    "is_not_true": "is not true",
    "is_false": "is false",
    "is_not_false": "is not false",
    "has_any": "has any of",
    "has_all": "has all of",
    "has_none": "has none of",
}
_SEVERAL = {
    "contains": "contains any of",
    "not_contains": "contains none of",
    "starts_with": "starts with any of",
    "not_starts_with": "starts with none of",
    "ends_with": "ends with any of",
    "not_ends_with": "ends with none of",
}
_SETS = {
    "equals": "has exactly the elements",
    "not_equals": "has other elements than exactly",
    "in": "has exactly the elements of one of",
    "not_in": "has exactly the elements of none of",
}
