"""Rules about the files of definitions and their headers."""

from __future__ import annotations

from segmentation_pipeline.rules.checks.rule import Rule, definition, one, several, where

_ANYONE = where("{everyone: true}")
_STATIC = definition("type: static\nmembers: [c1, c2]")
_FROM_FILE = "type: static\nmembers: {file: lists/vip.csv, column: %s}"

FILES = (
    Rule(
        "yaml",
        "syntactic",
        "A file cannot be read: it is not YAML in UTF-8, or not the one document it must be.",
        "Mend what stands at the place named; every bracket and quote that opens must close.",
        _ANYONE,
        where("{all: [{everyone: true}"),
    ),
    Rule(
        "file-name",
        "syntactic",
        "A file ends in `.yml`, so nothing reads it.",
        "Rename it: definitions end in `.yaml`.",
        _ANYONE,
        one("segments/example.yml", "segment: example\nwhere: {everyone: true}"),
    ),
    Rule(
        "csv-file",
        "semantic",
        "A file of members or values is not in the definitions folder, or has no such column.",
        "Write `{file: lists/vip.csv, column: id}`, with a path below the definitions folder.",
        several(
            {
                "segments/example.yaml": "segment: example\n" + _FROM_FILE % "id",
                "lists/vip.csv": "id,name\nc1,Ada\nc2,Grace",
            }
        ),
        several(
            {
                "segments/example.yaml": "segment: example\n" + _FROM_FILE % "key",
                "lists/vip.csv": "id,name\nc1,Ada\nc2,Grace",
            }
        ),
    ),
)

HEADERS = (
    Rule(
        "definition-shape",
        "syntactic",
        "A definition has a key that means nothing, lacks `segment`, or a key has a value it cannot take.",
        "One file is one mapping that starts with `segment:`; editors complete it by its schema.",
        _ANYONE,
        definition("desription: everyone we know\nwhere: {everyone: true}"),
    ),
    Rule(
        "segment-id",
        "syntactic",
        "The id of a segment is not the name of its file.",
        "Rename one of them: `segment: example` stands in `example.yaml`.",
        _ANYONE,
        one("segments/example.yaml", "segment: exmaple\nwhere: {everyone: true}"),
    ),
    Rule(
        "built-in-segment",
        "semantic",
        "A definition has the id of a segment that every object has: all of them.",
        "Choose another id; `all_contacts` can be embedded without being written.",
        _ANYONE,
        one("segments/all_contacts.yaml", "segment: all_contacts\nwhere: {everyone: true}"),
    ),
    Rule(
        "unknown-object",
        "semantic",
        "A definition or a relation names an object that the catalog does not have.",
        "Take the name of an object from `objects:` of the catalog.",
        definition("object: company\nwhere: {everyone: true}"),
        definition("object: compny\nwhere: {everyone: true}"),
    ),
    Rule(
        "where-or-members",
        "syntactic",
        "A dynamic segment lives by `where`, a static one by `members`, a suppression by either of them.",
        "Add what is missing, take out what does not belong, or change `type`.",
        _STATIC,
        definition("type: static\nwhere: {everyone: true}\nmembers: [c1]"),
    ),
    Rule(
        "members-shape",
        "syntactic",
        "`members` is not a list of single keys or e-mails.",
        "Write `members: [c1, c2]`, or `members: []` for no one.",
        _STATIC,
        definition("type: static\nmembers: [c1, [c2]]"),
    ),
    Rule(
        "duplicate-pin",
        "syntactic",
        "One key is pinned twice.",
        "Keep one of the pins: an object is put in or put out.",
        definition("where: {everyone: true}\npins:\n  - {key: c1, put: out, reason: asked us not to}"),
        definition(
            "where: {everyone: true}\npins:\n  - {key: c1, put: out, reason: asked us not to}\n"
            "  - {key: c1, put: in, reason: changed her mind}"
        ),
    ),
    Rule(
        "duplicate-segment",
        "semantic",
        "Two files in different folders have the same name, so two segments have the same id.",
        "Rename one of the files and its `segment:`.",
        several(
            {
                "segments/sales/known.yaml": "segment: known\nwhere: {everyone: true}",
                "segments/support/served.yaml": "segment: served\nwhere: {everyone: true}",
            }
        ),
        several(
            {
                "segments/sales/known.yaml": "segment: known\nwhere: {everyone: true}",
                "segments/support/known.yaml": "segment: known\nwhere: {everyone: true}",
            }
        ),
    ),
    Rule(
        "duplicate-segment-name",
        "semantic",
        "Two segments have the same `name`, so nobody can tell them apart in a list.",
        "Give one of them another name.",
        several(
            {
                "segments/one.yaml": "segment: one\nname: Everyone\nwhere: {everyone: true}",
                "segments/two.yaml": "segment: two\nname: Buyers\nwhere: {event: purchase}",
            }
        ),
        several(
            {
                "segments/one.yaml": "segment: one\nname: Everyone\nwhere: {everyone: true}",
                "segments/two.yaml": "segment: two\nname: Everyone\nwhere: {event: purchase}",
            }
        ),
    ),
)
