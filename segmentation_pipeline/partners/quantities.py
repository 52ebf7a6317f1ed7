"""Lengths of time, rates and sizes as files write them."""

from __future__ import annotations

import datetime as dt
import re
from typing import Annotated

from pydantic import BeforeValidator, Field

from segmentation_pipeline.settings import parse_bytes

_SPAN = re.compile(r"(\d{1,6}(?:\.\d{1,3})?) (second|minute|hour|day|week)s?")
_RATE = re.compile(r"(\d{1,6}) per (second|minute|hour|day)")
_Span = Annotated[str, Field(pattern=f"^{_SPAN.pattern}$", examples=["10 seconds", "3 days"])]
_Rate = Annotated[str, Field(pattern=f"^{_RATE.pattern}$", examples=["5 per second", "100 per minute"])]
_Size = Annotated[str | int, Field(examples=["1 MB"])]


def _span(value: object) -> object:
    match = _SPAN.fullmatch(value) if isinstance(value, str) else None
    if match is None or not float(match[1]):
        raise ValueError("write a length of time such as `10 seconds` or `3 days`")
    return dt.timedelta(**{f"{match[2]}s": float(match[1])})


def _interval(value: object) -> object:
    match = _RATE.fullmatch(value) if isinstance(value, str) else None
    if match is None or not int(match[1]):
        raise ValueError("write a rate such as `5 per second` or `100 per minute`")
    return dt.timedelta(**{f"{match[2]}s": 1}) / int(match[1])


Span = Annotated[dt.timedelta, BeforeValidator(_span, json_schema_input_type=_Span)]
Interval = Annotated[dt.timedelta, BeforeValidator(_interval, json_schema_input_type=_Rate)]
"""A rate, as the time between two requests."""
Size = Annotated[int, BeforeValidator(parse_bytes, json_schema_input_type=_Size), Field(gt=0)]
