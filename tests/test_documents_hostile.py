"""YAML that is written to do harm: an error of ours with its place, within a second, and little memory."""

from __future__ import annotations

import time
import tracemalloc

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from segmentation_pipeline.catalog.reading import load_catalog, read_catalog
from segmentation_pipeline.documents import read_documents, read_file
from segmentation_pipeline.errors import DefinitionError, DocumentError, SegmentationError
from segmentation_pipeline.ingest.mapping_file import load_mapping
from segmentation_pipeline.ingest.sources import load_sources
from segmentation_pipeline.rules.definitions import load_definitions
from segmentation_pipeline.workspace import open_workspace

EXPLODING = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{at}: &a{at} [{', '.join([f'*a{at - 1}'] * 10)}]\n" for at in range(1, 12)
)
HOSTILE = {
    "anchors that explode": (EXPLODING, r":\d+:\d+: anchors expand to more than 10000 nodes"),
    "an anchor within itself": ("a: &a [*a]", ":1:8: the alias `\\*a` stands inside its own anchor"),
    "a mapping within itself": ("a: &a {b: *a}", ":1:11: the alias `\\*a` stands inside its own anchor"),
    "an alias of nothing": ("a: *b", ":1:4: the alias"),
    "a tag that runs a command": (
        "a: !!python/object/apply:os.system [x]",
        ":1:4: the tag `.*` is not allowed",
    ),
    "a tag that makes an object": ("!!python/object:x.Y {a: 1}", ":1:1: the tag"),
    "a tag of a scalar": ("a: !!int 3", ":1:4: the tag"),
    "a sequence too deep": ("a: " + "[" * 100_000, ":1:103: nested deeper than 100 levels"),
    "a mapping too deep": ("{a: " * 100_000, r":1:\d+: nested deeper than 100 levels"),
    "lines too deep": ("\n".join("  " * at + "a:" for at in range(2000)), ":100:199: nested deeper than"),
    "keys too deep": ("? " * 10_000, ":1:201: nested deeper than"),
    "a number without end": ("a: " + "9" * 100_000, ":1:4: a number of more than 300 digits"),
    "an hour without end": ("a: last " + "9" * 5_000 + " days", ":1:4: a number of more than 300 digits"),
    "a scalar without end": ("a: " + "x" * (1 << 24), ":1:1: larger than 8,388,608 bytes"),
    "documents without end": ("--- a\n" * 1_200_000, r":250001:5: more than 250,000 nodes in one file"),
    "a key that is no scalar": ("? [a, b]\n: c", ":1:3: a key must be one word or text"),
    "a key that stands twice": ("a: 1\na: 2", ":2:1: duplicate key"),
    "a quote that stays open": ("a: '" + "x\n " * 10_000, r":\d+:\d+: not readable as YAML"),
    "a tab for an indent": ("a:\n\tb: 1", ":2:1: not readable as YAML"),
    "a null character": ("a: x\0", ":1:1: not readable as text"),
    "a directive of another world": ("%YAML 9.9\n---\na: 1", ":1:1: not readable as YAML"),
}
CASES = [pytest.param(text, reason, id=name) for name, (text, reason) in HOSTILE.items()]


@pytest.mark.parametrize(("text", "reason"), CASES)
def test_harm_is_refused_with_its_place_in_a_second(tmp_path, text, reason):
    path = tmp_path / "x.yaml"
    path.write_text(text, encoding="utf8")
    begun = time.process_time()
    with pytest.raises(DocumentError, match=rf"^x\.yaml{reason}"):
        read_file(path, "x.yaml")
    # Many times what it is for, so that a machine under load is no fault.
    assert time.process_time() - begun < 10


@pytest.mark.integration
@pytest.mark.parametrize("name", ["anchors that explode", "documents without end", "a scalar without end"])
def test_harm_takes_little_memory(tmp_path, name):
    path = tmp_path / "x.yaml"
    path.write_text(HOSTILE[name][0], encoding="utf8")
    tracemalloc.start()
    try:
        with pytest.raises(DocumentError):
            read_file(path, "x.yaml")
        assert tracemalloc.get_traced_memory()[1] < 200 << 20
    finally:
        tracemalloc.stop()


def test_bytes_that_are_no_text_are_named_with_their_line(tmp_path):
    path = tmp_path / "x.yaml"
    path.write_bytes(b"a: 1\nb: Z\xfcrich\n")
    with pytest.raises(DocumentError, match=r"^x\.yaml:2:1: not readable as UTF-8"):
        read_file(path, "x.yaml")


def test_a_folder_and_a_missing_file_are_no_documents(tmp_path):
    for path in (tmp_path, tmp_path / "none.yaml"):
        with pytest.raises(DocumentError, match=r"^x\.yaml:1:1: there is no such file"):
            read_file(path, "x.yaml")


def project(folder, name, content):
    """A project with one file of hostile content in the place that is called ``name``."""
    definitions = folder / "segment_definitions"
    (definitions / "segments").mkdir(parents=True)
    shipped = "objects: {contact: {table: contacts, key: contact_id, fields: {contact_id: text}}}\n"
    (folder / "segmentation.toml").write_text("[workspaces.default]\n", encoding="utf8")
    (definitions / "catalog.yaml").write_text(shipped, encoding="utf8")
    place = {"settings": folder / "segmentation.toml", "segments": definitions / "segments" / "s.yaml"}
    (place.get(name) or definitions / f"{name}.yaml").write_bytes(content)
    return folder


def opened(folder):
    """Read everything that a project declares, as the commands do."""
    workspace = open_workspace(folder, env={})
    catalog = load_catalog(workspace.catalog_file)
    load_sources(folder / "segment_definitions" / "sources.yaml", catalog)
    mapping = folder / "segment_definitions" / "mapping.yaml"
    if mapping.exists():
        load_mapping(mapping, catalog)
    definitions = load_definitions(workspace.definitions, catalog)
    if definitions.broken:
        raise DefinitionError(list(definitions.broken.values()))


PLACES = ["catalog", "sources", "mapping", "segments"]


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize(
    "content",
    [b"a: &a [*a]", b"\xff\xfe\0", b"a: !!python/name:os.system ''", b"[" * 5000, b"- a\n- b", b"1"],
)
def test_no_loader_lets_harm_through(tmp_path, place, content):
    with pytest.raises((DocumentError, DefinitionError)) as caught:
        opened(project(tmp_path, place, content))
    assert str(caught.value.where)


@pytest.mark.parametrize(
    "content", [b"\xff\xfe\0", b"a = " + b"[" * 10_000, b"a = 1979-99-99", b"a = 1\na = 2", b"workspaces = 3"]
)
def test_settings_that_are_no_settings_are_refused(tmp_path, content):
    with pytest.raises(SegmentationError):
        opened(project(tmp_path, "settings", content))


PIECES = st.sampled_from(
    [
        *("a", "b: ", "- ", "\n", "  ", "&a ", "*a", "{", "}", "[", "]", ",", "? ", ": ", "'", '"', "|", ">"),
        *(
            "#",
            "!x ",
            "--- ",
            "...",
            "%YAML 1.2",
            "\t",
            "null",
            "1e999",
            "0x1f",
            ".nan",
            "<<: ",
            "\ufeff",
            "\x07",
        ),
    ]
)


@settings(max_examples=200, suppress_health_check=[HealthCheck.too_slow])
@given(text=st.one_of(st.text(max_size=60), st.lists(PIECES, max_size=25).map("".join)))
def test_any_text_is_documents_or_an_error_with_its_place(text):
    try:
        nodes = read_documents(text, "x.yaml")
    except DocumentError as error:
        assert str(error).startswith("x.yaml:")  # noqa: PT017 — most texts are no error
    else:
        assert len([node.plain for node in nodes]) == len(nodes)


def trees(leaves, keys):
    return st.recursive(
        leaves,
        lambda tree: st.lists(tree, max_size=3) | st.dictionaries(keys, tree, max_size=4),
        max_leaves=15,
    )


@settings(max_examples=100)
@given(trees(st.text("abc 1:-", max_size=4), st.text("ab", min_size=1)))
def test_what_is_written_is_read_back(value):
    (node,) = read_documents(yaml.safe_dump(value, default_style='"'), "x.yaml")
    assert node.plain == value


KEYS = st.sampled_from(["objects", "contact", "table", "key", "fields", "events", "type", "relations", "x"])


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(trees(st.none() | st.booleans() | st.integers() | st.text("ab: ", max_size=4), KEYS))
def test_a_catalog_of_any_shape_is_refused_by_us(value):
    (node,) = read_documents(yaml.safe_dump(value), "x.yaml")
    try:
        read_catalog(node)
    except SegmentationError as error:
        assert error.what  # noqa: PT017 — some shapes are a catalog
