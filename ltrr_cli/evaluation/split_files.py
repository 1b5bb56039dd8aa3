"""The files of a split: UBI JSON lines that `ltrr feedback ingest` reads, query sets that evaluation reads."""

from __future__ import annotations

import json
from contextlib import ExitStack
from typing import TYPE_CHECKING

from ltrr_cli.errors import EvaluationError
from ltrr_cli.evaluation.write import written
from ltrr_cli.feedback.ubi import event_to_ubi, impression_to_ubi
from ltrr_cli.records import Impression

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ltrr_cli.evaluation.split import LogSplit, Record, SetPart, SetSplit

LOG_FILES = ("train.jsonl", "test.jsonl")
SET_FILES = ("train.queries.jsonl", "train.qrels.tsv", "test.queries.jsonl", "test.qrels.tsv")


def check_free(folder: Path, names: tuple[str, ...]) -> None:
    """Make sure, before any work, that no file of a split is there already.

    Raises:
        EvaluationError: one is, or `folder` is a file.
    """
    if folder.exists() and not folder.is_dir():
        raise EvaluationError(
            f"{str(folder)!r} is a file", where=str(folder), next="the last argument is the folder to write to"
        )
    for name in names:
        if (folder / name).exists():
            raise EvaluationError(
                "there is a split here already", where=str(folder / name), next="name another folder, or remove it"
            )


def write_log(split: LogSplit, folder: Path) -> tuple[Path, ...]:
    """Write both parts of a log, in their order; returns the files.

    Raises:
        EvaluationError: they cannot be written.
    """
    return _write(folder, LOG_FILES, (_records(split.train), _records(split.test)))


def write_set(split: SetSplit, folder: Path) -> tuple[Path, ...]:
    """Write queries and judgments of both parts; returns the files.

    Raises:
        EvaluationError: they cannot be written.
    """
    contents = (_queries(split.train), _qrels(split.train), _queries(split.test), _qrels(split.test))
    return _write(folder, SET_FILES, contents)


def _write(folder: Path, names: tuple[str, ...], contents: tuple[Iterator[str], ...]) -> tuple[Path, ...]:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        why = error.strerror or str(error)
        raise EvaluationError(f"cannot make the folder: {why}", where=str(folder), next="name another one") from error
    paths = tuple(folder / name for name in names)
    with ExitStack() as stack:  # no file takes its place before all are written
        for path, content in zip(paths, contents, strict=True):
            stack.enter_context(written(path)).writelines(content)
    return paths


def _records(records: tuple[Record, ...]) -> Iterator[str]:
    for record in records:
        yield _line(impression_to_ubi(record) if isinstance(record, Impression) else event_to_ubi(record))


def _queries(part: SetPart) -> Iterator[str]:
    for query in part.queries:
        more = {"split": query.split, "user_id": query.user, "session_id": query.session}
        given = {name: value for name, value in more.items() if value}
        yield _line({"query_id": query.id, "query": query.text, **given})


def _qrels(part: SetPart) -> Iterator[str]:
    yield "query_id\tentity_id\tgrade\n"  # without it, judgments of a part without any would be an empty file
    for query, grades in part.qrels.items():
        for entity, grade in grades.items():
            yield f"{query}\t{entity}\t{grade}\n"


def _line(row: dict[str, object]) -> str:
    return json.dumps(row, ensure_ascii=False) + "\n"
