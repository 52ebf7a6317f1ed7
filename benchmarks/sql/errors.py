"""What SQL is asked to say and cannot."""

from __future__ import annotations

from segmentation_pipeline.errors import UsageError


class Untranslatable(UsageError):  # noqa: N818 — it names a property of the rule, as the project's others do
    """A rule has something that the translation to SQL does not know; ``what`` names it."""

    def __init__(self, what: str) -> None:
        super().__init__(
            f"no SQL for {what}",
            hint="the benchmark translates what `benchmarks.peer` lists; leave such segments out of it",
        )
