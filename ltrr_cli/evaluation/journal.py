"""What a replay keeps in a directory, to go on if it is stopped: a scratch copy, and a line for each batch.

The first line says what has to be the same for the run to be continued: log, settings, measures, batches, sample.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from ltrr_cli.errors import EvaluationError, LtrrError
from ltrr_cli.evaluation.scratch import make_scratch, stands_on
from ltrr_cli.index.files import replace_file
from ltrr_cli.records import Event, Impression

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from ltrr_cli.config import Config
    from ltrr_cli.estimators.measures import Measure

FORMAT_VERSION = 1
LOCK = "lock"
_STEPS = "replay.jsonl"
_COPY = "scratch.ltrr"
_UNFINISHED = ".scratch.tmp"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One batch: its first and last time, events in it, how many were predicted, and sums of each system's scores."""

    start: float
    end: float
    events: int
    predicted: int
    sums: Mapping[str, Mapping[str, float]]


def identity_of(
    ordered: Sequence[Impression | Event],
    config: Config,
    measures: Sequence[Measure],
    batch: int | str,
    sample: float,
) -> dict[str, Any]:
    """Return what must be the same for a run to be continued."""
    digest = hashlib.sha256()
    for record in ordered:
        said = (
            (record.id, record.entity_id, record.action, record.dwell, record.text, record.query_id, record.position)
            if isinstance(record, Event)
            else (record.query_id, record.text, record.shown)
        )
        who = (record.user, record.session)
        digest.update(f"{record.time!r} {who!r} {said!r}\n".encode())  # repr escapes what cannot be encoded
    return {
        "format_version": FORMAT_VERSION,
        "log": digest.hexdigest(),
        "settings": hashlib.sha256(repr(config).encode()).hexdigest(),
        "measures": [measure.name for measure in measures],
        "batch": batch,
        "sample": sample,
    }


def resume(index: Path, out: Path, identity: Mapping[str, Any]) -> tuple[Path, list[Step], Path]:
    """Return the scratch copy, the finished steps and their journal; make them where there are none.

    The journal comes first: where it is, the rest of the directory is ours.
    """
    scratch, journal = out / _COPY, out / _STEPS
    if not journal.exists():
        if any(path.name != LOCK and not path.match(f".{_STEPS}.*") for path in out.iterdir()):
            raise EvaluationError(
                "this directory holds something else than a replay", where=str(out), next="name a new or an empty one"
            )
        replace_file(journal, (json.dumps(identity) + "\n").encode())
    first, *rows = journal.read_text(encoding="utf-8", errors="replace").split("\n")
    try:
        same = json.loads(first) == identity
        # the last piece is empty, or a line that a run was stopped in
        steps = [Step(**json.loads(row)) for row in rows[:-1]]
        if same and not steps and not scratch.exists():
            shutil.rmtree(out / _UNFINISHED, ignore_errors=True)  # of a run that was stopped before its first batch
            make_scratch(index, out / _UNFINISHED)
            (out / _UNFINISHED).rename(scratch)
        same = same and stands_on(scratch, index)
    except (ValueError, TypeError, RecursionError, LtrrError) as error:
        raise EvaluationError(f"cannot go on: {error}", where=str(journal), next="remove that directory") from error
    if not same:
        raise EvaluationError(
            "this directory holds a replay of another log, index or other settings",
            where=str(out),
            next="name another directory, or remove that one",
        )
    replace_file(journal, "".join(f"{line}\n" for line in [first, *rows[:-1]]).encode())
    return scratch, steps, journal


def make_folder(out: Path) -> None:
    """Make the directory that keeps a replay."""
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise EvaluationError(
            f"cannot make this directory: {error.strerror}", where=str(out), next="name another"
        ) from error


def append(journal: Path, step: Step) -> None:
    """Write a finished step through to the disk."""
    with journal.open("a", encoding="utf-8") as file:
        file.write(json.dumps(asdict(step)) + "\n")
        file.flush()
        os.fsync(file.fileno())
