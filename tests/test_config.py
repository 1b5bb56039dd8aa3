"""ltrr.toml: defaults, and errors that name the place."""

from __future__ import annotations

import re
import tomllib
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ltrr_cli.config import MAX_HOLDOUT, REWARDS, Config, default_toml, parse_config, read_config, with_holdout
from ltrr_cli.errors import ConfigError
from ltrr_cli.retrieval.base import BUILT_IN

if TYPE_CHECKING:
    from pathlib import Path


def test_a_missing_file_gives_the_defaults(tmp_path: Path) -> None:
    """An index without ltrr.toml, or with an empty one, has the default settings."""
    assert read_config(tmp_path) == Config()
    (tmp_path / "ltrr.toml").write_text("")
    assert read_config(tmp_path) == Config()
    assert Config().strategies == BUILT_IN


def test_the_default_file_changes_nothing() -> None:
    """The file that a new index gets is the defaults, as it is and with every line uncommented."""
    text = default_toml()
    uncommented = re.sub(r"^# (?=\w+ = )", "", text, flags=re.MULTILINE)
    table = tomllib.loads(uncommented)
    assert parse_config(tomllib.loads(text)) == Config()
    assert parse_config(table) == Config()
    assert table["rewards"] == dict(REWARDS)
    assert {name for section in table.values() for name in section} - set(REWARDS) - {"use"} == {
        name for name in Config.__dataclass_fields__ if name not in {"rewards", "strategies"}
    }


def test_every_setting_is_read() -> None:
    """Each setting reaches its field, in its type."""
    config = parse_config(
        tomllib.loads(
            """
            [query]
            candidates = 40
            epsilon = 0
            [learning]
            half_life_days = 2
            full_dwell_s = 10.5
            user_cap = 1
            train_every = 7
            checkpoint_every = 9.0
            holdout = 0.3
            hindsight = false
            [rewards]
            click = 1
            boo = -1
            [strategies]
            use = ["memory", "lexical", "memory"]
            """
        )
    )
    assert config == Config(
        candidates=40,
        epsilon=0.0,
        half_life_days=2.0,
        full_dwell_s=10.5,
        user_cap=1.0,
        train_every=7,
        checkpoint_every=9,
        holdout=0.3,
        hindsight=False,
        strategies=("memory", "lexical"),
        rewards={**REWARDS, "click": 1.0, "boo": -1.0},
    )
    assert isinstance(config.checkpoint_every, int)
    assert config.half_life_s == 172_800


@pytest.mark.parametrize(
    ("text", "place", "what"),
    [
        ("candidates = 3", "x.toml", "candidates is not a section"),
        ("[querry]", "x.toml, [querry]", "no such section"),
        ("[query]\ncandidate = 3", "x.toml, [query] candidate", "no such setting"),
        ("[query]\nhindsight = true", "x.toml, [query] hindsight", "no such setting"),
        ("[strategies]\nused = ['memory']", "x.toml, [strategies] used", "no such setting"),
        ("[strategies]\nuse = 'memory'", "x.toml, [strategies] use", "list of strategy names"),
        ("[strategies]\nuse = []", "x.toml, [strategies] use", "list of strategy names"),
        ("[strategies]\nuse = ['memory', 3]", "x.toml, [strategies] use", "list of strategy names"),
        ("[query]\ncandidates = 0", "x.toml, [query] candidates", "from 1 to 10000, not 0"),
        ("[query]\ncandidates = 10_001", "x.toml, [query] candidates", "from 1 to 10000, not 10001"),
        ("[query]\ncandidates = '3'", "x.toml, [query] candidates", "not '3'"),
        ("[query]\ncandidates = true", "x.toml, [query] candidates", "not True"),
        ("[query]\ncandidates = 1.5", "x.toml, [query] candidates", "whole number, not 1.5"),
        ("[query]\nepsilon = -0.1", "x.toml, [query] epsilon", "from 0 to 1"),
        ("[query]\nepsilon = nan", "x.toml, [query] epsilon", "not nan"),
        ("[learning]\nhalf_life_days = 0", "x.toml, [learning] half_life_days", "from 0.01"),
        ("[learning]\nhalf_life_days = inf", "x.toml, [learning] half_life_days", "not inf"),
        ("[learning]\nholdout = 0.95", "x.toml, [learning] holdout", "from 0 to 0.9, not 0.95"),
        ("[learning]\nhindsight = 1", "x.toml, [learning] hindsight", "true or false, not 1"),
        ("[rewards]\nclick = 1.1", "x.toml, [rewards] click", "from -1 to 1, not 1.1"),
        ("[rewards]\nclick = 'much'", "x.toml, [rewards] click", "not 'much'"),
        ("[rewards.click]\nworth = 1", "x.toml, [rewards] click", "expected a number"),
    ],
)
def test_errors_name_the_place(text: str, place: str, what: str) -> None:
    """What cannot be used is refused, naming file, section and setting."""
    with pytest.raises(ConfigError) as caught:
        parse_config(tomllib.loads(text), where="x.toml")
    assert caught.value.where == place
    assert what in caught.value.what


@pytest.mark.parametrize("content", [b"[query", b"a = \xff\xfe", b"a = " + b"[" * 100_000, b"\xef\xbb\xbf[query"])
def test_an_unreadable_file(tmp_path: Path, content: bytes) -> None:
    """A file that is not TOML is refused, naming it."""
    (tmp_path / "ltrr.toml").write_bytes(content)
    with pytest.raises(ConfigError, match=r"ltrr\.toml cannot be read") as caught:
        read_config(tmp_path)
    assert caught.value.where == str(tmp_path / "ltrr.toml")


def test_a_folder_in_place_of_the_file(tmp_path: Path) -> None:
    """A folder called ltrr.toml is an error, not a missing file."""
    (tmp_path / "ltrr.toml").mkdir()
    with pytest.raises(ConfigError, match="cannot be read"):
        read_config(tmp_path)


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
NAMES = st.sampled_from(["query", "learning", "rewards", "strategies", "candidates", "hindsight", "use", "x", ""])


@given(st.dictionaries(NAMES, SCALARS | st.dictionaries(NAMES, SCALARS | st.lists(SCALARS, max_size=3))))
def test_any_table(table: dict[str, Any]) -> None:
    """Any decoded table gives settings within their ranges, or a ConfigError."""
    try:
        config = parse_config(table)
    except ConfigError:
        return
    assert 1 <= config.candidates <= 10_000
    assert all(-1 <= worth <= 1 for worth in config.rewards.values())


def test_rewards_of_actions() -> None:
    """An unknown action is worth nothing; a short play counts in proportion, a play of unknown length in full."""
    config = Config()
    assert config.reward("click", 0) == 0.3
    assert config.reward("levitate", 5) == 0
    assert config.reward("play", 0) == 0.6
    assert config.reward("play", 15) == pytest.approx(0.3)
    assert config.reward("play", 31) == 0.6
    assert config.reward("click", 1) == 0.3
    assert config.reward("dislike", 0) == -0.5


def test_default_rewards_are_not_shared() -> None:
    """Changing one index's rewards leaves the defaults alone."""
    parse_config({"rewards": {"click": 0.0}})
    assert REWARDS["click"] == 0.3
    assert Config().rewards is not Config().rewards


CHANGES = (
    {"candidates": 1},
    {"half_life_days": 1.0},
    {"full_dwell_s": 1.0},
    {"user_cap": 1.0},
    {"holdout": 0.1},
    {"rewards": {"click": 1.0}},
)


@pytest.mark.parametrize("change", CHANGES)
def test_the_digest_changes_with_what_the_log_teaches(change: dict[str, Any]) -> None:
    """The digest tells settings that change the learned state; the order of rewards is none of them."""
    assert Config(**change).learning_digest() != Config().learning_digest()
    backwards = Config(rewards=dict(reversed(list(REWARDS.items()))))
    assert backwards.learning_digest() == Config().learning_digest()
    assert Config(epsilon=0.5).learning_digest() == Config().learning_digest()


def test_queries_are_held_out_by_their_words() -> None:
    """However a query is written it is held out or not, a share of all is, and a larger share keeps the smaller one."""
    texts = [f"query number {number}" for number in range(2000)]
    tenth, half = ({text for text in texts if Config(holdout=share).is_held_out(text)} for share in (0.1, 0.5))
    assert 150 < len(tenth) < 250
    assert 900 < len(half) < 1100
    assert tenth < half
    for text in texts[:50]:
        assert Config(holdout=0.5).is_held_out(f"  {text.upper()}! ") == (text in half)
    assert not any(Config().is_held_out(text) for text in texts)
    assert not any(Config(holdout=MAX_HOLDOUT).is_held_out(text) for text in ("", " ", "?!"))


EDITED = """# my settings
[query]
candidates = 40 # few

[learning]   # what it learns
{holdout}hindsight = false
[rewards]
holdout = 0.5
click = 1.0
"""


@pytest.mark.parametrize(
    ("there", "wanted"),
    [
        ("", "holdout = 0.25\n"),
        ("holdout = 0.1\n", "holdout = 0.25\n"),
        ("  holdout=0.1   # a note\n", "holdout = 0.25   # a note\n"),
        ("# holdout = 0.0\n", "holdout = 0.25\n"),
        ("# holdout = 0.0\nholdout = 0.3\n", "# holdout = 0.0\nholdout = 0.25\n"),
    ],
)
def test_a_holdout_is_written_into_the_settings(tmp_path: Path, there: str, wanted: str) -> None:
    """Only the line of the section [learning] changes, or is added: comments, edits and an action of that name stay."""
    (tmp_path / "ltrr.toml").write_text(EDITED.format(holdout=there))
    text = with_holdout(tmp_path, 0.25)
    assert text == EDITED.format(holdout=wanted)
    assert (tmp_path / "ltrr.toml").read_text() == EDITED.format(holdout=there)
    (tmp_path / "ltrr.toml").write_text(text)
    assert with_holdout(tmp_path, 0.25) == text
    assert read_config(tmp_path).holdout == 0.25
    assert read_config(tmp_path).rewards["holdout"] == 0.5


@pytest.mark.parametrize(
    "there",
    [
        None,
        "",
        "# nothing",
        "[query]\ncandidates = 3",
        "[ learning ]\nholdout = 0.1",
        "[learning]",
        "[learning]\r\nholdout = 0.1\r\nuser_cap = 2\r\n",
        "[query]\n[learning] # last",
        default_toml(),
    ],
)
@pytest.mark.parametrize("share", [0.0, 0.2, 1 / 3, 1e-5, MAX_HOLDOUT])
def test_a_holdout_in_any_file(tmp_path: Path, there: str | None, share: float) -> None:
    """Whatever the file looks like, afterwards it has that share, and all else is as it was."""
    if there is not None:
        (tmp_path / "ltrr.toml").write_bytes(there.encode())
    before = read_config(tmp_path)
    (tmp_path / "ltrr.toml").write_bytes(with_holdout(tmp_path, share).encode())
    after = read_config(tmp_path)
    assert after.holdout == pytest.approx(share, rel=1e-5)
    assert replace(after, holdout=before.holdout) == before


@pytest.mark.parametrize(
    "there",
    [
        "learning = {holdout = 0.1}",
        "learning.holdout = 0.1",
        '[learning]\n"hold\\u006fut" = 0.1',
        "[learning]\nholdout = 2",
        "[learning",
    ],
)
def test_a_holdout_that_cannot_be_written(tmp_path: Path, there: str) -> None:
    """A file that says it in another way, or cannot be read, is an error; nothing is guessed."""
    (tmp_path / "ltrr.toml").write_text(there)
    with pytest.raises(ConfigError) as caught:
        with_holdout(tmp_path, 0.3)
    assert "ltrr.toml" in caught.value.where
