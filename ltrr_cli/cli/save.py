"""Writing an answer to a file, in the form that the file's name says."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING

from ltrr_cli.cli.forms import printer
from ltrr_cli.errors import UsageError

if TYPE_CHECKING:
    from ltrr_cli.records import Answer

FORMS = {".json": "json", ".jsonl": "jsonl", ".csv": "csv", ".tsv": "tsv"}


def save(answer: Answer, name: str, *, explain: bool = False) -> Path:
    """Write an answer; a file that is there already is never replaced. Returns its path.

    Raises:
        UsageError: the ending says no form, the file exists, or cannot be written.
    """
    path = Path(name).expanduser()
    form = FORMS.get(path.suffix.lower())
    if form is None:
        raise UsageError(f"{path.name}: no form ends so", next=f"name a file that ends in {', '.join(FORMS)}")
    try:
        with path.open("x", encoding="utf-8") as out, contextlib.redirect_stdout(out):
            printer(form, explain=explain)(answer)
    except FileExistsError:
        raise UsageError("this file exists", where=str(path), next="give another name") from None
    except OSError as error:
        raise UsageError(f"cannot write: {error.strerror}", where=str(path)) from error
    return path
