"""`ltrr serve`: the engine over HTTP, for one machine or a small network. Needs the extra `ltrr[serve]`."""
