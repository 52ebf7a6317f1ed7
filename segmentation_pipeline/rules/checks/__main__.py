"""``python -m segmentation_pipeline.rules.checks [--write FILE]``: the page of findings."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from segmentation_pipeline.rules.checks.page import diagnostics_page


def main() -> None:
    """Print the page, or write it."""
    parser = argparse.ArgumentParser(prog="segmentation_pipeline.rules.checks", description=__doc__)
    parser.add_argument("--write", type=Path, metavar="FILE", help="write the page instead of printing it")
    file = parser.parse_args().write
    if file is None:
        sys.stdout.write(diagnostics_page())
    else:
        file.write_text(diagnostics_page(), encoding="utf-8")


if __name__ == "__main__":
    main()
