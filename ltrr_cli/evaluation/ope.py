"""Off-policy evaluation of any kind of log: what other policies, or rankers, would have earned on it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ltrr_cli.config import Config
from ltrr_cli.errors import UsageError
from ltrr_cli.estimators.offpolicy import CLIP
from ltrr_cli.evaluation.bandit_logs import kind_of, read_bandit_log
from ltrr_cli.evaluation.impression_log import from_files, from_index
from ltrr_cli.evaluation.notes import Notes
from ltrr_cli.evaluation.ope_bandit import evaluate_bandit
from ltrr_cli.evaluation.ope_index import evaluate_index

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ltrr_cli.evaluation.ope_records import Evaluated


def evaluate_log(
    logs: Sequence[str],
    notes: Notes,
    *,
    index: Path | None = None,
    policies: Sequence[str] = (),
    rankers: Sequence[str] = (),
    clip: float = CLIP,
    seed: int = 0,
    progress: Callable[[int], None] = lambda _: None,
) -> Evaluated:
    """Judge policies and rankers on `logs`: one index, one bandit log, or UBI files and folders that ltrr wrote.

    Settings and learned state are those of the index that is the log, else of `index`; UBI files without one are read
    with default settings. Without policies and rankers: live and equal for an index (equal and prior without one),
    uniform for a bandit log.

    Raises:
        UsageError: the logs are of different kinds, or a name is unknown.
        EvaluationError: a log cannot be read or used.
    """
    kinds = {log: _kind(log, Notes()) for log in logs}
    found = set(kinds.values())
    if len(found) > 1 or (found != {"ubi"} and len(logs) > 1):
        listed = ", ".join(f"{log} ({_KINDS[kind]})" for log, kind in kinds.items())
        raise UsageError(f"these cannot be evaluated together: {listed}", next="name one log at a time")
    (kind,) = found
    if kind in {"vw", "obd"}:
        if rankers:
            raise UsageError("--ranker needs the pages that ltrr shows", next="leave it out for a bandit log")
        log = read_bandit_log(logs[0], notes)
        return evaluate_bandit(log, policies or ("uniform",), notes, clip=clip, seed=seed, progress=progress)
    if kind == "index":
        index = Path(logs[0])
    if index is None:
        notes.add(
            "default_settings", "no index given: default rewards, budget and strategies; UBI files", count=len(logs)
        )
        rounds = from_files(logs, Config(), notes)
        chosen = policies or (() if rankers else ("equal", "prior"))
        return evaluate_index(
            rounds, Config(), None, policies=chosen, rankers=rankers, clip=clip, seed=seed, progress=progress
        )
    from ltrr_cli.engine.opened import Opened

    opened = Opened(index)
    try:
        config = opened.config
        rounds = from_index(index, config, notes) if kind == "index" else from_files(logs, config, notes)
        return evaluate_index(
            rounds,
            config,
            opened.learned,
            policies=policies or (() if rankers else ("live", "equal")),
            rankers=rankers,
            clip=clip,
            seed=seed,
            progress=progress,
        )
    finally:
        opened.close()


_KINDS = {"index": "an index", "ubi": "UBI", "vw": "Vowpal Wabbit", "obd": "Open Bandit"}


def _kind(log: str, notes: Notes) -> str:
    if log == "-":
        raise UsageError("a log is read twice, so it cannot come from stdin", next="write it to a file")
    path = Path(log)
    if path.is_dir():
        return "index" if (path / "manifest.json").is_file() else "ubi"
    return kind_of(log, notes)
