"""The terminal: its width, its colours, its progress bars."""

from __future__ import annotations

import errno
import shutil
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rich.console import Console
    from rich.progress import TaskID

MIN_WIDTH = 20


def make_console() -> Console:
    """Return a console on standard output as wide as the terminal; rich keeps to NO_COLOR and dumb terminals."""
    from rich.console import Console as RichConsole

    class Quiet(RichConsole):
        """Leaves quietly when whoever reads has enough; rich itself would make that an error."""

        def on_broken_pipe(self) -> None:
            raise BrokenPipeError(errno.EPIPE, "nobody reads any more")

    columns, lines = shutil.get_terminal_size()  # without both rich takes every dumb terminal for 80 columns
    return Quiet(width=max(MIN_WIDTH, columns), height=lines, markup=False, highlight=False, emoji=False)


def can_draw() -> bool:
    """Whether the output can show arrows and bars."""
    return "utf" in (getattr(sys.stdout, "encoding", None) or "").lower()


@contextmanager
def bars(*, quiet: bool = False) -> Iterator[Callable[[str, int, int | None], None]]:
    """Give a function that is told (step, units more, units in all) and draws a bar for each step.

    The bars go to standard error, only where that is a terminal, and vanish when the work is done.
    """
    if quiet or not _is_terminal():
        yield lambda *_: None
        return
    from rich.console import Console as RichConsole
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description:<9}"), BarColumn(None), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=RichConsole(stderr=True), transient=True) as progress:
        tasks: dict[str, TaskID] = {}

        def tell(step: str, more: int, total: int | None) -> None:
            if step not in tasks:
                for task in tasks.values():
                    progress.update(task, total=progress.tasks[task].completed or 1, completed=None)
                tasks[step] = progress.add_task(step, total=total)
            progress.update(tasks[step], advance=more, total=total)

        yield tell


def _is_terminal() -> bool:
    return sys.stderr is not None and sys.stderr.isatty()
