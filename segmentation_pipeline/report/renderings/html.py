"""A report as a page of HTML: one file, nothing loaded from elsewhere, light and dark."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from segmentation_pipeline.report.model import Chart, Figures, Text
from segmentation_pipeline.report.renderings.charts import svg
from segmentation_pipeline.report.writing import written

if TYPE_CHECKING:
    from segmentation_pipeline.report.model import Part, Report

_CODE = re.compile(r"`([^`]+)`")


def html(report: Report) -> str:
    """Return the report as a page that opens from a file."""
    return render("report.html", report=report)


def render(template: str, **values: Any) -> str:
    """Return one of the package's pages; every text is escaped, and a missing value is an error."""
    return _environment().get_template(template).render(**values)


def style() -> str:
    """Return the style sheet of all pages."""
    return render("style.css")


@cache
def _environment() -> Environment:
    made = Environment(
        loader=PackageLoader("segmentation_pipeline.report", "pages"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.filters["written"] = written
    made.filters["prose"] = _prose
    made.filters["svg"] = lambda chart: Markup(svg(chart))  # noqa: S704 - pygal escapes what it draws
    made.tests["figures"] = lambda part: isinstance(part, Figures)
    made.tests["chart"] = lambda part: isinstance(part, Chart)
    made.tests["text"] = _is_text
    return made


def _prose(text: str) -> Markup:
    """Return a line with what stands in backquotes set as code; everything is escaped.

    >>> str(_prose("`a` < b"))
    '<code>a</code> &lt; b'
    """
    return Markup(_CODE.sub(r"<code>\1</code>", str(escape(text))))  # noqa: S704 - escaped just here


def _is_text(part: Part) -> bool:
    return isinstance(part, Text)
