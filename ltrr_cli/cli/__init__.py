"""SPEAK: the command line. A command parses, calls the `Engine` once, renders; only this stage prints or exits."""

import os

# NumPy's matrix library would start a thread a core when it is loaded. What a query multiplies is too small for them,
# and waking them disturbs the encoder: searches took 1.5 times as long. Before NumPy is imported, unless the user has.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


def run() -> None:
    """Run the program. Interrupted while it is imported, it leaves as quietly as later: exit code 130, no traceback."""
    try:
        from ltrr_cli.cli import main
    except KeyboardInterrupt:
        os._exit(130)
    main.run()
