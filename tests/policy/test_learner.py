"""Versions of a learning policy, going back to one, and the file that keeps the state."""

from __future__ import annotations

import json
import pickle
from dataclasses import replace
from math import inf, nan
from typing import TYPE_CHECKING

import numpy as np
import pytest

from ltrr_cli.policy.base import Budget
from ltrr_cli.policy.credit import Credit, Pull, walk
from ltrr_cli.policy.learner import VERSION_EVERY, Learner
from ltrr_cli.policy.linear import LinUCB
from ltrr_cli.policy.model import MAX_FEATURES
from ltrr_cli.policy.thompson import ThompsonPolicy

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from ltrr_cli.policy.base import Policy, Selection

ARMS = ("a", "b", "c", "d", "e")


def _credit(number: int, time: float | None = None) -> Credit:
    rng = np.random.default_rng(number)
    ranks = {arm: int(rng.integers(0, 25)) for arm in ARMS}
    context = {"words": 0.2, ("left", "right")[number % 2]: 1.0, "b/success": 0.5}
    ran = {"a": 20, "b": 10, "c": 50}
    time = float(number) if time is None else time
    return walk(context, ranks, dict.fromkeys(ARMS, 50), ran, 0.5, rng, budget=100, time=time)


def _teach(policy: Learner, start: int, end: int) -> None:
    for number in range(start, end):
        policy.update(_credit(number))


def _choices(policy: Policy, arms: Sequence[str] = ARMS, count: int = 15) -> list[tuple[Selection, float]]:
    """Return what is selected, and with what propensity, without a time limit and with one."""
    budgets = (20, Budget(60, 9.0, {"a": 5.0, "b": 3.0, "c": 2.0}))
    contexts = ({"left": 1.0, "b/success": 0.9}, {"right": 1.0, "words": -0.3})
    return [
        (selection, selection.propensity)
        for seed in range(count)
        for selection in [policy.select(contexts[seed % 2], arms, budgets[seed % 2], np.random.default_rng(seed))]
    ]


def test_versions_change_only_every_so_many_credits() -> None:
    """Between two versions nothing changes: no selection, no known arm; the version that follows is another one."""
    policy = ThompsonPolicy(seed=2)
    for version in range(3):
        before, arms = _choices(policy), policy.arms
        _teach(policy, version * VERSION_EVERY, (version + 1) * VERSION_EVERY - 1)
        assert (policy.version, policy.arms) == (version, arms)
        assert _choices(policy) == before
        policy.update(_credit((version + 1) * VERSION_EVERY - 1))
        assert policy.version == version + 1
        assert policy.credits == (version + 1) * VERSION_EVERY
        assert sorted(policy.arms) == sorted(ARMS)
        assert _choices(policy) != before


@pytest.mark.parametrize("make", [ThompsonPolicy, LinUCB])
def test_going_back_is_a_new_version_of_what_was(make: type[Learner]) -> None:
    """With an earlier version's evidence the mean is as it was then, and learning goes on from there alone."""
    policy, straight = make(half_life=30.0), make(half_life=30.0)
    _teach(policy, 0, VERSION_EVERY)
    _teach(straight, 0, VERSION_EVERY)
    kept = policy.evidence()
    _teach(policy, 100, 100 + 2 * VERSION_EVERY + 5)
    policy.go_back(kept)
    assert policy.version == 4
    for arm in ARMS:
        assert np.array_equal(policy.sums.posterior(arm)[0], straight.sums.posterior(arm)[0])
    for one in (policy, straight):
        _teach(one, 50, 50 + VERSION_EVERY)
    for arm in ARMS:
        assert np.array_equal(policy.sums.posterior(arm)[0], straight.sums.posterior(arm)[0])


def test_evidence_is_a_copy() -> None:
    """What is kept does not change while the policy learns on."""
    policy = Learner()
    _teach(policy, 0, VERSION_EVERY)
    kept = policy.evidence()
    before = kept.a.copy(), list(kept.features.names), list(kept.arms.names)
    policy.update(replace(_credit(0), context={"new": 1.0}))
    _teach(policy, 0, VERSION_EVERY)
    assert np.array_equal(kept.a, before[0])
    assert (kept.features.names, kept.arms.names) == before[1:]


def test_reset_forgets_everything() -> None:
    """After it, and before 20 credits more, the policy is as one that has seen nothing, of a later version."""
    policy = ThompsonPolicy(half_life=7.0)
    nothing = policy.evidence()
    _teach(policy, 0, VERSION_EVERY + 5)
    assert not policy.untrained
    policy.go_back(nothing)
    assert (policy.version, policy.untrained, policy.arms, policy.sums.half_life) == (2, True, (), 7.0)
    assert _choices(policy) == _choices(ThompsonPolicy())
    _teach(policy, 0, VERSION_EVERY - 1)
    assert policy.untrained


def test_odd_pulls_by_hand() -> None:
    """Pulls without a finite reward or weight are left out; rewards count up to 1, weights up to 1,000."""

    def taught(*pulls: tuple[float, float]) -> Learner:
        policy = Learner()
        for reward, weight in pulls:
            pull = Pull(arm="a", bucket=0, before={}, reward=reward, hindsight=False, weight=weight)
            policy.update(Credit(context={}, pulls=(pull,)))
        for _ in range(VERSION_EVERY - len(pulls)):
            policy.update(Credit(context={}, pulls=()))
        return policy

    odd = taught((nan, 1.0), (inf, 1.0), (-inf, 1.0), (1.0, nan), (1.0, inf), (1.0, -1.0), (7.0, 1.0), (-7.0, 1e308))
    plain = taught((1.0, 1.0), (-1.0, 1000.0))
    assert np.array_equal(odd.sums.a, plain.sums.a)
    assert np.array_equal(odd.sums.b, plain.sums.b)
    assert odd.sums.pulled[0, 0] == plain.sums.pulled[0, 0] == 2


@pytest.mark.parametrize("odd", [nan, inf, -inf])
def test_an_odd_time_is_that_of_the_newest_credit(odd: float) -> None:
    """A credit without a usable time counts as one that came with the newest, whether that is in a version yet."""
    policy, straight = Learner(half_life=5.0), Learner(half_life=5.0)
    for number in range(3 * VERSION_EVERY):
        newest = 1000.0 + max((one for one in range(number) if one % 7 != 3), default=0)
        policy.update(_credit(number, odd if number % 7 == 3 else 1000.0 + number))
        straight.update(_credit(number, newest if number % 7 == 3 else 1000.0 + number))
    assert np.array_equal(policy.sums.a, straight.sums.a)
    assert policy.sums.time == straight.sums.time == 1058.0


@pytest.mark.parametrize("make", [ThompsonPolicy, LinUCB])
@pytest.mark.parametrize("used", [False, True])
def test_save_and_load(make: type[ThompsonPolicy | LinUCB], used: bool, tmp_path: Path) -> None:
    """What is loaded, between versions too, by a new policy or a used one, selects and goes on learning alike."""
    policy, again = make(half_life=40.0), make(half_life=40.0)
    _teach(policy, 0, 3 * VERSION_EVERY + 7)
    if used:
        _teach(again, 500, 500 + 4 * VERSION_EVERY)
        _choices(again)
    policy.save(tmp_path / "policy.npz")
    again.load(tmp_path / "policy.npz")
    assert (again.credits, again.version, again.arms) == (policy.credits, policy.version, policy.arms)
    assert _choices(again) == _choices(policy)
    for one in (policy, again):
        _teach(one, 100, 100 + 2 * VERSION_EVERY)
    assert _choices(again) == _choices(policy)


def test_odd_names_are_kept(tmp_path: Path) -> None:
    """Arms and features of any name, pending credits with values that JSON does not know: all comes back."""
    policy = Learner()
    names = ("", "新", "a/b", "a\0b", "\ud800", "'\"\\\n")
    pulls = tuple(Pull(arm=name, bucket=1, before={"\ud800": 5}, reward=0.25, hindsight=True) for name in names)
    for _ in range(VERSION_EVERY + 3):
        policy.update(Credit(context={**dict.fromkeys(names, 0.5), "n": nan, "i": -inf}, pulls=pulls, time=5e-324))
    policy.save(tmp_path / "policy.npz")
    again = Learner()
    again.load(tmp_path / "policy.npz")
    assert again.arms == names
    assert again.sums.features.names == policy.sums.features.names
    assert repr(again._pending) == repr(policy._pending)
    assert np.array_equal(again.sums.a, policy.sums.a)
    assert np.array_equal(again.sums.looked, policy.sums.looked)


def test_an_untrained_policy_can_be_saved(tmp_path: Path) -> None:
    """A policy that has seen nothing, not even an arm, comes back as it was."""
    ThompsonPolicy().save(tmp_path / "policy.npz")
    again = ThompsonPolicy()
    again.load(tmp_path / "policy.npz")
    assert (again.version, again.untrained, again.sums.time) == (0, True, -inf)
    assert _choices(again) == _choices(ThompsonPolicy())


def test_a_full_state_is_small(tmp_path: Path) -> None:
    """Ten arms, all 40 features in every credit: at most 4 MB on the disk, and the same selections when loaded."""
    policy = ThompsonPolicy()
    rng = np.random.default_rng(0)
    arms = [f"arm{number}" for number in range(10)]
    for _ in range(10 * VERSION_EVERY):
        context = {f"feature{number}": float(rng.uniform(-1, 1)) for number in range(40)}
        context |= {f"{arm}/{own}": float(rng.random()) for arm in arms for own in ("success", "tried", "results")}
        ranks = {arm: int(rng.integers(0, 30)) for arm in arms}
        policy.update(walk(context, ranks, dict.fromkeys(arms, 100), {}, 0.5, rng, budget=1000))
    policy.save(tmp_path / "policy.npz")
    assert np.count_nonzero(policy.sums.a) > 10 * 6 * (1 + 40 + 3 + 9) ** 2 * 0.9
    assert (tmp_path / "policy.npz").stat().st_size <= 4e6
    again = ThompsonPolicy()
    again.load(tmp_path / "policy.npz")
    assert _choices(again, arms, 6) == _choices(policy, arms, 6)


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    """Return the file of a small policy, with pending credits."""
    policy = Learner()
    _teach(policy, 0, VERSION_EVERY + 2)
    policy.save(tmp_path / "policy.npz")
    return tmp_path / "policy.npz"


def test_damaged_files_are_refused(saved: Path) -> None:
    """Cut short or with flipped bits: a ValueError, and the policy as before; or no byte that is read has changed."""
    data = saved.read_bytes()
    whole = Learner()
    whole.load(saved)
    rng = np.random.default_rng(0)
    places = [*range(0, 60, 2), *range(len(data) - 300, len(data), 4), *rng.integers(0, len(data), 80).tolist()]
    damaged = [data[:place] for place in (*range(0, 30, 3), *places[30::5])]
    damaged += [data[:place] + bytes([data[place] ^ int(rng.integers(1, 256))]) + data[place + 1 :] for place in places]
    refused = 0
    for bad in damaged:
        saved.write_bytes(bad)
        policy = Learner()
        try:
            policy.load(saved)
        except ValueError:
            refused += 1
            assert (policy.version, policy.credits, policy._pending, len(policy.sums.a)) == (0, 0, [], 0)
        else:  # zip files hold dates and attributes as well
            assert np.array_equal(policy.sums.a, whole.sums.a)
            assert np.array_equal(policy.sums.b, whole.sums.b)
            assert (policy._pending, policy.version, policy.arms) == (whole._pending, whole.version, whole.arms)
    assert refused > 0.6 * len(damaged)


def test_other_files_are_refused(saved: Path) -> None:
    """Other arrays, other contents, no archive at all: a ValueError that names the file or the flaw."""
    with np.load(saved) as file:
        arrays = {name: file[name] for name in file.files}
    state = json.loads(arrays["state"].tobytes())
    text = json.dumps
    wrong: tuple[object, ...] = (7, ["x"], [{}], None)

    def says(content: str) -> dict[str, np.ndarray]:
        return {**arrays, "state": np.frombuffer(content.encode("utf-8", "surrogatepass"), np.uint8)}

    others: list[dict[str, np.ndarray]] = [
        {"x": np.zeros(3)},
        *[{name: array for name, array in arrays.items() if name != left} for left in arrays],
        *[{**arrays, name: np.zeros(7)} for name in arrays],
        says("not JSON"),
        says("\ud800"),
        says("[" * 10_000),
        says("[]"),
        *[says(text({name: value for name, value in state.items() if name != left})) for left in state],
        *[says(text({**state, name: odd})) for name in ("arms", "pending") for odd in wrong],
        says(text({**state, "version": "x"})),
        says(text({**state, "features": [str(number) for number in range(MAX_FEATURES + 1)]})),
    ]
    for arrays_of in others:
        np.savez(saved, allow_pickle=False, **arrays_of)
        with pytest.raises(ValueError, match=r".+"):
            Learner().load(saved)
    for content in (b"", b"x", pickle.dumps([1]), arrays["b"].tobytes()):
        saved.write_bytes(content)
        with pytest.raises(ValueError, match=r"policy\.npz is damaged"):
            Learner().load(saved)
    with pytest.raises(FileNotFoundError):
        Learner().load(saved.with_name("missing.npz"))


def test_another_format_is_refused(saved: Path) -> None:
    """A state of a later format version is a ValueError that says so."""
    with np.load(saved) as file:
        arrays = {name: file[name] for name in file.files}
    state = json.loads(arrays["state"].tobytes())
    arrays["state"] = np.frombuffer(json.dumps({**state, "format_version": 3}).encode(), np.uint8)
    np.savez(saved, allow_pickle=False, **arrays)
    with pytest.raises(ValueError, match=r"policy\.npz has format version 3, this ltrr reads 2"):
        Learner().load(saved)
