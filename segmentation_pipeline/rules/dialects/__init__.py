"""Other rule formats, translated into this language."""
