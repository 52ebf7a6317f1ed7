from __future__ import annotations

import pytest

from segmentation_pipeline.documents import read_documents
from segmentation_pipeline.errors import DefinitionError
from segmentation_pipeline.rules.definition import Setting, read_definition
from segmentation_pipeline.rules.value_files import expand_value_files

LISTED = "{field: contact_id, operator: in, value: {file: ids.csv, column: id}}"


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "ids.csv").write_text("id,note\nb,1\na,2\n,3\nb,4\n", encoding="utf-8")
    return tmp_path


def expanded(text, folder):
    return expand_value_files(read_documents(text, "s.yaml")[0], folder)


def values(node):
    return [item.text for item in node.get("value").items]


def problem(text, folder):
    with pytest.raises(DefinitionError) as error:
        expanded(text, folder)
    return error.value.diagnostics[0]


def test_the_values_stand_in_file_order_each_once(folder):
    assert values(expanded(LISTED, folder)) == ["b", "a"]


def test_they_stand_where_the_file_was_named(folder):
    rule = expanded(f"all:\n  - {LISTED}\n", folder).get("all").items[0]
    assert {item.at for item in rule.get("value").items} == {
        read_documents(f"all:\n  - {LISTED}\n", "s.yaml")[0].get("all").items[0].get("value").get("file").at
    }


def test_values_are_text_whatever_they_look_like(folder):
    (folder / "ids.csv").write_text("id\n012\nnull\ntrue\n", encoding="utf-8")
    rule = expanded(LISTED, folder)
    assert values(rule) == ["012", "null", "true"]
    assert not any(item.is_null for item in rule.get("value").items)


def test_files_are_found_however_deep_the_rule(folder):
    rule = expanded(f"any: [{{not: {{all: [{LISTED}]}}}}]", folder)
    inner = rule.get("any").items[0].get("not").get("all").items[0]
    assert values(inner) == ["b", "a"]


def test_a_byte_order_mark_is_no_part_of_the_heading(folder):
    (folder / "ids.csv").write_bytes(b"\xef\xbb\xbfid\r\nx\r\n")
    assert values(expanded(LISTED, folder)) == ["x"]


def test_only_a_value_may_be_a_file(folder):
    rule = expanded("{file: ids.csv, column: id}", folder)
    assert rule.get("file").text == "ids.csv"


@pytest.mark.parametrize(
    "value", ["{file: ids.csv}", "{file: ids.csv, column: id, sheet: 1}", "{file: [a], column: id}"]
)
def test_a_file_is_named_with_its_column_and_nothing_else(folder, value):
    found = problem(f"{{field: contact_id, operator: in, value: {value}}}", folder)
    assert found.rule == "csv-file"
    assert "{file: ids.csv, column: id}" in found.message


def test_a_file_without_values_is_an_empty_list(folder):
    (folder / "ids.csv").write_text("id\n\n", encoding="utf-8")
    assert problem(LISTED, folder).rule == "empty-list"


def test_a_file_outside_the_folder_is_refused(folder, tmp_path_factory):
    outside = tmp_path_factory.mktemp("outside") / "ids.csv"
    outside.write_text("id\nx\n", encoding="utf-8")
    (folder / "link.csv").symlink_to(outside)
    assert "outside" in problem(LISTED.replace("ids.csv", "link.csv"), folder).message
    assert "outside" in problem(LISTED.replace("ids.csv", "../outside/ids.csv"), folder).message


def test_without_a_folder_there_are_no_files():
    assert "no folder" in problem(LISTED, None).message


def test_a_hundred_thousand_values(catalog, folder):
    (folder / "ids.csv").write_text("id\n" + "\n".join(f"c{n}" for n in range(100_000)), encoding="utf-8")
    node = read_documents(f"segment: s\nwhere: {LISTED}\n", "s.yaml")[0]
    segment, findings = read_definition(node, Setting(catalog, folder=folder), segment="s")
    assert findings == []
    assert segment.where.value == tuple(f"c{n}" for n in range(100_000))


def test_the_content_of_a_file_is_part_of_the_definition(catalog, folder):
    node = read_documents(f"segment: s\nwhere: {LISTED}\n", "s.yaml")[0]
    setting = Setting(catalog, folder=folder)
    before, _ = read_definition(node, setting, segment="s")
    (folder / "ids.csv").write_text("id\na\n", encoding="utf-8")
    after, _ = read_definition(node, setting, segment="s")
    assert before.hash != after.hash
