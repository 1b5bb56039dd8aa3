"""The learned state together with what it stands on: the snapshot it was opened from, and the impressions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ltrr_cli.engine.fold import catch_up
from ltrr_cli.engine.learned import Learned
from ltrr_cli.errors import IndexDirectoryError
from ltrr_cli.feedback.impressions import Impressions
from ltrr_cli.index.files import read_npz

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ltrr_cli.config import Config
    from ltrr_cli.engine.fold import Logs, Written
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
    """Open the live snapshot.

    Where it is of an older format, or does not stand on these settings and logs, start anew, to fold the logs again.
    Raises `IndexDirectoryError` if it is damaged.
    """
    snapshot = root / "learned" / manifest.learned.name
    learned = Learned.open(snapshot, config)
    if learned is None:
        return new_state(config, logs)
    impressions = _impressions(logs, snapshot)
    whole = (
        logs.events.holds(learned.events_at)
        and logs.control.holds(learned.control_at)
        and logs.queries.holds(impressions.reached)
    )
    if not whole or learned.digest != config.learning_digest():
        return new_state(config, logs)
    return State(learned, impressions, snapshot)


def follow(
    state: State,
    config: Config,
    logs: Logs,
    *,
    written: Written | None = None,
    progress: Callable[[int], None] | None = None,
) -> tuple[State, int]:
    """Catch up with the logs; returns the state, a new one where it took a new fold, and how many events were new.

    `progress` is told of every 1,000 events; `written` as in `catch_up`.
    """
    fresh = catch_up(state.learned, logs, state.impressions, written=written, progress=progress)
    if state.learned.outdated:
        state = _again(state, config, logs)
        fresh += catch_up(state.learned, logs, state.impressions, progress=progress)
    if state.learned.outdated:  # the snapshot itself holds what was taken back
        state = new_state(config, logs)
        fresh += catch_up(state.learned, logs, state.impressions, progress=progress)
    if state.learned.teaching.missed:
        state = new_state(config, logs)
        fresh += catch_up(state.learned, logs, state.impressions, progress=progress)
        # What is missed still was never made under these settings, so that no other fold has it either.
        state.learned.teaching.missed = False
    return state, fresh


def _again(state: State, config: Config, logs: Logs) -> State:
    """Return the state as its snapshot has it; without one, the state before anything was learned."""
    learned = None if state.snapshot is None else Learned.open(state.snapshot, config)
    if learned is None:
        return new_state(config, logs)
    return State(learned, state.impressions, state.snapshot)


def _impressions(logs: Logs, snapshot: Path) -> Impressions:
    """Open the impressions with the snapshot's table of positions."""
    try:
        return Impressions.load(logs.queries, read_npz(snapshot / "impressions.npz"))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise IndexDirectoryError(
            f"the learned state cannot be opened: {error}",
            where=str(snapshot),
            next="make it again from the logs with: ltrr learn --rebuild",
        ) from error
