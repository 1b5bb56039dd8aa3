"""The door: under which name a user is known in an index."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ltrr_cli.config import parse_config, read_config
from ltrr_cli.engine.fold import Logs
from ltrr_cli.feedback.people import user_of
from ltrr_cli.index.pseudonyms import Pseudonyms, is_pseudonym, open_pseudonyms

if TYPE_CHECKING:
    from pathlib import Path


def pseudonyms_of(root: Path, *, wanted: bool | None = None) -> Pseudonyms | None:
    """Return what hashes users at the door of an index, None where they are logged as they are given.

    `wanted` stands for the setting `hash_users`, before it is written. Raises `ConfigError`, see `open_pseudonyms`.
    """
    hashed = read_config(root).hash_users if wanted is None else wanted
    return open_pseudonyms(root, wanted=hashed, in_the_clear=lambda: _in_the_clear(Logs(root)))


def check_users(root: Path, text: str) -> None:
    """Raise `ConfigError` where settings with this text would begin, or end, to hash users who were logged before."""
    import tomllib

    pseudonyms_of(root, wanted=parse_config(tomllib.loads(text)).hash_users)


def _in_the_clear(logs: Logs) -> bool:
    """Tell whether any line names a user by his own id."""
    return any(
        (user := user_of(row)) and not is_pseudonym(user)
        for log in (logs.queries, logs.events)
        for _, row in log.replay()
    )
