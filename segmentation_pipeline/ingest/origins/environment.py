"""Secrets stand in the environment; files say in which variable."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from segmentation_pipeline.errors import ImportFailed

if TYPE_CHECKING:
    from collections.abc import Mapping

ENVIRONMENT = re.compile(r"env:([A-Za-z_][A-Za-z0-9_]*)")


def from_environment(written: str, env: Mapping[str, str]) -> str:
    """Return ``written``, or of ``env:NAME`` the value of the variable; raise `ImportFailed` without it.

    >>> from_environment("env:REGION", {"REGION": "eu"}), from_environment("eu", {})
    ('eu', 'eu')
    """
    match = ENVIRONMENT.fullmatch(written)
    if match is None:
        return written
    if not env.get(match[1]):
        raise ImportFailed(f"the environment variable {match[1]} is not set", hint=f"export {match[1]}=…")
    return env[match[1]]
