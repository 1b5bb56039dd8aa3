"""Simulated users: click models against their own exact expectations, tastes, noise, and who searches."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ltrr_cli.errors import UsageError
from ltrr_cli.evaluation.users import Cascade, ClickModel, DependentClick, PositionBased, Users, click_model

PAGE = (0.3, 0.0, 1.0, 0.5, 0.25)
MODELS: tuple[ClickModel, ...] = (
    PositionBased(),
    PositionBased(eta=0.0),
    PositionBased(eta=2.0),
    Cascade(),
    DependentClick(),
    DependentClick(persistence=0.9),
    DependentClick(persistence=1.0),
)
every_model = pytest.mark.parametrize("model", MODELS, ids=repr)
pages = st.lists(st.floats(0, 1), max_size=12)


def test_examination_by_hand() -> None:
    """Each model's examination of a page is what its definition gives on paper."""
    page = (0.5, 0.2, 1.0, 0.4)
    assert PositionBased().examination(page) == pytest.approx([1, 1 / 2, 1 / 3, 1 / 4])
    assert PositionBased(eta=2.0).examination(page) == pytest.approx([1, 1 / 4, 1 / 9, 1 / 16])
    assert Cascade().examination(page) == pytest.approx([1, 0.5, 0.4, 0])
    assert DependentClick(persistence=0.5).examination(page) == pytest.approx([1, 0.75, 0.675, 0.3375])


def test_expected_clicks_by_hand() -> None:
    """Expected clicks are the sum of examination times attraction."""
    page = (0.5, 0.2, 1.0)
    assert PositionBased().expected(page) == pytest.approx(0.5 + 0.1 + 1 / 3)
    assert Cascade().expected(page) == pytest.approx(1.0)
    assert DependentClick(persistence=0.5).expected(page) == pytest.approx(0.5 + 0.15 + 0.675)


@every_model
def test_simulated_pages_agree_with_the_exact_probabilities(model: ClickModel) -> None:
    """Over 50,000 pages each place is clicked as often as examination times attraction says, within 4.5 deviations."""
    rng, views = np.random.default_rng(7), 50_000
    counts = np.zeros(len(PAGE))
    for _ in range(views):
        counts[model.clicks(PAGE, rng)] += 1
    exact = np.array(model.examination(PAGE)) * PAGE
    deviation = np.sqrt(exact * (1 - exact) / views)
    assert np.all(np.abs(counts / views - exact) <= 4.5 * deviation + 1e-12)
    assert counts.sum() / views == pytest.approx(model.expected(PAGE), abs=0.02)


@every_model
@given(page=pages, seed=st.integers(0, 2**32))
@settings(max_examples=60)
def test_every_model_keeps_the_contract(model: ClickModel, page: list[float], seed: int) -> None:
    """Clicks are ascending places of positive attraction; examination is a probability, and the first place has 1."""
    clicked = model.clicks(page, np.random.default_rng(seed))
    assert clicked == sorted(set(clicked))
    assert all(0 <= place < len(page) and page[place] > 0 for place in clicked)
    examination = model.examination(page)
    assert len(examination) == len(page)
    assert all(0 <= chance <= 1 for chance in examination)
    assert examination[:1] in ([], [1.0])
    assert 0 <= model.expected(page) <= sum(page) + 1e-9
    assert clicked == model.clicks(page, np.random.default_rng(seed))


@given(page=pages, seed=st.integers(0, 2**32))
def test_the_cascade_is_the_first_click_of_a_patient_reader(page: list[float], seed: int) -> None:
    """Under one seed the cascade clicks the first place that a reader who never stops clicks."""
    patient = DependentClick(persistence=1.0).clicks(page, np.random.default_rng(seed))
    assert Cascade().clicks(page, np.random.default_rng(seed)) == patient[:1]


@every_model
@pytest.mark.parametrize("wrong", [-0.1, 1.1, float("nan"), float("inf")])
def test_an_attraction_is_a_probability(model: ClickModel, wrong: float) -> None:
    """What is no probability is an error, from clicks and from examination alike."""
    with pytest.raises(UsageError, match="place 1"):
        model.clicks([0.5, wrong], np.random.default_rng(0))
    with pytest.raises(UsageError, match="place 1"):
        model.examination([0.5, wrong])


def test_models_by_name() -> None:
    """The three names give the three models; another is an error that lists them."""
    assert click_model("position") == PositionBased(eta=1.0)
    assert click_model("cascade") == Cascade()
    assert click_model("dependent") == DependentClick(persistence=0.5)
    with pytest.raises(UsageError, match="position, cascade, dependent"):
        click_model("Cascade")


@pytest.mark.parametrize("value", [-0.01, 1.01, float("nan")])
def test_settings_have_ranges(value: float) -> None:
    """Settings out of range are refused."""
    with pytest.raises(UsageError, match="persistence"):
        DependentClick(persistence=value)
    with pytest.raises(UsageError, match="taste"):
        Users(3, taste=value, noise=0, seed=0)
    with pytest.raises(UsageError, match="noise"):
        Users(3, taste=0, noise=value, seed=0)


@pytest.mark.parametrize("eta", [-1.0, float("nan"), float("inf")])
def test_eta_has_a_range(eta: float) -> None:
    """The exponent of the position bias is finite and not negative."""
    with pytest.raises(UsageError, match="eta"):
        PositionBased(eta=eta)


@pytest.mark.parametrize(("count", "seed"), [(0, 0), (-3, 0), (1_000_001, 0), (5, -1)])
def test_the_number_of_users_and_the_seed_have_ranges(count: int, seed: int) -> None:
    """There is at least one user, at most a million, and no negative seed."""
    with pytest.raises(UsageError):
        Users(count, taste=0, noise=0, seed=seed)


def test_some_users_search_more_than_others() -> None:
    """Users are picked in proportion to 1, 1/2, 1/3 and so on."""
    users, rng = Users(4, taste=0, noise=0, seed=0), np.random.default_rng(1)
    counts = Counter(users.pick(rng) for _ in range(25_000))
    assert {user: round(count / 1000) for user, count in counts.items()} == {
        "u001": 12,
        "u002": 6,
        "u003": 4,
        "u004": 3,
    }


def test_user_ids_have_one_length() -> None:
    """Ids are as long as the last user's needs, so that they sort."""
    rng = np.random.default_rng(1)
    users = Users(12_345, taste=0, noise=0, seed=0)
    assert {len(users.pick(rng)) for _ in range(200)} == {6}
    assert {Users(1, taste=0, noise=0, seed=0).pick(rng) for _ in range(5)} == {"u001"}


def test_attraction_follows_the_grade() -> None:
    """Without taste and noise it is (2^g − 1) / (2^top − 1); grades outside 0 … top count as the nearest."""
    users = Users(3, taste=0, noise=0, seed=0)
    assert users.attraction("u001", ["a"] * 6, [-2, 0, 1, 2, 3, 9], 3) == pytest.approx([0, 0, 1 / 7, 3 / 7, 1, 1])


def test_noise_clicks_what_is_irrelevant() -> None:
    """An irrelevant result is clicked with probability `noise`, and one of grade 1 of 2 with .9 / 3 + .1."""
    users = Users(3, taste=1, noise=0.1, seed=0)
    assert users.attraction("u001", ["", "", ""], [0, 1, 2], 2) == pytest.approx([0.1, 0.4, 1.0])


@pytest.mark.parametrize("top", [0, -1])
def test_without_a_top_grade_all_is_noise(top: int) -> None:
    """When the best grade is 0 or less, nothing is relevant."""
    assert Users(3, taste=1, noise=0.2, seed=0).attraction("u001", ["a", "b"], [0, 5], top) == [0.2, 0.2]


def test_huge_grades_do_not_overflow() -> None:
    """2^5000 is no float, their ratio is."""
    users = Users(3, taste=0, noise=0, seed=0)
    assert users.attraction("u001", ["", "", ""], [1, 4999, 10**30], 5000) == [0.0, 0.5, 1.0]


def test_taste_lessens_what_a_user_does_not_like() -> None:
    """Relevant results keep their probability in liked groups, and 1 − taste of it in the others."""
    users = Users(3, taste=0.75, noise=0.0, seed=0)
    groups = [f"g{number}" for number in range(20)]
    expected = [1.0 if users.likes("u002", group) else 0.25 for group in groups]
    assert users.attraction("u002", groups, [1] * 20, 1) == expected
    assert set(expected) == {1.0, 0.25}


def test_users_like_about_half_of_the_groups_each_in_his_own_way() -> None:
    """Of 40,000 pairs of user and group half are liked; users differ, and so do seeds."""
    names = [f"u{number:03d}" for number in range(1, 201)]
    groups = [f"genre {number}" for number in range(200)]
    liked = {}
    for seed in (1, 2):
        users = Users(200, taste=1, noise=0, seed=seed)
        liked[seed] = np.array([[users.likes(name, group) for group in groups] for name in names])
    assert liked[1].mean() == pytest.approx(0.5, abs=0.012)
    assert np.all(np.abs(liked[1].mean(axis=0) - 0.5) < 0.18)
    assert np.all(np.abs(liked[1].mean(axis=1) - 0.5) < 0.18)
    assert (liked[1] == liked[2]).mean() == pytest.approx(0.5, abs=0.012)
    again = Users(5, taste=0, noise=0, seed=1)
    assert [again.likes("u001", group) for group in groups] == liked[1][0].tolist()


def test_groups_and_grades_belong_together() -> None:
    """Another number of groups than of grades is an error."""
    with pytest.raises(UsageError, match="2 groups for 1 grades"):
        Users(3, taste=0, noise=0, seed=0).attraction("u001", ["a", "b"], [1], 1)


@given(
    grades=st.lists(st.integers(-5, 50), max_size=8),
    top=st.integers(-2, 60),
    taste=st.floats(0, 1),
    noise=st.floats(0, 1),
)
def test_attractions_are_probabilities(grades: list[int], top: int, taste: float, noise: float) -> None:
    """Whatever the grades, the results are probabilities that a click model takes."""
    users = Users(2, taste=taste, noise=noise, seed=3)
    attraction = users.attraction("u001", [str(grade) for grade in grades], grades, top)
    assert all(noise - 1e-12 <= chance <= 1 for chance in attraction)
    assert len(Cascade().examination(attraction)) == len(grades)
