"""What the engine costs beside others that do the same work: data, definitions, engines, results."""
