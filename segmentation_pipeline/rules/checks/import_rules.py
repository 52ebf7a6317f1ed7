"""Rules about sources, mappings and the project's settings."""

from __future__ import annotations

from segmentation_pipeline.rules.checks.rule import Rule, one, several

_MAPPING = "table: contacts\ncolumns:\n  contact_id: id\n  email: Mail"
_SOURCES = "sources:\n  crm: {table: %s, files: '%s'%s}"


def _query(url: str, query: str, more: str = "") -> dict[str, str]:
    sql = f"{{url: '{url}', query: '{query}'{more}}}"
    return dict(one("sources.yaml", f"sources:\n  shop: {{table: contacts, sql: {sql}}}"))


_SOURCE = one("sources.yaml", _SOURCES % ("contacts", "inbox/*.csv", ""))
_MAPPED = several(
    {
        "sources.yaml": _SOURCES % ("contacts", "inbox/*.csv", ", mapping: mappings/crm.yaml"),
        "mappings/crm.yaml": _MAPPING,
    }
)
_CREATING = "table: activities\ncolumns: {contact_id: who, activity_type: what, occurred_at: when}\n"


def _mapping(more: str) -> dict[str, str]:
    return dict(one("mappings/crm.yaml", f"{_MAPPING}\n{more}"))


SOURCES = (
    Rule(
        "sources-shape",
        "syntactic",
        "A source lacks a key, has one that means nothing, or one with a value it cannot take.",
        "A source has a `table`, one of `files`, `sql` and `delta`, and perhaps `format`, `mapping`, "
        "`max_shrink` and `stale_after`.",
        _SOURCE,
        one("sources.yaml", "sources:\n  crm: {table: contacts, file: inbox/*.csv}"),
    ),
    Rule(
        "unknown-table",
        "semantic",
        "A table is named that the catalog does not have.",
        "Take the name of a table, such as `contacts`, not of an object.",
        _SOURCE,
        one("sources.yaml", _SOURCES % ("contact", "inbox/*.csv", "")),
    ),
    Rule(
        "path-outside",
        "syntactic",
        "A path may lead out of the project or of the definitions folder.",
        "Write a path below that folder, without `..` and not from the root.",
        _SOURCE,
        one("sources.yaml", _SOURCES % ("contacts", "../inbox/*.csv", "")),
    ),
    Rule(
        "source-url",
        "syntactic",
        "The URL of a database cannot be read, or is of no known kind of database.",
        "Write `postgresql://host/database`, `sqlite:///file`, or `env:NAME` of a variable that holds it.",
        _query("env:SHOP_DATABASE_URL", "select * from people"),
        _query("postgres//shop", "select * from people"),
    ),
    Rule(
        "source-secret",
        "syntactic",
        "The URL of a database holds a password, for everybody who reads the file and its history.",
        "Put the URL into a variable of the environment and write `url: env:NAME`; then change the password.",
        _query("env:SHOP_DATABASE_URL", "select * from people"),
        _query("postgresql://shop:secret@db/shop", "select * from people"),
    ),
    Rule(
        "source-query",
        "syntactic",
        "A query has a parameter that nothing gives a value.",
        "A query knows `:watermark` alone, and then the source names the column: `watermark: updated_at`.",
        _query("env:SHOP", "select * from people where seen >= :watermark", ", watermark: seen"),
        _query("env:SHOP", "select * from people where seen >= :since", ", watermark: seen"),
    ),
    Rule(
        "mapping-not-found",
        "semantic",
        "A source names a mapping file that is not there.",
        "Write its path as seen from the definitions folder, such as `mappings/crm.yaml`.",
        _MAPPED,
        one("sources.yaml", _SOURCES % ("contacts", "inbox/*.csv", ", mapping: crm.yaml")),
    ),
    Rule(
        "mapping-of-another-table",
        "semantic",
        "A source feeds one table, and its mapping is for another.",
        "Correct the `table` of one of them.",
        _MAPPED,
        several(
            {
                "sources.yaml": _SOURCES % ("companies", "inbox/*.csv", ", mapping: mappings/crm.yaml"),
                "mappings/crm.yaml": _MAPPING,
            }
        ),
    ),
)

MAPPINGS = (
    Rule(
        "mapping-shape",
        "syntactic",
        "A mapping lacks a key, has one that means nothing, or one with a value it cannot take.",
        "A field comes from exactly one of `column`, `constant`, `multiply`, `case` and `first`.",
        _mapping("  country: {constant: FR}"),
        _mapping("  country: {column: Land, constant: FR}"),
    ),
    Rule(
        "missing-field",
        "semantic",
        "A mapping leaves out a field without which no row can land.",
        "Say where the field comes from; of an object it is the key, of an event key, type and time.",
        one("mappings/crm.yaml", _CREATING),
        one("mappings/crm.yaml", "table: activities\ncolumns: {contact_id: who, activity_type: what}"),
    ),
    Rule(
        "mapping-creates",
        "semantic",
        "`creates` stands where it cannot: only events make the objects they belong to.",
        "Take it out, or name the table of the object whose events these are.",
        one("mappings/crm.yaml", _CREATING + "creates: {contacts: {email: mail}}"),
        one("mappings/crm.yaml", _CREATING + "creates: {companies: {name: firm}}"),
    ),
    Rule(
        "lookup",
        "semantic",
        "`lookup` stands where it cannot: it finds the object of an event by its unique e-mail.",
        "Write it at the key of the events, with the name of the object's e-mail: `lookup: email`.",
        one("mappings/crm.yaml", _CREATING.replace("who", "{column: mail, lookup: email}")),
        one("mappings/crm.yaml", _CREATING.replace("who", "{column: mail, lookup: phone}")),
    ),
    Rule(
        "equal-rows",
        "semantic",
        "`equal_rows` stands in the mapping of a table whose rows have a key.",
        "Take it out: it tells events apart that have no id.",
        one("mappings/crm.yaml", _CREATING + "equal_rows: one"),
        _mapping("equal_rows: one"),
    ),
    Rule(
        "split-not-for-type",
        "semantic",
        "`split` makes a list, and the field is none.",
        "Take `split` out, or map to a list field.",
        _mapping("  tags: {column: Labels, split: ;}"),
        _mapping("  city: {column: Town, split: ;}"),
    ),
    Rule(
        "time-zone",
        "syntactic",
        "A time zone does not exist.",
        "Use a name such as `Europe/Paris` or `UTC`.",
        _mapping("time_zone: Europe/Paris"),
        _mapping("time_zone: Europe/Pariss"),
    ),
)

SETTINGS = (
    Rule(
        "lake",
        "syntactic",
        "The settings name a place where no lake can lie; Dagster shows it when it loads the project.",
        "Name a folder by its path, or an object store by its address.",
        one("segmentation.toml", '[workspaces.default]\nlake = "data/lake"'),
        one("segmentation.toml", '[workspaces.default]\nlake = "data/lake=new"'),
    ),
)
