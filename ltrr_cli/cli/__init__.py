"""SPEAK: the command line. A command parses, calls the `Engine` once, renders; only this stage prints or exits."""

import os
import signal

# NumPy's matrix library would start a thread a core when it is loaded. What a query multiplies is too small for them,
# and waking them disturbs the encoder: searches took 1.5 times as long. Before NumPy is imported, unless the user has.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


def run() -> None:
    """Run the program. Interrupted while it is imported, it leaves as quietly as later: exit code 130, no traceback."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, leave)
    from ltrr_cli.cli import main

    main.run()


def leave(*_: object) -> None:
    """Leave at once, where there is nothing yet, or no more, to be undone."""
    os._exit(130)
