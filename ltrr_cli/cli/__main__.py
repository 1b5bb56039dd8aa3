"""`python -m ltrr_cli.cli` is `ltrr`."""

from ltrr_cli.cli.main import run

run()
