"""`ltrr config`, `ltrr doctor`, and --color."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from tests.cli.conftest import Ltrr, Open


def test_show_says_where_values_come_from(ltrr: Ltrr, index: Path) -> None:
    """The default, the file, a variable: each is named."""
    assert ltrr("config", "set", "noise", "0.02", "-i", index).code == 0
    rows = {row["name"]: row for row in ltrr("config", "show", "--json", "-i", index, LTRR_EPSILON="0.5").json}
    assert (rows["noise"]["value"], rows["noise"]["source"]) == (0.02, str(index / "ltrr.toml"))
    assert (rows["epsilon"]["value"], rows["epsilon"]["source"]) == (0.5, "LTRR_EPSILON")
    assert rows["candidates"]["source"] == "default"
    out = ltrr("config", "show", "--changed", "-i", index).out
    assert "query.noise" in out
    assert "candidates" not in out


def test_set_refuses_and_keeps_the_file(ltrr: Ltrr, index: Path) -> None:
    """Unknown settings, and values out of range, are wrong calls, and change nothing; a broken file is an error."""
    before = (index / "ltrr.toml").read_bytes()
    for name, value in (
        ("nope", "1"),
        ("noise", "-1"),
        ("noise", "loud"),
        ("holdout", "2"),
        ("keep_days", "-1"),
        ("epsilon", "nan"),
    ):
        assert ltrr("config", "set", name, value, "-i", index).code == 2
    assert (index / "ltrr.toml").read_bytes() == before
    assert ltrr("config", "set", "rewards.skip", "-0.3", "-i", index).code == 0
    (index / "ltrr.toml").write_text("[query")
    assert ltrr("config", "set", "noise", "0.1", "-i", index).code == 1


def test_a_setting_has_its_effect(ltrr: Ltrr, index: Path) -> None:
    """Strategies that were set are those that run; --timeout comes before the variable and the file."""
    ltrr("config", "set", "strategies.use", "lexical,memory", "-i", index)
    row = ltrr("query", "love", "--json", "--explain", "-i", index).json
    assert {arm["name"] for arm in row["arms"]} <= {"lexical", "memory"}


def test_check(ltrr: Ltrr, index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All can be used, or what cannot."""
    assert "all can be used" in ltrr("config", "check", "-i", index).out
    done = ltrr("config", "check", "-i", index, LTRR_NOISE="loud")
    assert done.code == 1
    assert "LTRR_NOISE" in done.err
    monkeypatch.delenv("LTRR_NOISE")
    (index / "ltrr.toml").write_text('[strategies]\nuse = ["nope"]\n')
    done = ltrr("config", "check", "-i", index)
    assert done.code == 1
    assert "nope" in done.err


def test_check_looks_at_how_users_were_logged(ltrr: Ltrr, index: Path) -> None:
    """Users in the clear, and hash_users: no query would be answered, and the check says so; it makes no key."""
    assert ltrr("config", "set", "hash_users", "true", "-i", index).code == 0
    assert ltrr("config", "check", "-i", index).code == 0
    assert not (index / "users.key").exists()
    assert ltrr("config", "set", "hash_users", "false", "-i", index).code == 0
    assert ltrr("query", "love", "--user", "jo", "-i", index).code == 0
    (index / "ltrr.toml").write_text("[log]\nhash_users = true\n")
    done = ltrr("config", "check", "-i", index)
    assert done.code == 1
    assert "in the clear" in done.err
    assert ltrr("doctor", "--quick", "-i", index).code == 1


def test_a_lost_key_is_told(ltrr: Ltrr, index: Path) -> None:
    """A search without a user answers; who is named is refused, and what looks at the index says why."""
    assert ltrr("config", "set", "hash_users", "true", "-i", index).code == 0
    assert ltrr("query", "love", "--user", "jo", "-i", index).code == 0
    (index / "users.key").unlink()
    assert ltrr("query", "love", "-i", index).code == 0
    for words in (("query", "love", "--user", "jo"), ("config", "check"), ("doctor", "--quick")):
        done = ltrr(*words, "-i", index)
        assert done.code == 1
        assert "the key of users is lost" in done.out + done.err


def test_doctor(ltrr: Ltrr, index: Path, tmp_path: Path) -> None:
    """One screen; nothing is logged; what is missing is said; a named index that is none is wrong."""
    out = ltrr("doctor", "-i", index, LTRR_TYPO="1").out
    assert len(out.splitlines()) <= 24
    assert "40 entities, 1 segment" in out
    assert "short texts a second" in out
    assert "nothing was learned yet" in out
    assert "LTRR_TYPO is set, and means nothing" in out
    row = ltrr("doctor", "--quick", "--json", "-i", index).json
    assert row["wrong"] == []
    assert row["facts"]["learned"].startswith("0 impressions, 0 events")
    assert ltrr("doctor", "--quick", "-i", tmp_path / "no.ltrr").code == 1
    assert ltrr("doctor", "--quick").code == 0


def test_color(process: Ltrr, terminal: Open, built: Path) -> None:
    """Always colours a pipe, never keeps a terminal plain; anything else is a usage error."""
    query = ("query", "love", "--no-log", "-i", built)
    assert "\x1b[" not in process(*query).out
    assert "\x1b[" in process("--color", "always", *query, NO_COLOR="1").out
    opened = terminal("--color", "never", *query)
    opened.until("ms\n")
    assert not re.search(r"\x1b\[[0-9;]*3[0-9]", opened.raw)
    assert process("--color", "red", *query).code == 2
