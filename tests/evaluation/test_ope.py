"""Off-policy evaluation: our own log, rankers on its pages, and other bandits' logs."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from ltrr_cli.config import Config
from ltrr_cli.engine import Engine
from ltrr_cli.engine.opened import Opened
from ltrr_cli.engine.requests import make_request
from ltrr_cli.errors import EvaluationError, UsageError
from ltrr_cli.evaluation.bandit_logs import read_bandit_log
from ltrr_cli.evaluation.impression_log import Page, from_files, from_index
from ltrr_cli.evaluation.notes import Notes
from ltrr_cli.evaluation.ope import evaluate_log
from ltrr_cli.evaluation.ope_bandit import evaluate_bandit
from ltrr_cli.evaluation.ope_index import evaluate_index, policy_of
from ltrr_cli.evaluation.ope_ranking import new_places, rerank
from ltrr_cli.evaluation.ope_summary import of_ope
from ltrr_cli.policy.base import equal_split
from ltrr_cli.ranking.linear import LinearRanker
from ltrr_cli.records import Query

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ltrr_cli.records import Answer

ENCODER = Path(__file__).parents[1] / "fixtures" / "tiny-encoder"
DATA = Path(os.environ.get("LTRR_DATA") or Path(__file__).parents[3] / "shared" / "data") / "obd"
WORDS = ("love", "rain", "summer", "night", "train", "home", "river", "gold", "winter", "dance")
CONFIG = Config(epsilon=0.5)
START = 1_700_000_000.0


@dataclass(frozen=True, kw_only=True)
class World:
    """An index, the answers that it logged, the rewards they got, and the arms that each query had."""

    path: Path
    answers: Sequence[Answer]
    rewards: Sequence[float]
    arms: Sequence[tuple[str, ...]]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    """Return an index with 150 logged answers, a third of them clicked."""
    folder = tmp_path_factory.mktemp("ope")
    entities = [
        {
            "id": f"e{number:02d}",
            "title": f"{WORDS[number % 10]} {WORDS[(number * 7 + 3) % 10]}",
            "popularity": 100 - number,
            "genres": ["pop" if number % 2 else "rock"],
        }
        for number in range(40)
    ]
    catalog = folder / "songs.jsonl"
    catalog.write_text("".join(json.dumps(one) + "\n" for one in entities))
    path = folder / "songs.ltrr"
    Engine.build(catalog, path, encoder=str(ENCODER))
    (path / "ltrr.toml").write_text("[query]\nepsilon = 0.5\n")  # so that the equal split is in the log
    queries = [*WORDS, "love rock", "pop rain", "zzz", "rock", "night train home"]
    answers, rewards, arms = [], [], []
    with Engine.open(path) as engine:
        opened = Opened(path)
        for number in range(150):
            text, now = queries[number % len(queries)], START + 60 * number
            opened.catch_up()
            request = make_request(opened, Query(id="q", text=text, time=now))
            arms.append(tuple(arm.name for arm in opened.strategies if arm.applies(request)))
            answer = engine.search(text, k=5, seed=number, now=now)
            answers.append(answer)
            rewards.append(0.0)
            if number % 3 == 0 and answer.results:
                place = number % len(answer.results)
                engine.record(answer.query_id, answer.results[place].id, "click", now=now + 5)
                rewards[-1] = 0.3
                if number % 2:
                    engine.record(answer.query_id, answer.results[0].id, "like", now=now + 6)
                    rewards[-1] = 0.8
        engine.search("love", k=5, now=START + 9600, explore=False)
        engine.search("love", k=5, now=START + 9601, depths={"lexical": 10})
        opened.close()
    return World(path=path, answers=answers, rewards=rewards, arms=arms)


def test_the_rounds_of_our_own_log(world: World) -> None:
    """Every answer of the policy is a round with its selection, propensity and highest reward; others are counted."""
    notes = Notes()
    rounds = from_index(world.path, CONFIG, notes)
    assert [one.reward for one in rounds] == world.rewards
    for one, answer in zip(rounds, world.answers, strict=True):
        assert one.selection == {(arm.name, arm.depth) for arm in answer.trace.arms}
        assert one.propensity == pytest.approx(answer.trace.propensity, rel=1e-5)
        assert (one.page is not None) == (one.reward > 0)
    assert notes.counts == {"mode_no-explore": 1, "mode_fixed": 1}


def test_available_arms_are_logged(world: World) -> None:
    """A round has the arms that the query had, whether they ran or not."""
    rounds = from_index(world.path, CONFIG, Notes())
    assert [one.arms for one in rounds] == list(world.arms)
    assert len(set(world.arms)) >= 3  # the queries do differ
    assert any(len(one.selection) < len(one.arms) for one in rounds)
    assert evaluate_index(rounds, CONFIG, None, policies=["equal"]).warnings == ()


def test_ubi_files_hold_the_same(world: World) -> None:
    """The log's files, read as UBI, give the rounds that the index gives."""
    assert from_files([world.path / "log"], CONFIG, Notes()) == from_index(world.path, CONFIG, Notes())


def test_estimates_by_hand(world: World) -> None:
    """The equal split's IPS is the mean of reward / propensity over the rounds that selected just that."""
    rounds = from_index(world.path, CONFIG, Notes())
    result = evaluate_index(rounds, CONFIG, None, policies=["equal", "logged"])
    assert [target.name for target in result.targets] == ["logged", "equal"]
    same = [
        {arm.name: arm.depth for arm in answer.trace.arms} == equal_split(arms, 120)
        for answer, arms in zip(world.answers, world.arms, strict=True)
    ]
    terms = [
        reward * match / answer.trace.propensity
        for reward, match, answer in zip(world.rewards, same, world.answers, strict=True)
    ]
    assert 10 < sum(same) < 150
    equal = result.targets[1].valuation
    assert equal["ips"].value == pytest.approx(np.mean(terms), rel=1e-4)
    assert equal.supported == pytest.approx(np.mean(same))
    assert equal["dr"].value != pytest.approx(equal["direct"].value, abs=1e-6)
    assert result.targets[0].valuation["ips"].value == pytest.approx(np.mean(world.rewards))
    assert result.rewarded == sum(reward > 0 for reward in world.rewards)


def test_the_untrained_policy_is_the_one_that_logged(world: World) -> None:
    """While nothing is learned, the prior's probability of each selection is the propensity that was logged."""
    rounds = [one for one in from_index(world.path, CONFIG, Notes()) if one.version == 0]
    assert len(rounds) >= 20
    found = evaluate_index(rounds, CONFIG, None, policies=["prior"]).targets[1].valuation
    assert (found.mean_weight, found.max_weight) == pytest.approx((1, 1), rel=1e-4)
    assert found["ips"].value == pytest.approx(np.mean([one.reward for one in rounds]), rel=1e-4)


def test_a_changed_budget_is_noticed(world: World) -> None:
    """With another budget than the logged one the propensities do not fit, and that is said."""
    rounds = from_index(world.path, CONFIG, Notes())
    (warning,) = evaluate_index(rounds, Config(candidates=60, epsilon=0.5), None, policies=["equal"]).warnings
    assert "have changed since" in warning


def test_a_policy_that_never_ran_has_no_support(world: World) -> None:
    """A selection that the log does not hold gives no estimate, and warnings that say why."""
    result = evaluate_log([str(world.path)], Notes(), policies=["fixed:lexical:7,semantic:3", "fixed:memory:99"])
    for target in result.targets[1:]:
        assert target.valuation.supported == 0
        assert len(target.valuation.warnings) == 4


def test_defaults_and_the_live_policy(world: World) -> None:
    """An index is judged by its live policy and the equal split; rankers alone by rankers alone."""
    result = evaluate_log([str(world.path)], Notes())
    assert [target.name for target in result.targets] == ["logged", "live", "equal"]
    result = evaluate_log([str(world.path)], Notes(), rankers=["live", "prior"])
    assert [target.name for target in result.targets] == ["logged"]
    assert [one.name for one in result.rankers] == ["logged", "live", "prior"]
    assert result.rankers[1].normal == result.rankers[2].normal  # none was trained
    assert [section.heading for section in of_ope(result)] == ["Policy logged", "Rankers, on the pages that were shown"]


def test_ubi_files_without_an_index(world: World) -> None:
    """They are judged with default settings, which is noted; what needs an index says so."""
    notes, log = Notes(), str(world.path / "log")
    assert [target.name for target in evaluate_log([log], notes).targets] == ["logged", "equal", "prior"]
    assert "default_settings" in notes.counts
    with pytest.raises(UsageError, match="live needs an index"):
        evaluate_log([log], Notes(), policies=["live"])
    with pytest.raises(UsageError, match="live needs an index"):
        evaluate_log([log], Notes(), rankers=["live"])
    assert evaluate_log([log], Notes(), index=world.path, policies=["live"]).rounds == 150


PAGE = Page(
    rewards=(0.0, 0.5, 0.0, 1.0),
    names=("title.same", "unknown"),
    values=((0.1, 9.0), (0.9, 9.0), (0.1, 9.0), (0.5, 9.0)),
    reserved=0,
)


def test_rankers_by_hand() -> None:
    """0.5 moves from 2 to 1: ×2; 1 moves from 4 to 2: ×2, cut at 1.5; a page without reward counts 0."""
    ranker = LinearRanker({"title.same": 1.0})
    assert new_places(PAGE, ranker) == [3, 1, 4, 2]
    logged, new = rerank([PAGE, None], [("new", ranker)], clip=10, seed=0)
    assert logged.normal.value == pytest.approx((0.5 + 1.0) / 2)
    assert new.normal.value == pytest.approx((0.5 * 2 + 1.0 * 2) / 2)
    assert (logged.moved, new.moved, new.cut) == (0, 1, 0)
    assert "only 2 rewarded" in new.warnings[0]
    cut = list(rerank([PAGE, None], [("new", ranker)], clip=1.5, seed=0))[1]
    assert cut.normal.value == pytest.approx((0.5 * 1.5 + 1.0 * 1.5) / 2)
    assert cut.cut == 1


def test_a_reserved_slot_stays() -> None:
    """What was kept for exploration is not the ranker's to move."""
    page = Page(rewards=PAGE.rewards, names=PAGE.names, values=PAGE.values, reserved=4)
    assert new_places(page, LinearRanker({"title.same": 1.0})) == [2, 1, 3, 4]
    assert new_places(page, LinearRanker({"title.same": -1.0})) == [1, 3, 2, 4]
    assert new_places(PAGE, LinearRanker({})) == [1, 2, 3, 4]


@pytest.mark.parametrize(
    "name",
    ["", "best", "fixed:", "fixed:lexical", "fixed:lexical:0", "fixed:lexical:101", "fixed:nobody:5", "single:x"],
)
def test_what_is_no_policy(name: str) -> None:
    """Unknown policies and arms are errors of usage that say what there is."""
    with pytest.raises(UsageError) as caught:
        policy_of(name, CONFIG, None)
    assert caught.value.next


def test_what_is_no_ranker(world: World) -> None:
    """Unknown rankers, and a challenger where none is kept, are errors of usage."""
    for name, said in (("best", "no ranker 'best'"), ("challenger", "kept aside")):
        with pytest.raises(UsageError, match=said):
            evaluate_log([str(world.path)], Notes(), rankers=[name])


def test_logs_that_cannot_be_used(world: World, tmp_path: Path) -> None:
    """Kinds that do not go together, a log without propensities, standard input: each is one clear error."""
    vw = tmp_path / "log.vw"
    vw.write_text("1:0:0.5 | a\n")
    plain = tmp_path / "plain.jsonl"
    plain.write_text('{"query": "love", "entity_id": "e01", "ts": "2024-01-01T00:00:00Z"}\n')
    other = tmp_path / "other.vw"
    other.write_text("1:0:0.5 | a\n")
    for logs in ([vw, other], [vw, plain], [world.path, vw]):
        with pytest.raises(UsageError, match="together"):
            evaluate_log([str(log) for log in logs], Notes())
    with pytest.raises(EvaluationError, match="no impressions with propensities"):
        evaluate_log([str(plain)], Notes())
    with pytest.raises(UsageError, match="stdin"):
        evaluate_log(["-"], Notes())
    with pytest.raises(UsageError, match="bandit log"):
        evaluate_log([str(vw)], Notes(), rankers=["prior"])
    with pytest.raises(EvaluationError, match="no file"):
        evaluate_log([str(tmp_path / "none")], Notes())


def _logs(folder: Path) -> tuple[Path, Path]:
    """Return a log of a uniform policy over three actions in two positions, and one of a policy that prefers "2"."""
    rng = np.random.default_rng(0)
    paths = []
    for name, chances in (("uniform", (1 / 3, 1 / 3, 1 / 3)), ("good", (0.1, 0.8, 0.1))):
        lines = ["item_id,position,click,propensity_score,user_feature_0"]
        for number in range(4000):
            item = int(rng.choice(3, p=chances))
            click = int(rng.random() < (0.1, 0.5, 0.2)[item])
            lines.append(f"{item + 1},{number % 2},{click},{chances[item]},{'ab'[number % 2]}")
        paths.append(folder / f"{name}.csv")
        paths[-1].write_text("\n".join(lines) + "\n")
    return paths[0], paths[1]


def test_policies_on_a_bandit_log(tmp_path: Path) -> None:
    """Uniform, single actions and the other log's policy are estimated near what they earn; none is warned of."""
    uniform, good = _logs(tmp_path)
    log = read_bandit_log(uniform, Notes())
    names = ["uniform", "action:2", "action:1", f"log:{good}"]
    result = evaluate_bandit(log, [*names, "logged", "uniform"], Notes())
    assert [target.name for target in result.targets] == ["logged", *names]
    truths = [0.8 / 3, 0.8 / 3, 0.5, 0.1, 0.1 * 0.1 + 0.8 * 0.5 + 0.1 * 0.2]
    for target, truth in zip(result.targets, truths, strict=True):
        for estimate in target.valuation.estimates:
            assert estimate.value == pytest.approx(truth, abs=0.04), (target.name, estimate.method)
        assert target.valuation.warnings == ()
    own = result.targets[-1].own
    assert own is not None
    assert own.value == pytest.approx(0.43, abs=0.03)
    held = result.targets[0].valuation["ips"]
    assert held.span == (0, 1)


def test_the_narrow_log_does_not_support_the_rest(tmp_path: Path) -> None:
    """An action that a log never takes in a place cannot be judged there: the weights say so."""
    path = tmp_path / "log.csv"
    rows = [f"{1 + number % 2 * (number % 4 // 2)},{number % 2},1,0.5" for number in range(400)]
    path.write_text("item_id,position,click,propensity_score\n" + "\n".join(rows) + "\n")
    log = read_bandit_log(path, Notes())
    found = evaluate_bandit(log, ["uniform", "action:2"], Notes()).targets
    assert found[2].valuation.supported == pytest.approx(0.25)
    assert any("instead of 1" in warning for warning in found[2].valuation.warnings)


@pytest.mark.parametrize("name", ["", "live", "action:", "action:9", "log:"])
def test_what_is_no_policy_of_a_bandit_log(tmp_path: Path, name: str) -> None:
    """Policies of other kinds of log, and unknown actions, are errors of usage that say what there is."""
    path = tmp_path / "log.vw"
    path.write_text("1:0:0.5 | a\n2:1:0.5 | b\n")
    with pytest.raises(UsageError) as caught:
        evaluate_bandit(read_bandit_log(path, Notes()), [name], Notes())
    assert caught.value.next


@pytest.mark.skipif(not DATA.is_dir(), reason="the data sets are not here: set LTRR_DATA to their folder")
@pytest.mark.parametrize("campaign", ["men", "women"])
def test_open_bandit(campaign: str) -> None:
    """From the random log, the Bernoulli TS policy's click rate is estimated within what both logs allow."""
    log = read_bandit_log(DATA / f"random_{campaign}_{campaign}.csv.zst", Notes())
    other = DATA / f"bts_{campaign}_{campaign}.csv.zst"
    found = evaluate_bandit(log, [f"log:{other}"], Notes()).targets[1]
    assert found.own is not None
    assert found.valuation.warnings == ()
    assert found.valuation.effective > 2000
    for method in ("ips", "snips", "dr"):
        interval = found.valuation[method].bootstrap
        assert interval.low < found.own.value < interval.high
