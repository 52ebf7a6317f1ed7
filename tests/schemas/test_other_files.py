"""Catalogs, policies, sources, mappings and segment tests as an editor checks them."""

# ruff: noqa: E501 — one case, one line

from __future__ import annotations

import pytest

GOOD = [
    (
        "catalog",
        "objects: {thing: {table: things, key: id, fields: {id: text, n: decimal(2), when: datetime}}}",
    ),
    ("catalog", "objects: {thing: {table: things, key: id, fields: {tags: {type: list, of: text}}}}"),
    (
        "catalog",
        "objects: {thing: {table: things, key: id, fields: {kind: {type: enum, values: [a, 1, true]}}}}",
    ),
    (
        "catalog",
        "objects: {a: {table: a, key: id, relations: {bs: {object: b, foreign_key: a_id, time: at}}}}",
    ),
    (
        "policy",
        "{policy: p, rules: [{cooldown_days: 2}, {max: 2, days: 7, channel: email}], holdout: {percent: 5, salt: x}}",
    ),
    (
        "policy",
        "{policy: p, quiet: [{weekday: sunday}, {date: 2026-12-25, channels: [sms]}], capacity: {email: 10}}",
    ),
    ("policy", "{policy: p, suppression: {email: [hard_bounced]}}"),
    (
        "policy",
        "{policy: p, exclusive: claim, rules: [{max: 0, days: 9, extend_to: month, segment: s}], holdout: {percent: 2.5, salt: 7}}",
    ),
    (
        "policy",
        "{policy: p, suppression: [hard_bounced], exclusive_groups: [lifecycle], max_contacts_per_day: 1}",
    ),
    ("sources", "sources: {a: {table: contacts, files: data/*.csv, max_shrink: 50%, stale_after: 2 days}}"),
    ("sources", "sources: {a: {table: opportunities, files: [a.csv, b.csv], format: csv, mapping: m.yaml}}"),
    ("mapping", "{table: companies, columns: {company_id: 1, name: {column: Name, strip: true}}}"),
    (
        "mapping",
        "{table: activities, columns: {contact_id: a, activity_type: {constant: purchase}, occurred_at: t}, creates: {contacts: {email: Mail}}}",
    ),
    (
        "test",
        "{test: t, given: {contacts: [{contact_id: a, custom: {age: 3}, tags: [x], country: null}]}, expect: {vip: [a, 7]}}",
    ),
    ("test", "{test: t, segments: {s: {where: {field: country, operator: is_empty}}}, expect: {s: []}}"),
    (
        "test",
        "{test: t, segments: {s: {where: {field: age, operator: between, value: [9, 3]}}}, expect_error: {segment: s, contains: between}}",
    ),
    (
        "test",
        "{test: t, catalog: {objects: {contact: {fields: {shoe: integer}}}}, given: {contacts: [{shoe: 3}]}, segments: {s: {where: {field: shoe, operator: equals, value: 3}}}, expect: {s: []}}",
    ),
    (
        "test",
        "{test: t, workspace: {week_starts: sunday}, given: {segment_transitions: [{segment: v, contact_id: a, change: entered, at: as_of}]}, expect: {v: []}}",
    ),
    (
        "provider",
        "{kind: http, url: 'https://x.example/{email}', query: {key: env:KEY, exact: true}, rate: 5 per second, fields: {job_title: title, custom.age: {column: age, values: {1: 2}}}, overwrite: always}",
    ),
    (
        "provider",
        "{kind: csv, file: enrichment/m.csv, format: {separator: ;}, match: {email: Mail}, fields: {job_title: Title}, overwrite_fields: {job_title: never}}",
    ),
    ("report", "{report: r, title: R, segments: [vip]}"),
    (
        "simulation",
        "{simulation: s, mode: replay, to: 2026-06-07, sample_percent: 12.5, fail_if: [{metric: max_contacts_in_30_days, operator: greater_than, value: 3, channel: email}]}",
    ),
    (
        "simulation",
        "{simulation: s, mode: what_if, proposed: {policy: p, definitions: 'git:main'}, breakdowns: [country]}",
    ),
    ("report", "{report: r, title: R, segments: [a, b, c, d], days: 7, charts: [], columns: [email]}"),
    ("webhook", "{url: https://x.example, secret: env:KEY}"),
    (
        "webhook",
        "{url: https://x.example, secret: env:KEY, events: [run_finished], segments: [vip], max_age: 2 days}",
    ),
]
BAD = [
    ("report", "{report: r, title: R}"),
    ("simulation", "{simulation: s, mode: compare}"),
    ("simulation", "{simulation: s, mode: replay, days: 0}"),
    ("simulation", "{simulation: s, mode: replay, breakdowns: [email]}"),
    ("simulation", "{simulation: s, mode: replay, baseline: {definitions: main}}"),
    (
        "simulation",
        "{simulation: s, mode: replay, fail_if: [{metric: never_won, operator: greater_than, value: 0}]}",
    ),
    ("report", "{report: r, title: R, segments: []}"),
    ("report", "{report: r, title: R, segments: [a, b, c, d, e]}"),
    ("report", "{report: r, title: R, segments: [a, a]}"),
    ("report", "{report: R-1, title: R, segments: [a]}"),
    ("report", "{report: r, title: R, segments: [a], days: 0}"),
    ("report", "{report: r, title: R, segments: [a], charts: [members]}"),
    ("report", "{report: r, title: R, segments: [a], figures: [size]}"),
    ("provider", "{kind: ftp, url: https://x.example, fields: {job_title: title}}"),
    ("provider", "{kind: http, fields: {job_title: title}}"),
    ("provider", "{kind: http, url: https://x.example, fields: {jobtitle: title}}"),
    ("provider", "{kind: http, url: https://x.example, fields: {contact_id: id}}"),
    ("provider", "{kind: http, url: https://x.example, fields: {job_title: title}, rate: fast}"),
    ("provider", "{kind: csv, url: https://x.example, fields: {job_title: title}}"),
    ("webhook", "{url: https://x.example, secret: s3cret}"),
    ("webhook", "{url: https://x.example, secret: env:KEY, events: [entered]}"),
    ("webhook", "{url: https://x.example, secret: env:KEY, max_age: 2}"),
    ("catalog", "objects: {thing: {table: things}}"),
    ("catalog", "objects: {Thing: {table: things, key: id}}"),
    ("catalog", "objects: {thing: {table: things, key: id, feilds: {}}}"),
    ("catalog", "objects: {thing: {table: things, key: id, fields: {n: string}}}"),
    ("catalog", "objects: {thing: {table: things, key: id, fields: {n: {type: list}}}}"),
    ("catalog", "objects: {thing: {table: things, key: id, fields: {n: {type: enum}}}}"),
    ("catalog", "objects: {thing: {table: things, key: id, fields: {n: {type: text, derived: nothing}}}}"),
    ("catalog", "objects: {a: {table: a, key: id, relations: {b: {object: b}}}}"),
    ("catalog", "objects: {a: {table: a, key: id, relations: {b: {object: b, key: b_id, time: at}}}}"),
    ("policy", "{max_contacts_per_day: 1}"),
    ("policy", "{policy: p, rules: [{max: 2}]}"),
    ("policy", "{policy: p, rules: [{cooldown_days: 2, days: 3}]}"),
    ("policy", "{policy: p, rules: [{max: 1, days: 3, extend_to: day}]}"),
    ("policy", "{policy: p, quiet: [{weekday: sunday, date: 2026-12-25}]}"),
    ("policy", "{policy: p, quiet: [{channels: [sms]}]}"),
    ("policy", "{policy: p, exclusive: both}"),
    ("policy", "{policy: p, quiet: [{weekday: someday}]}"),
    ("policy", "{policy: p, holdout: {percent: 500, salt: x}}"),
    ("policy", "{policy: p, priorities: []}"),
    ("sources", "sources: {a: {table: contact, files: [a.csv]}}"),
    ("sources", "sources: {a: {table: contacts, files: [a.csv], max_shrink: 50}}"),
    ("sources", "sources: {a: {table: contacts, files: [a.csv], stale_after: 2}}"),
    ("sources", "sources: {a: {table: contacts}}"),
    ("mapping", "{table: companies, columns: {compani_id: ID}}"),
    ("mapping", "{table: companies, columns: {name: {colum: Name}}}"),
    ("mapping", "{table: companies, columns: {name: {column: Name, constant: x}}}"),
    ("mapping", "{table: contacts, columns: {revenue: Net}}"),
    ("mapping", "{table: activities, columns: {}, creates: {companies: {}}}"),
    ("test", "{test: t}"),
    ("test", "{expect: {vip: []}}"),
    ("test", "{test: t, expect: {vip: a}}"),
    ("test", "{test: t, given: {contact: []}, expect: {vip: []}}"),
    ("test", "{test: t, given: {contacts: [{contct_id: a}]}, expect: {vip: []}}"),
    ("test", "{test: t, segments: {s: {where: {field: shoe, operator: is_empty}}}, expect: {s: []}}"),
    (
        "test",
        "{test: t, segments: {s: {where: {filed: email, operator: is_empty}}}, catalog: {}, expect: {s: []}}",
    ),
    ("test", "{test: t, workspace: {week_starts: funday}, expect: {vip: []}}"),
]


@pytest.mark.parametrize(("kind", "text"), GOOD)
def test_a_file_as_it_is_written(fault, kind, text):
    assert fault(kind, text) is None


@pytest.mark.parametrize(("kind", "text"), BAD)
def test_a_file_that_is_marked(fault, kind, text):
    assert fault(kind, text) is not None
