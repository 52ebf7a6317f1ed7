"""Every entry point of one workspace refuses ids, files, options and paths of another."""

from __future__ import annotations

import contextlib
import io
import os
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, get_type_hints

import polars as pl
import pytest

import segmentation_pipeline as sp
from segmentation_pipeline.cli.main import app, main
from segmentation_pipeline.errors import DefinitionError, Forbidden, UsageError
from segmentation_pipeline.lake.opening import open_lake
from segmentation_pipeline.lake.owner import OWNER
from segmentation_pipeline.workspace import find_workspace, open_workspace

if TYPE_CHECKING:
    from collections.abc import Callable

SETTINGS = """
[workspaces.ours]
definitions = "ours/definitions"
lake = "ours/lake"
inbox = "ours/inbox"
as_of = 2026-06-30T00:00:00Z
known_as = ["ws-17"]
[workspaces.theirs]
definitions = "theirs/definitions"
lake = "theirs/lake"
inbox = "theirs/inbox"
as_of = 2026-06-30T00:00:00Z
"""
CATALOG = """
objects:
  contact:
    table: contacts
    key: contact_id
    fields:
      contact_id: {type: text, required: true, unique: true}
      email: {type: text, pii: true, unique: true, normalise: lower, form: email}
      workspace_id: text
      country: text
    events: [activities]
events:
  activities: {table: activities, key: contact_id, type: type, time: at, id: id, types: {seen: }}
"""
PROVIDER = "kind: csv\nfile: lists/keys.csv\nmatch: {contact_id: contact_id}\nfields: {country: contact_id}\n"
CONTACTS = "contact_id,email,country\nsecret-one,secret@theirs.example,de\n"
SEGMENT = "segment: {}\nwhere: {{field: country, operator: equals, value: de}}\n"


def invoke(*arguments: object) -> tuple[int, str]:
    screen = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)
    with (
        contextlib.redirect_stdout(screen),
        contextlib.redirect_stderr(screen),
        pytest.raises(SystemExit) as ended,
    ):
        main([str(argument) for argument in arguments])
    return int(ended.value.code or 0), screen.buffer.getvalue().decode()


@pytest.fixture(autouse=True)
def _own_settings(monkeypatch):
    for name in [name for name in os.environ if name.startswith("SEGMENTATION_")]:
        monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def _made(tmp_path_factory):
    project = tmp_path_factory.mktemp("tenants") / "project"
    for name, rows in (("ours", CONTACTS.replace("secret", "own")), ("theirs", CONTACTS)):
        definitions = project / name / "definitions"
        for folder in ("segments", "mappings", "tests", "lists", "enrichment"):
            (definitions / folder).mkdir(parents=True)
        (definitions / "catalog.yaml").write_text(CATALOG, encoding="utf-8")
        (definitions / "segments" / f"{name}_german.yaml").write_text(
            SEGMENT.format(f"{name}_german"), encoding="utf-8"
        )
        (definitions / "mappings" / "people.yaml").write_text(
            "table: contacts\ncolumns: {contact_id: contact_id, email: email}\n", encoding="utf-8"
        )
        (definitions / "tests" / "german.yaml").write_text(
            "test: a german\nas_of: 2026-06-30T00:00:00Z\ngiven: {contacts: [{contact_id: a, country: de}]}\n"
            f"expect: {{{name}_german: [a]}}\n",
            encoding="utf-8",
        )
        (definitions / "lists" / "keys.csv").write_text(f"contact_id\n{name}-listed\n", encoding="utf-8")
        (definitions / "rule.json").write_text('{"operator": "AND", "conditions": []}', encoding="utf-8")
        (definitions / "enrichment" / "manual.yaml").write_text(PROVIDER, encoding="utf-8")
        inbox = project / name / "inbox" / "contacts"
        inbox.mkdir(parents=True)
        (inbox / "people.csv").write_text(rows, encoding="utf-8")
    (project / "segmentation.toml").write_text(SETTINGS, encoding="utf-8")
    for name in ("ours", "theirs"):
        file = project / name / "inbox" / "contacts" / "people.csv"
        options = ("--project", project, "--workspace", name)
        assert invoke("import", "contacts", file, *options)[0] == 0
        assert invoke("run", *options)[0] == 0
    return project


@pytest.fixture
def project(_made, tmp_path):
    return Path(shutil.copytree(_made, tmp_path / "project", symlinks=True))


OURS, THEIRS = "own-one", "secret-one"
SECRETS = ("secret-one", "secret@theirs.example")
DEFINITION = "theirs/definitions/segments/theirs_german.yaml"
THERE = "theirs/definitions"
OWN, RULE = "ours/inbox/contacts/people.csv", "ours/definitions/rule.json"
DATA = "theirs/inbox/contacts/people.csv"


@dataclass(frozen=True)
class Entry:
    """One way into a command: arguments that reach for another workspace, and how it is refused.

    `…/` stands for the other's folder; `says` is in the refusal. An id of the other is unknown here: code
    that serves one workspace has no path to the other, so it cannot even tell that it is one.
    """

    command: str
    arguments: tuple[str, ...]
    says: str = "this belongs to another workspace"
    status: int = 2
    covers: tuple[str, ...] = field(default=())


OUTSIDE = "outside the segments folder"
UNKNOWN = "there is no segment `theirs_german`"
ENTRIES = [
    Entry("import", ("contacts", DATA), covers=("files",)),
    Entry("import", ("contacts", OWN, "--mapping", f"{THERE}/mappings/people.yaml"), covers=("mapping",)),
    Entry("import", ("contacts", "theirs/lake/contacts/_delta_log/00000000000000000000.json")),
    Entry("run", ("--select", "theirs_german"), says=UNKNOWN),
    Entry("show", ("theirs_german",), says=UNKNOWN),
    Entry("members", ("theirs_german",), says=UNKNOWN),
    Entry("members", ("ours_german", "--output", "theirs/inbox/contacts/out.csv"), covers=("output",)),
    Entry("explain", ("theirs_german", OURS), says=UNKNOWN),
    Entry("explain", ("ours_german", THEIRS), says="no contact"),
    Entry("preview", ("theirs_german",), says=UNKNOWN),
    Entry("preview", (DEFINITION,)),
    Entry("list", ("--embeddable-in", "theirs_german"), says=UNKNOWN),
    Entry("diff", ("--against", "theirs/definitions"), covers=("against",)),
    Entry("test", ("theirs/definitions/tests",), covers=("files",)),
    Entry("test", ("theirs/definitions/tests/german.yaml",)),
    Entry("test", ("theirs",)),
    Entry("new", ("new_one", "--folder", f"../../../{THERE}/segments"), says=OUTSIDE, covers=("folder",)),
    Entry("rename", ("theirs_german", "mine"), says=UNKNOWN),
    Entry("delete", ("theirs_german",), says=UNKNOWN),
    Entry("add", ("theirs_german", OURS), says=UNKNOWN),
    Entry("remove", ("theirs_german", OURS), says=UNKNOWN),
    Entry("translate", ("theirs/definitions/rule.json", "--from", "contact_rules"), covers=("file",)),
    Entry("translate", (RULE, "--from", "contact_rules", "--names", DEFINITION), covers=("names",)),
    Entry("forget", (THEIRS,), says="nothing is known"),
    Entry("forget", ("--check", THEIRS), says="never erased", status=1),
    Entry("contact", (THEIRS,), says="no contact"),
    Entry("activities", (THEIRS,), says="no contact"),
    Entry("enrich", (THEIRS,), says="no contact"),
    Entry("enrich", ("--segment", "theirs_german"), says=UNKNOWN),
    Entry("docs", ("--output", "theirs/inbox/site"), covers=("output",)),
    Entry("report", ("theirs_german",), says="there is no segment"),
    Entry("report", ("ours_german", "--output", "theirs/inbox/out.html"), covers=("output",)),
    Entry("report", ("ours_german", "--xlsx", "theirs/inbox/out.xlsx"), covers=("xlsx",)),
    Entry("assign", ("--policy", "theirs_policy"), says="there is no policy"),
    Entry("assign", ("--policy", f"../../{THERE}/policies/theirs_policy"), says="there is no policy"),
    Entry("simulate", ("theirs_week",), says="there is no simulation"),
    Entry("simulate", ("ours_week", "--output", "theirs/inbox/out.html"), covers=("output",)),
    Entry("values", ("../theirs/contacts.email",), says="is not a path"),
]  # fmt: skip
ANYWHERE = {
    "init": "makes a project of its own",
    "demo": "reads the project's sample and its own sources",
    "analytics": "has no argument but its own workspace", "maintain": "has no argument but its own workspace",
    "notify": "has no argument but its own workspace",
    "validate": "has no argument but its own workspace", "conflicts": "has no argument but its own workspace",
    "schema": "has no argument but its own workspace", "status": "has no argument but its own workspace",
}  # fmt: skip


ALLOWED = {
    "import": ("contacts", OWN), "show": ("ours_german",), "members": ("ours_german",),
    "explain": ("ours_german", OURS), "preview": ("ours_german",), "diff": ("--against", "ours/definitions"),
    "new": ("new_one",), "rename": ("ours_german", "mine"), "delete": ("ours_german",),
    "add": ("ours_german", OURS), "remove": ("ours_german", OURS),
    "translate": (RULE, "--from", "contact_rules"),
    "forget": (OURS,), "contact": (OURS,), "activities": (OURS,), "enrich": (OURS,), "values": ("email",),
    "report": ("ours_german",), "simulate": ("ours_week",), "assign": (),
}  # fmt: skip
"""What each command could be asked of its own workspace."""


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: " ".join((entry.command, *entry.arguments)))
def test_what_is_another_workspaces_is_refused(project, monkeypatch, entry):
    monkeypatch.chdir(project)
    before = contents(project / "theirs")
    status, said = invoke(entry.command, *entry.arguments, "--workspace", "ours")
    assert (status, entry.says in said) == (entry.status, True), said
    asked = " ".join(entry.arguments)
    assert not [secret for secret in SECRETS if secret in said and secret not in asked]
    assert contents(project / "theirs") == before


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def commands() -> dict[str, Callable[..., None]]:
    return {command.name: command.callback for command in app.registered_commands}


def test_every_command_has_an_entry():
    """A new command reaches for another workspace here, or says above why it cannot."""
    known = {entry.command for entry in ENTRIES} | set(ANYWHERE)
    assert sorted(set(commands()) - known) == []


@pytest.mark.parametrize("command", sorted({entry.command for entry in ENTRIES} | set(ANYWHERE) - {"init"}))
def test_no_command_works_in_a_workspace_that_is_blocked(project, monkeypatch, command):
    file = project / "segmentation.toml"
    text = file.read_text(encoding="utf-8")
    file.write_text(
        text.replace('inbox = "ours/inbox"', 'inbox = "ours/inbox"\nstatus = "blocked"'), encoding="utf-8"
    )
    monkeypatch.chdir(project)
    before = contents(project)
    arguments = ALLOWED.get(command, ())
    status, said = invoke(command, *arguments, "--workspace", "ours")
    assert (status, "workspace `ours` is blocked" in said) == (2, True), said
    assert contents(project) == before


def test_every_path_that_a_command_takes_has_an_entry():
    covered = {(entry.command, name) for entry in ENTRIES for name in entry.covers}
    paths = {
        (name, option)
        for name, callback in commands().items()
        for option, kind in get_type_hints(callback).items()
        if "Path" in str(kind) and option != "project" and name not in ANYWHERE
    }
    assert ("import", "files") in paths
    assert sorted(paths - covered) == []


@pytest.mark.parametrize("way", ["../theirs", "absolute", "link", "link to a folder", "link on the way"])
@pytest.mark.parametrize("command", ["import", "test", "preview"])
def test_no_detour_leads_there(project, monkeypatch, way, command):
    target = {
        "import": project / DATA,
        "test": project / "theirs/definitions/tests/german.yaml",
        "preview": project / DEFINITION,
    }[command]
    monkeypatch.chdir(project / "ours")
    match way:
        case "../theirs":
            path = Path("..") / target.relative_to(project)
        case "absolute":
            path = target
        case "link":
            path = project / "ours" / f"linked{target.suffix}"
            path.symlink_to(target)
        case "link to a folder":
            (project / "ours" / "linked").symlink_to(target.parent)
            path = project / "ours" / "linked" / target.name
        case _:
            (project / "elsewhere").symlink_to(project / "theirs")
            path = project / "elsewhere" / target.relative_to(project / "theirs")
    arguments = ("contacts", path) if command == "import" else (path,)
    status, said = invoke(command, *arguments, "--project", project, "--workspace", "ours")
    assert status == 2
    assert "this belongs to another workspace" in said


@pytest.mark.parametrize(
    "rule",
    [
        "type: static\nmembers: {{file: {}, column: contact_id}}",
        "where: {{field: contact_id, operator: in, value: {{file: {}, column: contact_id}}}}",
    ],
)
@pytest.mark.parametrize(
    "file", ["../../theirs/definitions/lists/keys.csv", "absolute", "lists/linked/keys.csv"]
)
def test_a_definition_reads_no_file_of_another(project, rule, file):
    definitions = project / "ours" / "definitions"
    if file == "lists/linked/keys.csv":
        (definitions / "lists" / "linked").mkdir()
        shutil.copy(project / "theirs/definitions/lists/keys.csv", project / "hard.csv")
        (definitions / "lists" / "linked" / "keys.csv").symlink_to(project / "hard.csv")
    path = str(project / "theirs/definitions/lists/keys.csv") if file == "absolute" else file
    (definitions / "segments" / "sneaky.yaml").write_text(
        f"segment: sneaky\n{rule.format(path)}\n", encoding="utf-8"
    )
    with pytest.raises(DefinitionError, match="outside the definitions folder"):
        sp.open(project, "ours").members("sneaky")


@pytest.mark.parametrize(
    "what", ["segments/linked.yaml", "segments/linked", "catalog.yaml", "mappings/x.yaml", "tests"]
)
def test_definitions_that_link_to_another_are_closed(project, what):
    path = project / "ours" / "definitions" / what
    theirs = project / "theirs" / "definitions"
    linked = {
        "segments/linked.yaml": theirs / "segments/theirs_german.yaml",
        "segments/linked": theirs / "segments",
        "mappings/x.yaml": theirs / "mappings/people.yaml",
    }
    target = linked.get(what, theirs / what)
    if path.is_dir():
        shutil.rmtree(path)
    path.unlink(missing_ok=True)
    path.symlink_to(target)
    with pytest.raises(Forbidden, match="another workspace"):
        open_workspace(project, "ours", env={})


def test_a_link_to_a_file_that_is_nobodys_is_followed(project):
    shared = project / "shared.yaml"
    catalog = project / "ours" / "definitions" / "catalog.yaml"
    catalog.rename(shared)
    catalog.symlink_to(shared)
    assert set(sp.open(project, "ours").segments) == {"ours_german"}


@pytest.mark.parametrize("glob", ["theirs/inbox/contacts/*.csv", "theirs/**/*.parquet", "linked/*.csv"])
def test_a_source_reads_no_file_of_another(project, glob):
    (project / "linked").symlink_to(project / "theirs" / "inbox" / "contacts")
    (project / "ours" / "definitions" / "sources.yaml").write_text(
        f"sources: {{people: {{table: contacts, files: '{glob}'}}}}\n", encoding="utf-8"
    )
    status, said = invoke("import", "contacts", "--project", project, "--workspace", "ours")
    assert (status, "another workspace" in said) == (2, True), said


def test_a_delta_source_reads_no_table_of_another(project):
    (project / "ours" / "definitions" / "sources.yaml").write_text(
        "sources: {people: {table: contacts, delta: {path: theirs/lake/contacts}}}\n", encoding="utf-8"
    )
    status, said = invoke("import", "contacts", "--project", project, "--workspace", "ours")
    assert (status, "another workspace" in said) == (2, True), said


@pytest.mark.parametrize(
    "name", ["../theirs/lake/contacts", "../../theirs/lake/contacts", "a/b", "..", "a\\b"]
)
def test_no_name_of_a_table_leads_out_of_the_lake(project, name):
    with pytest.raises(Forbidden, match="leads out of the lake"):
        sp.open(project, "ours").table(name)


def test_a_table_that_is_a_link_is_not_read(project):
    lake = project / "ours" / "lake"
    (lake / "borrowed").symlink_to(project / "theirs" / "lake" / "contacts")
    with pytest.raises(Forbidden, match="no link"):
        sp.open(project, "ours").table("borrowed")


def test_a_lake_says_whose_it_is(project):
    assert (project / "theirs" / "lake" / OWNER).read_text(encoding="ascii").strip() == "theirs"


def test_swapped_settings_open_no_lake(project):
    file = project / "segmentation.toml"
    text = file.read_text(encoding="utf-8")
    file.write_text(
        text.replace("ours/lake", "swap").replace("theirs/lake", "ours/lake").replace("swap", "theirs/lake"),
        encoding="utf-8",
    )
    for name in ("ours", "theirs"):
        with pytest.raises(Forbidden, match=f"does not belong to workspace `{name}`"):
            sp.open(project, name)
        assert invoke("run", "--project", project, "--workspace", name)[0] == 2


def test_a_lake_from_before_is_claimed_by_the_first_who_writes(project):
    (project / "ours" / "lake" / OWNER).unlink()
    store = open_lake(find_workspace(project, "ours", env={}))
    assert not (project / "ours" / "lake" / OWNER).exists()
    assert store.exists("contacts")
    assert invoke("run", "--project", project, "--workspace", "ours")[0] == 0
    assert (project / "ours" / "lake" / OWNER).read_text(encoding="ascii").strip() == "ours"


def test_nothing_in_the_environment_moves_one_into_the_other(project, monkeypatch):
    for name in ("DEFINITIONS", "LAKE", "INBOX"):
        monkeypatch.setenv(f"SEGMENTATION_{name}", str(project / "theirs" / name.lower()))
        with pytest.raises(UsageError, match="shared by several workspaces"):
            sp.open(project, "ours")
        monkeypatch.delenv(f"SEGMENTATION_{name}")


@pytest.mark.parametrize("place", ["theirs/lake/inside", "theirs/definitions", "theirs/inbox"])
@pytest.mark.parametrize("kind", ["definitions", "lake", "inbox"])
def test_settings_put_no_folder_into_anothers(project, kind, place):
    file = project / "segmentation.toml"
    file.write_text(
        file.read_text(encoding="utf-8").replace(f'{kind} = "ours/{kind}"', f'{kind} = "{place}"'),
        encoding="utf-8",
    )
    with pytest.raises(UsageError, match="share"):
        find_workspace(project, "ours", env={})


def test_a_row_of_another_workspace_is_rejected_with_the_reason(project):
    rows = project / "rows.csv"
    rows.write_text(
        "contact_id,workspace_id\nmine,ours\nalias,ws-17\nnobodys,\nforeign,theirs\nstrange,ws-99\n",
        encoding="utf-8",
    )
    status, said = invoke("import", "contacts", rows, "--project", project, "--workspace", "ours")
    assert status == 0
    assert "rows.csv, row 4: `theirs` is not this workspace" in said
    assert "rows.csv, row 5: `ws-99` is not this workspace" in said
    keys = sp.open(project, "ours").table("contacts").select("contact_id").collect().to_series()
    assert set(keys) == {"own-one", "mine", "alias", "nobodys"}


def test_code_of_one_workspace_holds_no_path_to_another(project):
    opened = sp.open(project, "ours")
    assert "theirs" not in repr(opened.workspace)
    assert "theirs" not in repr(vars(opened.store))


def test_a_key_of_another_in_a_definition_is_nobody_here(project):
    (project / "ours" / "definitions" / "segments" / "listed.yaml").write_text(
        f"segment: listed\ntype: static\nmembers: [{THEIRS}, {OURS}]\n", encoding="utf-8"
    )
    assert invoke("run", "--project", project, "--workspace", "ours")[0] == 0
    found = sp.open(project, "ours")
    assert found.members("listed").select("contact_id").collect().to_series().to_list() == [OURS]
    row = found.table("segments").filter(pl.col("segment_id") == "listed").collect()
    assert row["pending"].to_list() == [[THEIRS]]
