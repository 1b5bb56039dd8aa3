"""Private indexes: whom the directory shuts out, every file and directory in it shuts out, now and later."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

import pytest

from ltrr_cli.engine import Engine

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(autouse=True)
def open_to_all() -> Iterator[None]:
    """Let new files be open to all, so that it is not the umask that makes them private."""
    before = os.umask(0)
    yield
    os.umask(before)


def _open_to_others(root: Path) -> list[str]:
    return [str(path) for path in (root, *root.rglob("*")) if stat.S_IMODE(path.lstat().st_mode) & 0o077]


def _use(root: Path) -> None:
    with Engine.open(root) as engine:
        answer = engine.search("love", user="ana", now=1.75e9, seed=1)
        engine.record(answer.query_id, answer.results[0].id, now=1.75e9 + 1)
        engine.learn(now=1.75e9 + 2)


def test_built_private(catalog: Path, encoder: str, tmp_path: Path) -> None:
    """All is 0700 and 0600, also what is searched, recorded, learned, added and forgotten later."""
    root = tmp_path / "songs.ltrr"
    Engine.build(catalog, root, encoder=encoder, private=True)
    assert stat.S_IMODE(root.stat().st_mode) == 0o700
    assert _open_to_others(root) == []
    _use(root)
    Engine.build(catalog, root, add=True)
    Engine.forget_user(root, "ana", now=1.75e9 + 3)
    Engine.relearn(root)
    assert _open_to_others(root) == []


def test_made_private_later(index: Path, catalog: Path) -> None:
    """An index that is there is closed by its next private build; others are left as they are."""
    _use(index)
    assert _open_to_others(index)
    Engine.build(catalog, index, private=True)
    _use(index)
    assert _open_to_others(index) == []
