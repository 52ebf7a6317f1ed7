"""Regular expressions of rules: the dialect of Rust's `regex`, which is also the one of Polars."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from pydantic_core import SchemaError, SchemaValidator, core_schema

if TYPE_CHECKING:
    from collections.abc import Callable


def check_regex(pattern: str) -> str | None:
    """Return why ``pattern`` cannot be compiled, or None if it can.

    >>> check_regex("^a+$") is None
    True
    >>> check_regex("(?=a)")
    'look-around, including look-ahead and look-behind, is not supported'
    """
    try:
        regex_search(pattern)
    except SchemaError as problem:
        return (
            str(problem)
            .rstrip()
            .rsplit("\n", 1)[-1]
            .strip()
            .removeprefix("error: ")
            .removeprefix("SchemaError: ")
        )
    return None


@lru_cache(maxsize=256)
def regex_search(pattern: str, *, ignore_case: bool = False) -> Callable[[str], bool]:
    """Return a function that says whether a text has a match anywhere.

    >>> regex_search("b.c", ignore_case=True)("aBxC")
    True
    """
    schema = core_schema.str_schema(
        pattern=f"(?i){pattern}" if ignore_case else pattern, regex_engine="rust-regex"
    )
    return SchemaValidator(schema).isinstance_python
