"""`python -m ltrr_cli.cli` is `ltrr`."""

from ltrr_cli.cli import run

run()
