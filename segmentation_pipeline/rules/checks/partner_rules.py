"""Rules about those we talk to over the network: enrichment providers and webhooks."""

from __future__ import annotations

from segmentation_pipeline.rules.checks.rule import Rule, one, several

_FINDER = "kind: http\nurl: %s\nfields:\n  city: %s\n%s"
_HOOK = "url: %s\nsecret: %s\n%s"
_FAN = "segment: fans\nwhere: {field: mail, operator: is_not_empty}"
_PEOPLE = """\
objects:
  contact:
    table: contacts
    key: mail
    fields: {mail: {type: text, pii: true}, city: text}
"""


def _finder(
    url: str = "https://finder.example/find?mail={email}", city: str = "place", more: str = ""
) -> str:
    return _FINDER % (url, city, more)


def _hook(url: str = "https://crm.example/hook", named: str = "env:CRM_SECRET", more: str = "") -> str:
    return _HOOK % (url, named, more)


_GOOD = one("enrichment/finder.yaml", _finder())

ENRICHMENT = (
    Rule(
        "provider-shape",
        "syntactic",
        "A provider's file lacks a key, has one that means nothing, or one with a value it cannot take.",
        "A provider has a `kind`, `http` or `csv`, what it needs, and the `fields` that its answers fill.",
        _GOOD,
        one("enrichment/finder.yaml", _finder(more="rate: fast")),
    ),
    Rule(
        "provider-field",
        "semantic",
        "A provider is to fill a field that is not its to fill, or weighs one that it does not fill.",
        "Leave out keys, derived fields and what this project writes itself, such as `last_enriched_at`.",
        _GOOD,
        one("enrichment/finder.yaml", _finder(more="overwrite_fields: {country: always}")),
    ),
    Rule(
        "provider-request",
        "semantic",
        "A request names something that is no column of the contacts' own table.",
        "Ask with columns such as `{email}`; of fields in tables of their own there is no one value.",
        _GOOD,
        one("enrichment/finder.yaml", _finder("https://finder.example/find?mail={mail}")),
    ),
    Rule(
        "provider-file",
        "semantic",
        "A provider names a file of manual data that is not there.",
        "Write its path as seen from the definitions folder, such as `enrichment/manual.csv`.",
        several(
            {
                "enrichment/manual.yaml": "kind: csv\nfile: enrichment/manual.csv\n"
                "match: {email: Mail}\nfields: {city: Town}",
                "enrichment/manual.csv": "Mail,Town\na@example.com,Rome",
            }
        ),
        one(
            "enrichment/manual.yaml",
            "kind: csv\nfile: manual.csv\nmatch: {email: Mail}\nfields: {city: Town}",
        ),
    ),
    Rule(
        "unsafe-address",
        "syntactic",
        "An address is not encrypted, holds a secret, or its host depends on data.",
        "Write `https://` and a fixed host; secrets go into `headers`, as `env:NAME`.",
        _GOOD,
        one("enrichment/finder.yaml", _finder("http://finder.example/find?mail={email}")),
    ),
)

WEBHOOKS = (
    Rule(
        "webhook-shape",
        "syntactic",
        "A webhook's file lacks a key, has one that means nothing, or one with a value it cannot take.",
        "A webhook has a `url` and a `secret` from the environment, and perhaps `events` and `segments`.",
        one("webhooks/crm.yaml", _hook()),
        one("webhooks/crm.yaml", _hook(named="s3cret")),
    ),
    Rule(
        "webhook-personal-key",
        "semantic",
        "A webhook would tell keys that are personal data.",
        "Leave the segment out, or tell only of `run_finished`.",
        several(
            {
                "catalog.yaml": _PEOPLE,
                "segments/fans.yaml": _FAN,
                "webhooks/crm.yaml": _hook(more="segments: [fans]\nevents: [run_finished]"),
            }
        ),
        several(
            {
                "catalog.yaml": _PEOPLE,
                "segments/fans.yaml": _FAN,
                "webhooks/crm.yaml": _hook(more="segments: [fans]"),
            }
        ),
    ),
)
