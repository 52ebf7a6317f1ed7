"""Breaks the package in many ways, one at a time, and asks whether the conformance suite notices.

Each entry of ``mutations.yaml`` replaces one text of one module in a temporary copy of the package;
``tests/cases`` is then run against the copy, the file that should notice first, until a case fails.
Exit status 1 names the mutations that no case noticed, and those whose text is no longer there.

    python tests/mutations/run.py [--jobs 2] [words that the file or the reason of a mutation contains]
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import yaml

HERE = Path(__file__).resolve().parent
CASES = HERE.parent / "cases"
PROJECT = HERE.parents[1]
PACKAGE = "segmentation_pipeline"
NOTICED, UNNOTICED = 3, 0
SECONDS = 120


@dataclass(frozen=True)
class Mutation:
    """One text replaced in one module; ``first`` names the case file that should notice."""

    file: str
    old: str
    new: str
    why: str
    first: str

    def stale(self) -> str | None:
        """Return why the mutation can no longer be made."""
        found = (PROJECT / PACKAGE / self.file).read_text().count(self.old)
        return None if found == 1 else f"its text stands {found} times in the module, not once"

    def copy_into(self, folder: Path) -> None:
        shutil.copytree(PROJECT / PACKAGE, folder / PACKAGE)
        module = folder / PACKAGE / self.file
        module.write_text(module.read_text().replace(self.old, self.new))


def read_mutations() -> list[Mutation]:
    entries = yaml.load((HERE / "mutations.yaml").read_text(), Loader=yaml.BaseLoader)
    return [Mutation(file, **entry) for file, listed in entries.items() for entry in listed]


def check(mutation: Mutation) -> tuple[bool, str]:
    """Return whether the suite noticed, and the case that did or why it could not be asked."""
    if problem := mutation.stale():
        return False, problem
    with tempfile.TemporaryDirectory() as name:
        mutation.copy_into(Path(name))
        return run_suite(Path(name), mutation.first)


def run_suite(folder: Path, first: str = "") -> tuple[bool, str]:
    """Run the cases in a process of its own against the package inside a folder."""
    command = [sys.executable, str(HERE / "run.py"), "--suite", str(folder), "--first", first]
    environment = {**os.environ, "PYTHONPATH": str(folder), "POLARS_MAX_THREADS": "1"}
    try:
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        return True, f"no end after {SECONDS} seconds"
    if done.returncode < 0:
        return True, f"killed by signal {-done.returncode}"
    if done.returncode not in (NOTICED, UNNOTICED):
        return False, f"the suite could not be run: {done.stderr[-500:]}"
    return done.returncode == NOTICED, done.stdout.strip()


def suite(folder: Path, first: str) -> int:
    """Run the cases until one fails, those of the file ``first`` before the others."""
    import segmentation_pipeline
    from segmentation_pipeline.catalog.reading import load_catalog_node
    from segmentation_pipeline.documents import read_file
    from segmentation_pipeline.segments.testing import run_test
    from segmentation_pipeline.segments.trial import Bench

    assert Path(segmentation_pipeline.__file__).is_relative_to(folder)
    catalog = load_catalog_node(PROJECT / "segment_definitions" / "catalog.yaml", "catalog.yaml")
    bench = Bench(catalog, CASES / "files")
    for path in sorted(CASES.glob("*.yaml"), key=lambda path: (path.stem != first, path.stem)):
        for node in read_file(path, path.name):
            try:
                result = run_test(node, path.name, bench)
            except Exception as error:  # noqa: BLE001 — a case that crashes has noticed
                print(f"{path.stem}: {node.get('test').text} ({type(error).__name__})")
                return NOTICED
            if not result.passed:
                print(f"{path.stem}: {result.test}")
                return NOTICED
    return UNNOTICED


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("words", nargs="*")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--suite", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--first", default="", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.suite is not None:
        return suite(asked.suite, asked.first)
    mutations = [m for m in read_mutations() if all(word in f"{m.file} {m.why}" for word in asked.words)]
    failed, said = run_suite(PROJECT)
    if failed or said:
        print(f"the suite fails without any mutation: {said}")
        return 1
    unnoticed = []
    with ThreadPoolExecutor(asked.jobs) as pool:
        for mutation, (noticed, by) in zip(mutations, pool.map(check, mutations), strict=True):
            print(
                f"{'noticed  ' if noticed else 'UNNOTICED'} {mutation.file}: {mutation.why}  [{by}]",
                flush=True,
            )
            if not noticed:
                unnoticed.append(mutation)
    print(f"{len(mutations)} mutations, {len(unnoticed)} unnoticed")
    return 1 if unnoticed else 0


if __name__ == "__main__":
    sys.exit(main())
