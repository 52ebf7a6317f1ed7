"""Secrets: files name them, the environment holds them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from segmentation_pipeline.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

SECRET = re.compile(r"env:([A-Za-z_][A-Za-z0-9_]*)")


def with_secrets(text: str, env: Mapping[str, str], where: str) -> str:
    """Return ``text`` with every ``env:NAME`` replaced by that variable.

    Raises `UsageError` that names a variable which is not set; never its value.

    >>> with_secrets("Bearer env:KEY", {"KEY": "s3cret"}, "crm")
    'Bearer s3cret'
    """

    def value(found: re.Match[str]) -> str:
        held = env.get(found[1], "")
        if not held.strip():
            raise UsageError(
                f"the environment variable `{found[1]}` is not set",
                where=where,
                hint="set it where this runs; files never hold a secret",
            )
        return held.strip()

    return SECRET.sub(value, text)
