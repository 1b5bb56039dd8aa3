"""Records that could not be used: kept with line number and reason, counted, and told by the exit code."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from ltrr_cli.cli.text import dumps, notice, plural
from ltrr_cli.errors import UsageError
from ltrr_cli.index.files import replace_file

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from types import TracebackType
    from typing import Self, TextIO

    from ltrr_cli.records import Bad

PARTIAL = 3
"""Exit code where all was done but for records that could not be used."""
MOST = 10_000
"""Lines that the index keeps of a run; `--bad FILE` has all."""


class Rejected:
    """Takes the bad records of a run: all of them into `given`, or else the first 10,000 into a file of the index.

    That file, `rejected-KIND.jsonl`, is of the last run; one without bad records removes it.
    """

    def __init__(self, kind: str, index: Path, given: Path | None, sources: Sequence[str] = ()) -> None:
        """Raises `UsageError` where `given` is one of the files that are read."""
        self._own = index / f"rejected-{kind}.jsonl"
        self._given = given
        self._out: TextIO | None = None
        self._lines: list[str] = []
        self.count = 0
        self._first: Bad | None = None
        self._before = 0
        if given is not None and given.exists():
            read = [type(given)(name) for name in sources if name != "-"]
            if any(path.exists() and given.samefile(path) for path in read):
                raise UsageError(
                    "this file is read, bad records cannot be written to it", where=str(given), next="name another"
                )

    def __enter__(self) -> Self:
        """Find out now, not after an hour of work, whether the file can be written."""
        if self._given is not None:
            self._out = self._given.open("w", encoding="utf-8")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the file that was given; the index's own is written only once the run has succeeded."""
        if self._out is not None:
            self._out.close()
        elif kind is None:
            try:
                self._keep()
            except OSError as told:  # what was built or learned stays so
                notice(f"{self._own} could not be written: {told.strerror}")

    def _keep(self) -> None:
        if self._lines:
            replace_file(self._own, "".join(self._lines).encode("utf-8", "surrogatepass"))
        elif not self._before:
            self._own.unlink(missing_ok=True)

    def before(self, count: int) -> None:
        """Tell that an earlier run, which need not be repeated, left out so many; its file in the index stays."""
        self._before = count

    def add(self, bad: Bad) -> None:
        """Take a record that is left out."""
        self.count += 1
        self._first = self._first or bad
        if self._out is None and len(self._lines) >= MOST:
            return
        line = dumps({"source": bad.source, "line": bad.line, "reason": bad.reason}) + "\n"
        if self._out is not None:
            self._out.write(line)
        else:
            self._lines.append(line)

    def tell(self, what: str) -> None:
        """Say on standard error how many were left out, where and why the first was, and where they are."""
        if self._first is None and self._before:
            kept = f"; see {self._own}" if self._own.exists() else ""
            notice(f"{plural(self._before, what)} left out when it was built{kept}")
        if self._first is None:
            return
        first = self._first
        more = f" (the first {MOST:,})" if self._out is None and self.count > MOST else ""
        notice(
            f"{plural(self.count, what)} left out, the first at {first.source}:{first.line}: {first.reason}; "
            f"see {self._given or self._own}{more}"
        )

    def leave(self, what: str, *, tell: bool = True) -> None:
        """Say what was left out, and leave with its own exit code; nothing where nothing was."""
        if self.count or self._before:
            if tell:
                self.tell(what)
            raise typer.Exit(PARTIAL)
