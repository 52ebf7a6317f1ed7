from __future__ import annotations

from segmentation_pipeline.report.renderings.markdown import markdown


def test_every_part_is_written(shown):
    text = markdown(shown)
    assert text.startswith("# Review & more\n\n1 to 2 June\n\n## Figures\n\na < b\n")
    assert "| members | 1,234 | 98,765 |" in text
    assert "| open rate | 12.5 % | – |" in text
    assert "| revenue | 10.50 | 1,000.00 |" in text
    assert "|  | S1: a\\|b | everybody |" in text
    assert "| 06-01 | 1 | – |" in text
    assert "```\nkey: value\n```" in text
