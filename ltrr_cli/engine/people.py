"""The door: under which name a user is known in an index."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ltrr_cli.config import parse_config, read_config
from ltrr_cli.engine.fold import Logs
from ltrr_cli.feedback.people import user_of
from ltrr_cli.index.pseudonyms import Pseudonyms, is_pseudonym, open_pseudonyms

if TYPE_CHECKING:
    from pathlib import Path


def pseudonyms_of(root: Path, *, wanted: bool | None = None, make: bool = True) -> Pseudonyms | None:
    """Return what hashes users at the door of an index, None where they are logged as they are given.

    `wanted` stands for the setting `hash_users`, before it is written. Raises `ConfigError`, see `open_pseudonyms`.
    """
    hashed = read_config(root).hash_users if wanted is None else wanted
    return open_pseudonyms(root, wanted=hashed, kinds=lambda: _kinds(Logs(root)), make=make)


def check_users(root: Path, text: str | None = None) -> None:
    """Raise `ConfigError` where users cannot be known again by the settings, or by settings with this text.

    That is where they would begin, or end, to hash users who were logged before, or the key is not there. Nothing is
    written.
    """
    import tomllib

    wanted = None if text is None else parse_config(tomllib.loads(text)).hash_users
    found = pseudonyms_of(root, wanted=wanted, make=False)
    if text is None and found is not None:
        found.of("anybody")


def _kinds(logs: Logs) -> set[bool]:
    """Tell how the lines name users: True by pseudonyms, False by their own ids."""
    return {
        is_pseudonym(user) for log in (logs.queries, logs.events) for _, row in log.replay() if (user := user_of(row))
    }
