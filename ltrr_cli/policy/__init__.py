"""LEARN TO RETRIEVE: which strategies to run for a query, and how deep each."""
