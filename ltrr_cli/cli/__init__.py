"""SPEAK: the command line. A command parses, calls the `Engine` once, renders; only this stage prints or exits."""
