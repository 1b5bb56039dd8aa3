"""Flags over the environment over the index over the defaults; what may come from outside, and what may not."""

from __future__ import annotations

import math
import tomllib
from typing import TYPE_CHECKING

import pytest

from ltrr_cli.config import Config, default_toml, parse_config
from ltrr_cli.errors import ConfigError, UsageError
from ltrr_cli.settings import ANSWERING, effective, set_line, settings

if TYPE_CHECKING:
    from pathlib import Path


def test_precedence(tmp_path: Path) -> None:
    """Each level wins over those below it, and is named as the source."""
    (tmp_path / "ltrr.toml").write_text("[query]\nnoise = 0.1\nepsilon = 0.2\npopularity = 2\n")
    found = {one.name: one for one in settings(tmp_path, {"noise": 0.5}, {"LTRR_NOISE": "0.4", "LTRR_EPSILON": "0.3"})}
    assert (found["noise"].value, found["noise"].source) == (0.5, "flag")
    assert (found["epsilon"].value, found["epsilon"].source) == (0.3, "LTRR_EPSILON")
    assert (found["popularity"].value, found["popularity"].source) == (2.0, str(tmp_path / "ltrr.toml"))
    assert (found["timeout_ms"].value, found["timeout_ms"].source) == (5000.0, "default")


def test_only_answering_may_come_from_outside() -> None:
    """No such setting changes what the log teaches; others are refused, and values are checked."""
    before = Config().learning_digest()
    for name in ANSWERING:
        assert effective(Config(), {name: 1.0}, {}).learning_digest() == before
    with pytest.raises(ConfigError, match="candidates cannot be set for a single run"):
        effective(Config(), {"candidates": 5}, {})
    assert effective(Config(), None, {"LTRR_CANDIDATES": "5"}) == Config()
    for value in ("nan", "x", "-1"):
        with pytest.raises(ConfigError, match="LTRR_NOISE"):
            effective(Config(), None, {"LTRR_NOISE": value})
    with pytest.raises(UsageError, match="expected a number"):
        effective(Config(), {"timeout_ms": math.nan}, {})


@pytest.mark.parametrize(
    ("name", "value", "section", "key", "read"),
    [
        ("noise", "0.02", "query", "noise", 0.02),
        ("learning.hindsight", "true", "learning", "hindsight", True),
        ("rewards.click", "0.5", "rewards", "click", 0.5),
        ("rewards.add note", "0.1", "rewards", "add note", 0.1),
        ("like", "1.0", "rewards", "like", 1.0),
        ("strategies.use", "lexical,memory", "strategies", "use", ["lexical", "memory"]),
    ],
)
def test_set(name: str, value: str, section: str, key: str, read: object, tmp_path: Path) -> None:
    """A line is replaced or added; nothing else of the file changes, and setting twice leaves one line."""
    path = tmp_path / "ltrr.toml"
    path.write_text("# mine\n" + default_toml())
    path.write_text(set_line(tmp_path, name, value))
    once = path.read_text()
    assert tomllib.loads(once)[section][key] == read
    path.write_text(set_line(tmp_path, name, value))
    assert path.read_text() == once
    assert once.startswith("# mine\n")
    changed = [line for line in once.splitlines() if line not in default_toml().splitlines()]
    assert len(changed) <= 2
    parse_config(tomllib.loads(once))


@pytest.mark.parametrize(
    ("name", "value"), [("nope", "1"), ("noise", "x"), ("noise", "-1"), ("query.nope", "1"), ("noise", "1\n[x]")]
)
def test_set_refuses(name: str, value: str, tmp_path: Path) -> None:
    """Unknown names, and values that are none or out of range, leave the file as it is."""
    (tmp_path / "ltrr.toml").write_text(default_toml())
    with pytest.raises(UsageError):
        set_line(tmp_path, name, value)
