"""The project's own engine, and what it is measured against without another database."""
