from __future__ import annotations

import pytest

from segmentation_pipeline.ingest.batch import ROW
from segmentation_pipeline.ingest.mapping import FileFormat
from segmentation_pipeline.ingest.reading.source_file import open_source


class Found:
    """A file as it was opened: its headings, its rows and its dialect by property."""

    def __init__(self, source):
        self.source = source
        self.headings = source.headings
        self.shown = {line.property: line.value for line in source.dialect}
        self.how = {line.property: line.how for line in source.dialect}

    @property
    def rows(self):
        batches = self.source.batches(1000, self.headings)
        return [row for batch in batches for row in batch.frame.drop(ROW).rows()]

    @property
    def broken(self):
        return [line for batch in self.source.batches(1000, self.headings) for line in batch.broken]


@pytest.fixture
def opened(tmp_path):
    def of(content, name="a.csv", **how):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return Found(open_source(path, name, FileFormat(**how)))

    return of
