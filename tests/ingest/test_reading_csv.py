"""CSV read in blocks is what Python's own reader makes of the whole text, cell by cell."""

from __future__ import annotations

import csv
import io

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from segmentation_pipeline.errors import ImportFailed
from segmentation_pipeline.ingest.batch import ROW
from segmentation_pipeline.ingest.dialect.value import Dialect
from segmentation_pipeline.ingest.reading import csv_text, window
from segmentation_pipeline.ingest.reading.csv_text import csv_batches

CELLS = st.one_of(
    st.text("ab é \u2028\ufeff'#", max_size=4),
    st.sampled_from(["", "x" * 40, '""', '"a""b"', '"a,b"', '"two\nlines"', '"\r\n"', '5"', 'a""', '"']),
)
LINES = st.lists(st.lists(CELLS, min_size=1, max_size=3).map(",".join), max_size=12)
ENDS = st.sampled_from(["\n", "\n", "\n", "\r\n", "\r", "\n\n", "\r\n\r\n"])


@st.composite
def texts(draw):
    lines = [line + draw(ENDS) for line in draw(LINES)]
    text = "".join(lines)
    return text.rstrip("\r\n") if draw(st.booleans()) else text


def expected(text, width, quote):
    """Rows and broken lines by their numbers, and whether the text ends in an error."""
    options = {"quotechar": quote, "strict": True} if quote else {"quoting": csv.QUOTE_NONE}
    rows, broken, number = {}, {}, 0
    try:
        for cells in csv.reader(io.StringIO(text, newline=""), **options):
            if cells:
                number += 1
                (rows if len(cells) == width else broken)[number] = cells
    except csv.Error:
        return rows, broken, True
    return rows, broken, False


def found(path, width, quote, size):
    rows, broken = {}, {}
    how = Dialect(header=False, quote=quote, null_values=("none at all",))
    try:
        for batch in csv_batches(path, path.name, size, how, "abc"[:width]):
            assert batch.read <= size
            for *cells, number in batch.frame.rows():
                rows[number] = cells
            broken |= {line.row: line.text for line in batch.broken}
            assert batch.frame.columns[-1] == ROW
    except ImportFailed:
        return rows, broken, True
    return rows, broken, False


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    text=texts(),
    width=st.integers(1, 3),
    block=st.sampled_from([8, 30, 100, 1 << 16]),
    size=st.sampled_from([1, 3, 100]),
    quote=st.sampled_from(['"', '"', ""]),
)
@example('a,"b\n"\nc,d\n', 2, 8, 3, '"')
@example("a,b\r\n\r\nc\r\n", 2, 8, 3, '"')
@example('""\n\n""\n', 1, 8, 3, '"')
@example("\ufeff\ufeffa,b\n", 2, 8, 3, '"')
def test_blocks_are_read_as_the_whole_is(tmp_path, monkeypatch, text, width, block, size, quote):
    path = tmp_path / "a.csv"
    path.write_bytes(text.encode())
    with monkeypatch.context() as patched:
        patched.setattr(csv_text, "BLOCK", block)
        patched.setattr(csv_text, "_CAREFUL_ROWS", 2)
        patched.setattr(window, "_LINES", 7)
        rows, broken, failed = found(path, width, quote, size)
    want_rows, want_broken, want_failed = expected(text.removeprefix("\ufeff"), width, quote)
    assert failed == want_failed
    if failed:
        # What came before the error has been given, but for the batch that was not full.
        assert rows.items() <= want_rows.items()
        assert len(rows) + len(broken) >= (len(want_rows) + len(want_broken)) // size * size
    else:
        assert rows == want_rows
        assert broken == {number: ",".join(cells) for number, cells in want_broken.items()}
