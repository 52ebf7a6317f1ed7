from __future__ import annotations

import re
from html.parser import HTMLParser

from segmentation_pipeline.report.renderings.html import html

VOID = {"meta", "br", "link", "path", "rect", "circle", "line"}


class Balance(HTMLParser):
    def __init__(self):
        super().__init__()
        self.open = []
        self.text = []

    def handle_starttag(self, tag, _attrs):
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, _tag, _attrs):
        pass

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


def test_the_page_is_well_formed_and_every_text_is_escaped(shown):
    page = Balance()
    page.feed(html(shown))
    assert page.open == []
    said = "".join(page.text)
    for piece in ("Review & more", "a < b", "<b>all</b> [red]figures[/red]", "12.5 %", "S1: a|b"):
        assert piece in said


def test_nothing_is_loaded_from_elsewhere(shown):
    text = html(shown)
    assert not re.findall(r"(?:src|href)\s*=\s*[\"']?(?:https?:)?//", text)
    assert "<script" not in text
    assert "@import" not in text


def test_charts_take_the_colours_of_the_page(shown):
    text = html(shown)
    assert text.count("<svg") == 2
    assert "var(--series-1)" in text
    assert "prefers-color-scheme: dark" in text


def test_the_same_report_is_the_same_page(shown):
    assert html(shown) == html(shown)


def test_the_first_bar_stands_on_top(shown):
    page = html(shown)
    heights = {
        name: float(re.search(rf'y="([0-9.]+)"[^>]*>{name}</text>', page)[1]) for name in ("gap", "cap")
    }
    assert heights["gap"] < heights["cap"]


def test_few_are_counted_in_whole_numbers(shown):
    line = html(shown).split("<svg")[1]
    labels = re.findall(r'class="(?:major)?"[^>]*>([0-9,.]+)</text>', line)
    assert labels == ["0", "1", "2", "3"]
