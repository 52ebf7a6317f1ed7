"""The engines, a module each; see `benchmarks.peer`."""
