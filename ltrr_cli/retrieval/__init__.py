"""RETRIEVE: one file a strategy, and the pool of what they found."""
