"""The JSON of what the engine returns: one form for the command line and the server."""
