from __future__ import annotations

import json


def test_the_schemas_of_a_new_project_are_up_to_date(segmentation, project):
    outcome = segmentation("schema", "--project", project)
    assert (outcome.status, outcome.out) == (0, "up to date\n")


def test_a_new_field_makes_them_stale_until_they_are_written(segmentation, project):
    catalog = project / "segment_definitions" / "catalog.yaml"
    catalog.write_text(
        catalog.read_text().replace("country: text", "country: text\n      shoe_size: integer")
    )
    outcome = segmentation("schema", "--project", project)
    assert outcome.status == 1
    assert "segment_definitions/schemas/segment.schema.json is out of date" in outcome.out
    assert segmentation("schema", "--project", project, "--write").status == 0
    assert segmentation("schema", "--project", project).status == 0
    written = json.loads((catalog.parent / "schemas" / "segment.schema.json").read_text())
    assert written["$defs"]["contact.field.number"]["enum"] == ["shoe_size"]
