"""Damaged files and packed bombs, read by a process of their own: it ends, small and in order."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys

import pytest

pytestmark = pytest.mark.integration

SECONDS = 240
MEMORY = 1500 << 10
"""KiB at the most, as the system counts them; the libraries alone take some 200,000."""

PEAK = """
import pathlib

def peak_kib():
    # `ru_maxrss` would count what the parent had when this process was made from it.
    status = pathlib.Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0])
"""
DAMAGE = (
    PEAK
    + """
import bz2, gzip, io, json, pathlib, random, sys
import polars as pl, pyarrow as pa
from segmentation_pipeline.errors import ImportFailed
from segmentation_pipeline.ingest.mapping import FileFormat
from segmentation_pipeline.ingest.reading.source_file import open_source

folder, seed, rounds = pathlib.Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
draw = random.Random(seed)
frame = pl.DataFrame({
    "name": [f"Zoë {at}" for at in range(300)], "city": ['x, "y"\\nz'] * 300, "n": range(300),
    "day": pl.date_range(pl.date(2026, 1, 1), pl.date(2026, 10, 27), eager=True),
    "l": [[1.5, 2.0]] * 300,
})
flat = frame.drop("l")
text = flat.write_csv().encode()
table = io.BytesIO(); frame.write_parquet(table, row_group_size=100)
plain = io.BytesIO(); frame.write_parquet(plain, compression="uncompressed", use_pyarrow=True)
WHOLE = {
    "a.csv": text, "b.csv": text.decode().encode("utf-16"), "c.csv": text.decode().encode("utf-16-be"),
    "d.csv.gz": gzip.compress(text), "e.csv.bz2": bz2.compress(text),
    "f.csv.zst": pa.compress(text, codec="zstd", asbytes=True),
    "g.jsonl": frame.write_ndjson().encode(), "h.jsonl.gz": gzip.compress(frame.write_ndjson().encode()),
    "i.parquet": table.getvalue(), "j.parquet": plain.getvalue(),
}
counts = {"read": 0, "refused": 0}
for round in range(rounds):
    name = draw.choice(sorted(WHOLE))
    content = bytearray(WHOLE[name])
    for _ in range(draw.choice([1, 1, 2, 5, 20])):
        at = draw.randrange(len(content))
        match draw.choice(["flip", "cut", "insert", "repeat", "zero", "drop"]):
            case "flip": content[at] = draw.randrange(256)
            case "cut": del content[max(at, 1):]
            case "insert": content[at:at] = draw.randbytes(draw.randrange(1, 9))
            case "repeat": content[at:at] = content[at : at + 50]
            case "zero": content[at : at + 20] = bytes(20)
            case "drop": del content[at : at + draw.randrange(1, 40)]
        content = content or bytearray(b"x")
    path = folder / name
    path.write_bytes(content)
    print(seed, round, name, file=sys.stderr, flush=True)
    try:
        source = open_source(path, name, FileFormat())
        for batch in source.batches(1000, source.headings):
            assert batch.read
        counts["read"] += 1
    except ImportFailed as error:
        assert str(error).startswith(name), error
        counts["refused"] += 1
peak = peak_kib()
print(json.dumps({**counts, "peak": peak}))
"""
)
BOMB = (
    PEAK
    + """
import json, pathlib, sys
from segmentation_pipeline.errors import ImportFailed
from segmentation_pipeline.ingest.mapping import FileFormat
from segmentation_pipeline.ingest.reading.source_file import open_source

path, rows, error = pathlib.Path(sys.argv[1]), 0, None
try:
    source = open_source(path, path.name, FileFormat())
    for batch in source.batches(100_000, source.headings):
        rows += batch.read
except ImportFailed as failure:
    error = str(failure)
peak = peak_kib()
print(json.dumps({"rows": rows, "error": error, "peak": peak}))
"""
)


def run(program, *arguments):
    done = subprocess.run(
        [sys.executable, "-c", program, *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout)


@pytest.mark.parametrize("seed", range(4))
def test_damage_is_read_or_refused(tmp_path, seed):
    found = run(DAMAGE, tmp_path, seed, 500)
    assert found["read"] + found["refused"] == 500
    assert min(found["read"], found["refused"]) > 50
    assert found["peak"] < MEMORY
    assert len(list(tmp_path.iterdir())) <= 10


def bomb(path, start, piece, times):
    with gzip.open(path, "wb", 1) as file:
        file.write(start)
        for _ in range(times):
            file.write(piece)
    return path


def test_a_bomb_of_rows_is_read_in_bounded_memory(tmp_path):
    rows = (b"1," + b"x" * 1000 + b"\n") * 1000
    path = bomb(tmp_path / "a.csv.gz", b"a,b\n", rows, 2000)
    assert path.stat().st_size < 20 << 20
    found = run(BOMB, path)
    assert (found["rows"], found["error"]) == (2_000_000, None)
    assert found["peak"] < MEMORY


@pytest.mark.parametrize(
    ("name", "start", "reason"),
    [
        ("a.csv.gz", b"a,b\n1,", "a line is longer than 67,108,864 bytes"),
        ("b.csv.gz", b'a,b\n1,"', "field larger than field limit"),
        ("c.csv.gz", b"", "the first line is longer than 16,777,216 bytes"),
        ("d.jsonl.gz", b'{"a": "', "a line is longer than 67,108,864 bytes"),
    ],
)
def test_a_bomb_of_one_cell_is_refused_in_bounded_memory(tmp_path, name, start, reason):
    piece = b"x" * 999 + b"\n" if name.startswith("b") else b"x" * 1000
    path = bomb(tmp_path / name, start, piece * 1000, 300)
    found = run(BOMB, path)
    assert reason in found["error"]
    assert found["peak"] < MEMORY
