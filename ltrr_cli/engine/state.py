"""The learned state together with what it stands on: the snapshot it was opened from, and the impressions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from zipfile import BadZipFile

import numpy as np

from ltrr_cli.engine.learned import Learned
from ltrr_cli.errors import IndexDirectoryError
from ltrr_cli.feedback.impressions import Impressions
from ltrr_cli.feedback.log import Position

if TYPE_CHECKING:
    from pathlib import Path

    from ltrr_cli.config import Config
    from ltrr_cli.engine.fold import Logs
    from ltrr_cli.index.manifest import Manifest


@dataclass(frozen=True, slots=True)
class State:
    """`snapshot` is the directory of which `learned` holds the continuation; None where it was learned from nothing."""

    learned: Learned
    impressions: Impressions
    snapshot: Path | None


def new_state(config: Config, logs: Logs) -> State:
    """Return the state before anything was learned; catching up with the logs makes it whole."""
    return State(Learned(config), Impressions(logs.queries), None)


def open_state(root: Path, manifest: Manifest, config: Config, logs: Logs) -> State:
    """Open the live snapshot; where it does not stand on these settings and logs, start anew, to fold the logs again.

    Raises `IndexDirectoryError` if it is damaged.
    """
    snapshot = root / "learned" / manifest.learned.name
    learned = Learned.open(snapshot, config)
    impressions = _impressions(logs, snapshot)
    whole = (
        logs.events.holds(learned.events_at)
        and logs.control.holds(learned.control_at)
        and logs.queries.holds(impressions.reached)
    )
    if not whole or learned.digest != config.learning_digest():
        return new_state(config, logs)
    return State(learned, impressions, snapshot)


def _impressions(logs: Logs, snapshot: Path) -> Impressions:
    """Open the impressions with the snapshot's table of positions."""
    try:
        with np.load(snapshot / "impressions.npz", allow_pickle=False) as table:
            start = Position(*table["start"].tolist())
            return Impressions(
                logs.queries, hashes=table["hashes"], files=table["files"], offsets=table["offsets"], start=start
            )
    except (OSError, ValueError, KeyError, EOFError, BadZipFile) as error:
        raise IndexDirectoryError(
            f"the learned state cannot be opened: {error}",
            where=str(snapshot),
            next="make it again from the logs with: ltrr learn --rebuild",
        ) from error
