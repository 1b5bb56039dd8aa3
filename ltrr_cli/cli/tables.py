"""Tables of results: fitted to a terminal, whole and plain in a pipe."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from ltrr_cli.cli.text import safe, say

if TYPE_CHECKING:
    from ltrr_cli.evaluation.chart import Table


def show(table: Table) -> None:
    """Print a table on standard output: nothing is cut.

    In a terminal long cells go on below; elsewhere a row is one line, its columns two spaces apart, without colours.
    """
    columns = max([len(table.header), *map(len, table.rows)])
    header, *rows = ([*map(safe, row), *[""] * (columns - len(row))] for row in (table.header, *table.rows))
    if sys.stdout is not None and sys.stdout.isatty():
        _show_fitted(safe(table.caption), header, rows, set(table.numeric))
    else:
        _show_whole(safe(table.caption), header, rows, set(table.numeric))


def _show_whole(caption: str, header: list[str], rows: list[list[str]], numeric: set[int]) -> None:
    from rich.cells import cell_len

    widths = [max(map(cell_len, column)) for column in zip(header, *rows, strict=True)]
    if caption:
        say(caption)
    for row in (header, *rows):
        padded = []
        for place, (cell, width) in enumerate(zip(row, widths, strict=True)):
            gap = " " * (width - cell_len(cell))
            padded.append(gap + cell if place in numeric else cell + gap)
        say("  ".join(padded).rstrip())


def _show_fitted(caption: str, header: list[str], rows: list[list[str]], numeric: set[int]) -> None:
    from rich.table import Table as RichTable
    from rich.text import Text

    from ltrr_cli.cli.console import make_console

    drawn = RichTable(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim", collapse_padding=False)
    for place, name in enumerate(header):
        number = place in numeric
        drawn.add_column(Text(name), justify="right" if number else "left", overflow="fold")
    for row in rows:
        drawn.add_row(*(Text(cell, style="bold" if place == 0 else "") for place, cell in enumerate(row)))
    console = make_console()
    if caption:
        console.print(Text(caption, style="dim"), overflow="fold")
    console.print(drawn)
