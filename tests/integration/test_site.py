"""The site of `segmentation docs` in a real browser: light and dark, by keyboard, on a narrow screen."""

from __future__ import annotations

import os
import shutil
import struct
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.integration

REPOSITORY = Path(__file__).parents[2]
RESOLVED = "links => links.map(link => new URL(link.getAttribute('href'), document.baseURI).href)"
PICTURE = REPOSITORY / "docs" / "segment-page.png"
REFRESH = "REFRESH_GOLDEN"
PAGES = ("index.html", "tables.html", "segments/vip.html", "segments/key_accounts.html")


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The site of the sample, with June's analytics and conflicts."""
    folder = tmp_path_factory.mktemp("site") / "project with a blank"
    shutil.copytree(REPOSITORY / "segment_definitions", folder / "segment_definitions")
    shutil.copytree(REPOSITORY / "data" / "sample", folder / "data" / "sample")
    shutil.copy(REPOSITORY / "segmentation.toml", folder)
    for command in (
        ("demo",),
        ("analytics", "--from", "2026-06-10"),
        ("conflicts", "--publish"),
        ("docs", "--output", "out"),
    ):
        program = [Path(sys.executable).with_name("segmentation"), *command]
        done = subprocess.run(program, cwd=folder, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
    return folder / "out"


@pytest.fixture(params=[("light", 1200), ("dark", 1200), ("light", 360)], ids=["light", "dark", "narrow"])
def page(request, browser):
    """An empty page of a colour scheme and a width; errors of its scripts fail the test."""
    scheme, width = request.param
    context = browser.new_context(color_scheme=scheme, viewport={"width": width, "height": 800})
    opened = context.new_page()
    faults = []
    opened.on("pageerror", lambda error: faults.append(str(error)))
    opened.on("requestfailed", lambda request: faults.append(request.url))
    yield opened
    context.close()
    assert faults == []


def luminance(colour: str) -> float:
    """Return the relative luminance of a colour as browsers write it, `rgb(1, 2, 3)`."""
    parts = [int(part) / 255 for part in colour.removeprefix("rgb(").rstrip(")").split(",")[:3]]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_every_page_fits_the_screen_and_can_be_read(page, site):
    for name in PAGES:
        page.goto((site / name).as_uri())
        wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        assert wide <= 0, f"{name} is {wide} pixels too wide"
        paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
        for selector in ("body", "a", ".quiet, .subtitle, dt", "th"):
            ink = page.evaluate(f"getComputedStyle(document.querySelector('{selector}')).color")
            light, dark = sorted((luminance(ink), luminance(paper)), reverse=True)
            assert (light + 0.05) / (dark + 0.05) >= 4.5, f"{selector} on {name}: {ink} on {paper}"


def test_the_search_finds_by_name_rule_and_owner(page, site):
    page.goto((site / "index.html").as_uri())
    everything = page.locator("#segments tbody tr:visible").count()
    page.fill("#search", "purchase")
    found = page.locator("#segments tbody tr:visible")
    assert 0 < found.count() < everything
    page.fill("#search", "no such thing")
    assert page.locator("#segments tbody tr:visible").count() == 0
    assert page.locator("#found").inner_text() == "0 segments"


def test_everything_is_reached_by_keyboard(page, site):
    page.goto((site / "index.html").as_uri())
    page.keyboard.press("/")
    page.keyboard.type("vip")
    page.keyboard.press("Tab")  # to the table, which scrolls
    page.keyboard.press("Tab")
    focused = page.evaluate("document.activeElement.textContent")
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert focused == page.locator("#segments tbody tr:visible a").first.inner_text()
    assert outline == "solid"
    page.keyboard.press("Enter")
    page.wait_for_url("**/segments/*.html")
    assert page.locator("h1").count() == 1


def test_a_segments_page_shows_what_is_known(page, site):
    page.goto((site / "segments" / "vip.html").as_uri())
    titles = page.locator("h2").all_inner_texts()
    assert titles == ["Rule", "Lineage", "Size", "What members did", "Overlaps", "Conflicts"]
    assert page.locator("figure svg").count() == 3
    page.locator("summary").click()
    assert page.locator("pre").inner_text().startswith("# yaml-language-server") or (
        "segment: vip" in page.locator("pre").inner_text()
    )


def test_every_link_leads_somewhere(browser, site):
    context = browser.new_context()
    opened = context.new_page()
    for path in sorted(site.rglob("*.html")):
        opened.goto(path.as_uri())
        for target in opened.eval_on_selector_all("a[href]", RESOLVED):
            file, _, anchor = target.partition("#")
            opened_file = Path(opened.evaluate("url => decodeURIComponent(new URL(url).pathname)", file))
            assert opened_file.is_file(), f"{path.name} leads to {target}"
            if anchor and file.endswith("tables.html"):
                assert f'id="{anchor}"' in opened_file.read_text(), f"{path.name} leads to {target}"
    context.close()


def test_the_picture_of_the_docs_shows_a_segments_page(browser, site):
    """REFRESH_GOLDEN=1 in the environment takes it anew."""
    context = browser.new_context(color_scheme="light", viewport={"width": 880, "height": 1340})
    opened = context.new_page()
    opened.goto((site / "segments" / "new_contacts.html").as_uri())
    taken = opened.screenshot()
    context.close()
    if os.environ.get(REFRESH):
        PICTURE.write_bytes(taken)
    kept = PICTURE.read_bytes()
    assert len(kept) < 150_000
    assert struct.unpack(">II", kept[16:24]) == struct.unpack(">II", taken[16:24]) == (880, 1340)
