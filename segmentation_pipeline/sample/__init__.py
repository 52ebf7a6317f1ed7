"""The seeded sample: invented people, companies, mail, visits and orders, small enough to commit."""

from __future__ import annotations

from segmentation_pipeline.sample.files import SEED, Sample, make_sample, write_sample
from segmentation_pipeline.sample.people import AS_OF

__all__ = ["AS_OF", "SEED", "Sample", "make_sample", "write_sample"]
