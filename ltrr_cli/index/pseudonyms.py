"""Pseudonyms: a user's id, hashed with a key before anything is written or looked up (HMAC-SHA-256, RFC 2104).

Who has the logs and not the key cannot tell who is meant, nor try ids until one fits. The key is made on first use and
kept in the index's `users.key`, 0600, or else given by `LTRR_USER_KEY`: then the file only knows it again. Without the
key nobody, the index's owner included, can say whose a line is.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import re
import secrets
from typing import TYPE_CHECKING

from ltrr_cli.errors import ConfigError
from ltrr_cli.index.files import replace_file
from ltrr_cli.index.locks import exclusive

if TYPE_CHECKING:
    from collections.abc import Callable
    from collections.abc import Set as AbstractSet
    from pathlib import Path

NAME = "users.key"
VARIABLE = "LTRR_USER_KEY"
FORMAT_VERSION = 1
_LEAST = 16
"""Characters of a key from outside at least."""
_LOST = "copy it from a backup: without it nobody's past can be found again"
_PSEUDONYM = re.compile(r"h:[0-9a-f]{32}", re.ASCII)


class Pseudonyms:
    """Gives each user the same pseudonym every time: `h:` and 32 hex digits (128 bits)."""

    def __init__(self, key: str) -> None:
        self._key = key.encode("utf-8", "surrogatepass")
        self.check = self._digest(NAME)

    def of(self, user: str) -> str:
        """Return the pseudonym; nobody stays nobody, and what is a pseudonym already stays one.

        So a log that was exported can be ingested again, and a pseudonym that was seen can be looked up.
        """
        if not user or is_pseudonym(user):
            return user
        return f"h:{self._digest(f'user {user}')}"

    def _digest(self, text: str) -> str:
        return hmac.digest(self._key, text.encode("utf-8", "surrogatepass"), hashlib.sha256).hex()[:32]


def is_pseudonym(user: str) -> bool:
    """Tell whether an id has the form of a pseudonym."""
    return _PSEUDONYM.fullmatch(user) is not None


class LostKey(Pseudonyms):
    """Stands for a key that is gone: whoever has a pseudonym, or is nobody, needs none; anybody else is refused."""

    def __init__(self, path: Path) -> None:
        super().__init__("")
        self._path = path

    def of(self, user: str) -> str:
        """Return nobody and a pseudonym as they are; raises `ConfigError` for anybody else."""
        if user and not is_pseudonym(user):
            raise ConfigError(
                "the key of users is lost: with another one everybody would be a stranger",
                where=str(self._path),
                next=f"copy it from a backup; or give it as {VARIABLE}, where any other key begins anew",
            )
        return user


def open_pseudonyms(
    root: Path, *, wanted: bool, kinds: Callable[[], AbstractSet[bool]], make: bool = True
) -> Pseudonyms | None:
    """Return what hashes the users of the index at `root`, None where that is not `wanted`; makes a key on first use.

    `kinds` tells of the users whom the logs name: True for pseudonyms, False for ids in the clear. A key that was made
    gives way to the variable's while nobody is hashed. Without `make` nothing is written. Raises `ConfigError` where
    hashing now begins, or ends, although users were logged the other way, and for a key that is damaged or another
    one; where the file is missing but was used, see `LostKey`.
    """
    path = root / NAME
    if not wanted:
        if path.exists():
            raise ConfigError(
                "users of this index are hashed, and hash_users is off: everybody would be a stranger",
                where=str(path),
                next="ltrr config set hash_users true; or delete this file, if nobody's past shall be known again",
            )
        return None
    given = os.environ.get(VARIABLE, "")
    if given and len(given) < _LEAST:
        raise ConfigError(f"a key has at least {_LEAST} characters", where=VARIABLE)
    if not path.exists():
        found = kinds()
        if False in found:
            raise ConfigError(
                "the logs name users in the clear: with hash_users everybody would be a stranger",
                where=str(root / "log"),
                next="turn it off; or, while it is off, ltrr feedback export > log.jsonl, build another index, "
                "ltrr config set hash_users true there, and ingest log.jsonl into that",
            )
        if True in found and not given:
            return LostKey(path)
        if not make or not os.access(root, os.W_OK):
            return Pseudonyms(given or secrets.token_hex(32))  # nothing is known of anybody, nor will be
        _make(root, given)
    elif given and make and _own_key(path, given) and not kinds():
        _make(root, given, replace=True)
    return _read(path, given)


def key_damage(root: Path) -> str:
    """Return what is wrong with the key's file of an index, "" where nothing is, or there is none."""
    path = root / NAME
    try:
        key, check = _content(path)
    except FileNotFoundError:
        return ""
    except (OSError, ConfigError) as error:
        return getattr(error, "what", str(error))
    return "" if not key or Pseudonyms(key).check == check else "the key of users is damaged"


def _make(root: Path, given: str, *, replace: bool = False) -> None:
    """Write the file, unless another process was quicker; `replace` one with a key of its own that nobody uses."""
    path = root / NAME
    with exclusive(root / "locks" / "users"):
        if not path.exists() or (replace and _own_key(path, given)):
            key = given or secrets.token_hex(32)
            content = _encode("" if given else key, Pseudonyms(key).check)
            replace_file(path, content, mode=0o600)


def _own_key(path: Path, given: str) -> bool:
    """Tell whether the file has a key of its own, and another one than is given."""
    try:
        key, check = _content(path)
    except OSError:
        return False
    return bool(key) and check != Pseudonyms(given).check


def _encode(key: str, check: str) -> bytes:
    row = {"format_version": FORMAT_VERSION, **({"key": key} if key else {}), "check": check}
    return json.dumps(row).encode() + b"\n"


def _content(path: Path) -> tuple[str, str]:
    """Return the key, "" where it is kept elsewhere, and what checks keys; `ConfigError` where it is damaged."""
    content = path.read_bytes()
    try:
        row = json.loads(content)
        key, check, version = str(row.get("key", "")), str(row["check"]), row["format_version"]
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        key, check, version = "", "", FORMAT_VERSION
    if isinstance(version, int) and version > FORMAT_VERSION:
        raise ConfigError(f"the key of users has format version {version}", where=str(path), next="update ltrr")
    if content != _encode(key, check):
        raise ConfigError("the key of users is damaged", where=str(path), next=_LOST)
    return key, check


def _read(path: Path, given: str) -> Pseudonyms:
    try:
        key, check = _content(path)
    except OSError as error:
        raise ConfigError(f"the key of users cannot be read: {error.strerror}", where=str(path)) from error
    if not given and not key:
        raise ConfigError("users are hashed with a key that is kept elsewhere", where=str(path), next=f"set {VARIABLE}")
    found = Pseudonyms(given or key)
    if found.check != check and given:
        raise ConfigError("this is not the key of this index", where=VARIABLE, next=f"see {path}")
    if found.check != check:
        raise ConfigError("the key of users is damaged", where=str(path), next=_LOST)
    return found
