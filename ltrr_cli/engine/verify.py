"""Verifying an index: every byte that the manifest covers, every line of the logs, and whether all of it fits together.

It reads, and writes nothing into the index; others may go on searching, recording and publishing.
"""

from __future__ import annotations

import json
import os
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from ltrr_cli.config import NAME as CONFIG
from ltrr_cli.config import read_config
from ltrr_cli.encoder import encoder_digest, encoder_folder
from ltrr_cli.engine.fold import Logs
from ltrr_cli.engine.same import differing
from ltrr_cli.engine.state import follow, new_state, open_state
from ltrr_cli.errors import ConfigError, EncoderError, IndexDirectoryError, NewerFormatError
from ltrr_cli.feedback.check import Checked, check
from ltrr_cli.feedback.impressions import Impressions
from ltrr_cli.feedback.log import Position
from ltrr_cli.index.checks import TRUTH, contradictions, damaged_files
from ltrr_cli.index.files import read_npz
from ltrr_cli.index.locks import share
from ltrr_cli.index.manifest import NAME, Live, Manifest, read_manifest
from ltrr_cli.index.pseudonyms import NAME as KEY
from ltrr_cli.index.pseudonyms import key_damage
from ltrr_cli.index.view import View

if TYPE_CHECKING:
    from collections.abc import Callable

    from ltrr_cli.config import Config
    from ltrr_cli.engine.state import State
    from ltrr_cli.feedback.check import Flaw
    from ltrr_cli.feedback.log import Log

REPAIR = "ltrr index repair"
BUILD = "build the index again from its catalogue; its logs are kept"
_TRIES = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Damage:
    """What is wrong with `path` (relative to the index), and the `remedy`: what makes it whole again."""

    path: str
    what: str
    remedy: str


@dataclass(slots=True, kw_only=True)
class Verified:
    """What was looked at, and found: `damage`, and `notes` on what is odd and harms nothing."""

    deep: bool
    files: int = 0
    bytes: int = 0
    lines: int = 0
    damage: list[Damage] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def sound(self) -> bool:
        """Whether nothing is damaged."""
        return not self.damage

    def add(self, path: str, what: str, remedy: str) -> None:
        """Note damage."""
        self.damage.append(Damage(path=path, what=what, remedy=remedy))


def verify(
    root: Path, *, deep: bool = False, progress: Callable[[str, int, int | None], None] = lambda *_: None
) -> Verified:
    """Compare every file and every log line with its checksum; `deep` looks into them too, and folds the logs again.

    Raises `IndexDirectoryError` where there is no index, or one of a newer format.
    """
    found = Verified(deep=deep)
    with ExitStack() as held:
        manifest = _manifest(root, found, held)
        if manifest is not None:
            _encoder(root, manifest, found)
            total = sum(len(live.files) for live in (*manifest.segments, manifest.learned))
            for live in manifest.segments:
                _directory(root, "segments", live, found, lambda more: progress("files", more, total))
            _directory(root, "learned", manifest.learned, found, lambda more: progress("files", more, total))
            _before(root, manifest, found)
        _config(root, found)
        if what := key_damage(root):
            found.add(KEY, what, "copy it from a backup: without it nobody's past can be found again")
        _logs(root, found)
        if manifest is not None and deep:
            _deep(root, manifest, found)
    return found


def _manifest(root: Path, found: Verified, held: ExitStack) -> Manifest | None:
    """Read the manifest and keep what it names from being collected; a publisher may be quicker, then read again."""
    for _ in range(_TRIES):
        try:
            content = (root / NAME).read_bytes()
            manifest = read_manifest(root)
        except NewerFormatError:
            raise
        except (IndexDirectoryError, OSError) as error:
            if not (root / NAME).exists():
                raise IndexDirectoryError(
                    "no index here", where=str(root), next="make one with: ltrr index build CATALOG --index DIR.ltrr"
                ) from None
            found.add(NAME, getattr(error, "what", str(error)), BUILD)
            return None
        wanted = [root / "segments" / live.name for live in manifest.segments]
        wanted.append(root / "learned" / manifest.learned.name)
        handles = [share(path) for path in wanted if path.is_dir()]
        for handle in handles:
            if handle is not None:
                held.callback(os.close, handle)
        with suppress(OSError):
            if (root / NAME).read_bytes() == content:
                found.files += 1
                found.bytes += len(content)
                if content == manifest.encode(checked=False):
                    found.notes.append("the manifest has no checksum: an older ltrr wrote it; the next write adds one")
                elif content != manifest.encode():
                    found.add(NAME, "has other content than was written", BUILD)
                return manifest
    raise IndexDirectoryError("the index changes faster than it can be verified", where=str(root), next="try again")


def _encoder(root: Path, manifest: Manifest, found: Verified) -> None:
    folder = root / "encoder" / manifest.encoder
    path = f"encoder/{manifest.encoder}"
    try:
        same = encoder_digest(folder) == manifest.encoder
        what = "has other content than was copied"
    except EncoderError as error:
        same, what = False, error.what
    files = [path for path in folder.rglob("*") if path.is_file()] if folder.is_dir() else []
    found.files += len(files)
    found.bytes += sum(file.stat().st_size for file in files)
    if not same:
        own = encoder_digest(encoder_folder(None)) == manifest.encoder
        found.add(path, what, REPAIR if own else "copy the encoder back, or build the index again with --encoder DIR")


def _directory(root: Path, parent: str, live: Live, found: Verified, progress: Callable[[int], None]) -> None:
    """Compare the files of one live directory with the manifest."""
    directory, path = root / parent / live.name, f"{parent}/{live.name}"
    if not directory.is_dir():
        found.add(path, "is missing", BUILD if parent == "segments" else REPAIR)
        return
    for name, what in damaged_files(directory, live):
        lost = parent == "segments" and name in TRUTH
        found.add(f"{path}/{name}", what, f"copy it from a backup, or {BUILD}" if lost else REPAIR)
    found.files += len(live.files)
    found.bytes += sum(size for size, _ in live.files.values())
    progress(len(live.files))


def _before(root: Path, manifest: Manifest, found: Verified) -> None:
    """Compare what only a rollback would read: damage there harms no answer."""
    if manifest.earlier is None:
        return
    alive = {live.name for live in manifest.segments}
    for live in manifest.earlier.segments:
        directory = root / "segments" / live.name
        if live.name not in alive and (not directory.is_dir() or list(damaged_files(directory, live))):
            found.notes.append(f"segments/{live.name}, of the generation before, is damaged: do not roll back")


def _config(root: Path, found: Verified) -> None:
    try:
        read_config(root)
    except ConfigError as error:
        found.add(CONFIG, error.what, error.next or "correct it, or delete it to have the defaults")


def _logs(root: Path, found: Verified) -> None:
    logs = Logs(root)
    for log in (logs.queries, logs.events, logs.control):
        checked = Checked()
        cancelled = 0
        for flaw in check(log, checked):
            cancelled += flaw.kind == "cancelled"
            _flaw(flaw, found)
        if cancelled:
            found.notes.append(f"log/{log.name}: {cancelled:,} lines hold nothing: torn by a crash, or given up")
        _gaps(log, found)
        found.files += len(log.paths())
        found.lines += checked.lines
        found.bytes += checked.bytes


def _flaw(flaw: Flaw, found: Verified) -> None:
    path = f"log/{flaw.path.name}"
    if flaw.kind == "damaged":
        found.add(f"{path}:{flaw.number}", "a damaged line", f"{REPAIR} (what the line held may be lost)")
    elif flaw.kind == "torn":
        found.notes.append(f"{path}:{flaw.number}: the last line is torn, its writer died before it was acknowledged")


def _gaps(log: Log, found: Verified) -> None:
    numbers = [int(path.stem.rpartition("-")[2]) for path in log.paths()]
    for before, after in pairwise(numbers):
        if after != before + 1:
            found.add(f"log/{log.name}-{before + 1:06d}.jsonl", "is missing", "copy it from a backup")


def _deep(root: Path, manifest: Manifest, found: Verified) -> None:
    """Look whether what is whole fits together."""
    broken = {damage.path.split("/")[1] for damage in found.damage if damage.path.startswith("segments/")}
    for live in manifest.segments:
        if live.name in broken:
            continue
        try:
            for what in contradictions(root / "segments" / live.name, live):
                found.add(f"segments/{live.name}", what, REPAIR)
        except (IndexDirectoryError, ValueError, IndexError, OSError) as error:
            found.add(f"segments/{live.name}", getattr(error, "what", str(error)), REPAIR)
    if any(damage.path.startswith(("learned/", "segments/", "log/", CONFIG)) for damage in found.damage):
        found.notes.append("the learned state was not compared with the logs: repair what is damaged first")
        return
    _refold(root, manifest, found)


def _refold(root: Path, manifest: Manifest, found: Verified) -> None:
    """Compare the learned state, caught up with the logs, with what the logs alone give."""
    config, logs = read_config(root), Logs(root)
    path = f"learned/{manifest.learned.name}"
    snapshot = root / path
    state = open_state(root, manifest, config, logs)
    if state.snapshot is None and _cut(logs, snapshot):
        found.add("log", "is shorter than what was learned from it", f"copy the log from a backup, or {REPAIR}")
        return
    if state.snapshot is None:
        found.notes.append(f"{path} stands on other settings or an older format: it is learned anew when opened")
        return
    with TemporaryDirectory(prefix="ltrr-") as folder:
        view = View(root, manifest.segments)
        live, again = _caught_up(state, new_state(config, logs), config, logs)
        written = []
        for name, one in (("live", live), ("again", again)):
            written.append(Path(folder, name))
            written[-1].mkdir()
            one.learned.write(written[-1], one.snapshot, view.rows_of)
        for name in differing(*written):
            found.add(f"{path}/{name}", "is not what the logs give", REPAIR)


def _cut(logs: Logs, snapshot: Path) -> bool:
    """Tell whether the logs no longer hold all that the snapshot was learned from."""
    try:
        state = json.loads((snapshot / "state.json").read_bytes())
        reached = Impressions.load(logs.queries, read_npz(snapshot / "impressions.npz")).reached
        events, control = Position(*state["events_at"]), Position(*state["control_at"])
    except (KeyError, TypeError, ValueError):  # of an older format
        return False
    return not (logs.events.holds(events) and logs.control.holds(control) and logs.queries.holds(reached))


def _caught_up(one: State, other: State, config: Config, logs: Logs) -> tuple[State, State]:
    """Let both follow the logs to the same place, while others may be appending."""
    for _ in range(_TRIES):
        one, _ = follow(one, config, logs)
        other, _ = follow(other, config, logs)
        if one.learned.events_at == other.learned.events_at and one.learned.control_at == other.learned.control_at:
            return one, other
    raise IndexDirectoryError("the logs grow faster than they can be learned", next="try again when less is recorded")
