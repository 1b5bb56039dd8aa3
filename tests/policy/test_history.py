"""What is remembered of each arm: how it did for a query, and how long it takes."""

from __future__ import annotations

from math import inf, log, nan
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ltrr_cli.policy.history import History
from ltrr_cli.policy.model import is_own

if TYPE_CHECKING:
    from pathlib import Path

ARMS = ("a", "b", "c")


def test_features_by_hand() -> None:
    """Success is the share of trials that had the entity, tried n / (n + 4), results logarithmic in the last hits."""
    history = History()
    history.learn("tax", {"a": 3, "b": 0}, {"a": 2, "b": 0, "c": 1})
    history.learn("tax", {"a": 9}, {})
    history.learn("tax", {"a": 5}, {"a": 4})
    assert history.features("tax", ARMS) == {
        "a/success": pytest.approx(2 / 3),
        "a/tried": pytest.approx(3 / 7),
        "a/results": pytest.approx(log(6) / log(101)),
        "b/success": 0.0,
        "b/tried": pytest.approx(1 / 5),
        "b/results": 0.0,
    }
    assert all(map(is_own, history.features("tax", ARMS)))


def test_what_never_ran_has_no_features() -> None:
    """Neither an arm that did not run for the query, nor another query, nor a name that only looks alike."""
    history = History()
    history.learn("tax law", {"a": 3}, {"a": 1, "b": 1})
    assert list(history.features("tax law", ARMS)) == ["a/success", "a/tried", "a/results"]
    assert history.features("tax", ARMS) == {}
    assert history.features("tax law", ("b", "c", "", "a\0tax")) == {}
    assert history.features("tax law", ()) == {}


@given(
    st.lists(
        st.tuples(
            st.dictionaries(st.sampled_from(ARMS), st.integers(0, 10**9), max_size=3),
            st.dictionaries(st.sampled_from(ARMS), st.integers(0, 200), max_size=3),
        ),
        max_size=12,
    )
)
def test_features_are_shares(learned: list[tuple[dict[str, int], dict[str, int]]]) -> None:
    """Whatever was learned, all of them are in [0, 1], three for each arm that ever ran."""
    history = History()
    for returned, ranks in learned:
        history.learn("q", returned, ranks)
    found = history.features("q", ARMS)
    assert len(found) == 3 * len({arm for returned, _ in learned for arm in returned})
    assert all(0 <= value <= 1 for value in found.values())


def test_times_by_hand() -> None:
    """An arm's mean time moves by a twentieth of the way to each new one; what is no time is passed over."""
    history = History()
    history.took("a", 10.0)
    assert history.times == {"a": 10.0}
    history.took("a", 30.0)
    assert history.times == {"a": pytest.approx(11.0)}
    for odd in (nan, inf, -inf, -1.0):
        history.took("a", odd)
        history.took("b", odd)
    assert history.times == {"a": pytest.approx(11.0)}


def test_it_survives_writing(tmp_path: Path) -> None:
    """What is opened gives the same features, learns on over what was written, and can be written again."""
    history = History()
    history.learn("tax", {"a": 3, "b": 0}, {"a": 2})
    history.learn("näh 😀", {"a": 7, "c": 1}, {"c": 1})
    history.took("a", 12.5)
    (tmp_path / "1").mkdir()
    (tmp_path / "2").mkdir()
    history.write(tmp_path / "1")
    again = History.open(tmp_path / "1", history.times)
    assert again.times == {"a": 12.5}
    for one in (history, again):
        assert one.features("tax", ARMS)["a/success"] == 1.0
        one.learn("tax", {"a": 8}, {})
        one.learn("law", {"b": 2}, {"b": 1})
    again.write(tmp_path / "2")
    last = History.open(tmp_path / "2", {})
    for query in ("tax", "näh 😀", "law", "other"):
        assert last.features(query, ARMS) == again.features(query, ARMS) == history.features(query, ARMS)
    assert last.features("tax", ARMS)["a/tried"] == pytest.approx(2 / 6)
    assert last.times == {}


def test_an_empty_history_survives_writing(tmp_path: Path) -> None:
    """Nothing learned is nothing opened."""
    History().write(tmp_path)
    assert History.open(tmp_path, {"a": 1.0}).features("tax", ARMS) == {}
