"""NARROW  Hard filters: what an answer may hold at all, as an expression over the catalogue's attributes."""
