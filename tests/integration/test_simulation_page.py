"""The page of a simulation in a real browser: light and dark, and on a narrow screen."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.integration

EXAMPLE = Path(__file__).parents[2] / "segment_definitions" / "examples" / "one_week"
READ = ("body", ".subtitle", "th", "caption", "figcaption", "p code", "td", "svg text")
CONTRAST = """selector => {
  const luminance = (colour) => {
    const [r, g, b] = colour.match(/[\\d.]+/g).slice(0, 3).map((part) => part / 255)
      .map((part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const paper = luminance(getComputedStyle(document.body).backgroundColor);
  return [...document.querySelectorAll(selector)].map((found) => {
    const style = getComputedStyle(found);
    const ink = luminance(found instanceof SVGElement ? style.fill : style.color);
    const [dark, light] = [ink, paper].sort((one, other) => one - other);
    return (light + 0.05) / (dark + 0.05);
  });
}"""


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    """The report of the example's comparison, written by the command."""
    folder = tmp_path_factory.mktemp("one week") / "project"
    shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns("lake"))
    program = Path(sys.executable).with_name("segmentation")
    for command, status in (
        (("import", "contacts"), 0),
        (("import", "activities"), 0),
        (("run",), 0),
        (("simulate", "lower_email_cap", "--output", "report.html"), 1),
    ):
        done = subprocess.run([program, *command], cwd=folder, capture_output=True, text=True, check=False)
        assert done.returncode == status, done.stderr
    return folder / "report.html"


@pytest.fixture(params=[("light", 1200), ("dark", 1200), ("light", 360)], ids=["light", "dark", "narrow"])
def page(request, browser, report):
    """The report in a colour scheme and a width; anything on the console or from elsewhere fails the test."""
    scheme, width = request.param
    context = browser.new_context(color_scheme=scheme, viewport={"width": width, "height": 800})
    opened = context.new_page()
    faults = []
    opened.on("pageerror", lambda error: faults.append(str(error)))
    opened.on("console", lambda message: faults.append(message.text))
    opened.on("request", lambda asked: faults.append(asked.url) if asked.url != report.as_uri() else None)
    opened.goto(report.as_uri())
    yield opened
    context.close()
    assert faults == []


def test_it_fits_the_screen_and_can_be_read(page):
    wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    assert wide <= 0, f"{wide} pixels too wide"
    for selector in READ:
        found = page.evaluate(CONTRAST, selector)
        assert found, f"there is no {selector}"
        assert min(found) >= 4.5, f"{selector}: {min(found):.2f}"


def test_it_begins_with_the_result_in_words(page):
    assert page.locator("h2").first.inner_text() == "In short"
    said = page.locator("section").first.locator("p").all_inner_texts()
    assert said[0] == (
        "Under A 11 messages reach 5 customers in 7 days; under B 8 messages reach 4 customers in 7 days."
    )
    assert page.locator("figure svg").count() == 4
