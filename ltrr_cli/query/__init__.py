"""UNDERSTAND: what a query's words may mean, and the context that the policy decides by."""
