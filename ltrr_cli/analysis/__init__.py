"""ANALYSE: texts become the terms of the full text, each script and language in its own way."""
