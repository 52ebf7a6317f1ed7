"""JSON Schemas (2020-12) of the files people write, so that editors complete and check them.

Generated: the keys from the pydantic models that read the files, conditions from the tables of the
rule language, names from a project's catalog. ``segmentation schema --write`` writes them;
``python -m segmentation_pipeline.schemas`` does too, and the catalog's reference page beside them.
"""
