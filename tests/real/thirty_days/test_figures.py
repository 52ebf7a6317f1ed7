"""Analytics and sizes by day, as DuckDB finds them from the files."""

from __future__ import annotations
