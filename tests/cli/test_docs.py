"""`segmentation docs`."""

from __future__ import annotations


def test_it_writes_a_site_into_the_project(segmentation, imported):
    assert segmentation("run", "--select", "german", "--project", imported).status == 0
    outcome = segmentation("docs", "--project", imported, "--json")
    assert outcome.status == 0
    assert outcome.json["index"] == str(imported / "site" / "index.html")
    assert "segments/german.html" in outcome.json["pages"]
    assert all((imported / "site" / page).is_file() for page in outcome.json["pages"])


def test_what_is_left_out_is_said(segmentation, imported):
    saved = imported / "segment_definitions" / "reports" / "review.yaml"
    saved.parent.mkdir(exist_ok=True)
    saved.write_text("report: review\ntitle: Review\nsegments: [germam]\n", encoding="utf-8")
    outcome = segmentation("docs", "--project", imported)
    assert outcome.status == 0
    assert "left out" in outcome.out
    assert "germam" in outcome.out


def test_a_folder_of_other_files_is_refused(segmentation, imported):
    refused = segmentation("docs", "--output", imported / "segment_definitions", "--project", imported)
    assert refused.status == 2
    assert "holds other files" in refused.err
