"""LEARN TO RANK: the order of the pool."""
