from __future__ import annotations

import contextlib

from segmentation_pipeline.cli import import_progress
from segmentation_pipeline.ingest.run import Step
from segmentation_pipeline.ingest.tally import Tally


def test_on_a_terminal_a_bar_moves(monkeypatch):
    moved = []

    @contextlib.contextmanager
    def bar():
        yield lambda what, done, total: moved.append((what, done, total))

    monkeypatch.setattr(import_progress, "progress_bar", bar)
    with import_progress.import_progress("contacts") as tell:
        tell(Step("import-000001", "contacts", "validating", Tally(), 0.5))
        tell(Step("import-000001", "contacts", "processing", Tally(read=2_000, rejected=3), 0.25))
    assert moved == [
        ("contacts: validating", 50, 100),
        ("contacts: 2,000 rows, 3 rejected", 25, 100),
    ]


def test_an_only_batch_says_nothing_beside_its_result(monkeypatch, capsys):
    monkeypatch.setattr(import_progress, "progress_bar", lambda: contextlib.nullcontext(None))
    with import_progress.import_progress("contacts") as tell:
        tell(Step("import-000001", "contacts", "processing", Tally(batches=1), 1.0))
    assert capsys.readouterr().err == ""
