"""Writing a result in one step: whoever reads the file sees all of it or what was there before."""

from __future__ import annotations

import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from ltrr_cli.errors import EvaluationError
from ltrr_cli.index.files import sync_file

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def written(path: str | Path) -> Iterator[TextIO]:
    """Open a file for writing UTF-8 text; it takes its place when the block ends, and not at all if the block fails.

    Links are followed; a device or a pipe is written directly.

    Raises:
        EvaluationError: it cannot be written.
    """
    target = Path(os.path.realpath(path))
    temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        if Path(path).exists() and not target.is_file():  # /dev/stdout leads to a pipe, which has no path of its own
            with Path(path).open("w", encoding="utf-8", newline="\n") as out:
                yield out
            return
        try:
            with temporary.open("w", encoding="utf-8", newline="\n") as out:
                yield out
                out.flush()
                os.fsync(out.fileno())
            temporary.replace(target)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        sync_file(target.parent)
    except BrokenPipeError:
        raise  # whoever reads has enough: no mistake
    except (OSError, UnicodeEncodeError) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise EvaluationError(
            f"cannot write: {why}", where=str(path), next="name a file that may be written"
        ) from error
