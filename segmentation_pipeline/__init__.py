"""Segments as code: customer segments as YAML rules, evaluated over Delta tables with Polars."""
