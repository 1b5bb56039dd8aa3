"""STORE: the index directory – manifest, segments, atomic publishing, locks."""
