"""Enrichment: what providers know of contacts, asked through a durable queue, judged as an import is."""
