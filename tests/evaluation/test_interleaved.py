"""Verdicts from interleaved pages: by hand, from hostile logs, and with people who truly prefer one, or neither."""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from ltrr_cli.config import Config
from ltrr_cli.engine.fold import Logs
from ltrr_cli.estimators.preference import ALPHA, log_evidence, sign_test
from ltrr_cli.evaluation.interleaved import Verdict, verdicts
from ltrr_cli.evaluation.interleaved_summary import of_verdicts
from ltrr_cli.evaluation.notes import Notes
from ltrr_cli.evaluation.users import PositionBased
from ltrr_cli.feedback.ubi import event_to_ubi, impression_to_ubi
from ltrr_cli.ranking.draft import team_draft
from ltrr_cli.records import NO_TEAM, TEAM_A, Event, Impression, Interleaved, System, Trace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

DAY = 86400.0
MONDAY = 20_000 * DAY
LATER = MONDAY + 100 * DAY
SHOWN = ("e1", "e2", "e3", "e4", "e5")


class World:
    """The logs of an index that does not exist otherwise."""

    def __init__(self, root: Path) -> None:
        (root / "locks").mkdir()
        self.root = root
        self.logs = Logs(root)
        self.pages = 0

    def page(
        self,
        *clicks: str,
        a: str = "policy:live",
        b: str = "single:lexical",
        teams: str = "-abba",
        time: float = MONDAY,
        versions: tuple[int, int] = (0, 0),
        found: tuple[int, int] = (5, 5),
        action: str = "click",
        **who: str,
    ) -> None:
        """Show a page, and act on these of its entities."""
        self.pages += 1
        query_id = f"q{self.pages}"
        systems = [
            System(
                name=name,
                mode="fixed",
                policy_version=0,
                ranker_version=version,
                propensity=1.0,
                depths={},
                found=count,
            )
            for name, version, count in zip((a, b), versions, found, strict=True)
        ]
        trace = Trace(
            now=time,
            k=5,
            segments=(),
            learned="",
            policy_version=0,
            ranker_version=0,
            mode="interleaved",
            particle=-1,
            epsilon=0.0,
            explored=False,
            seed=0,
            context={},
            arms=(),
            propensity=1.0,
            pool_ids=(),
            pool={},
            feature_names=(),
            features=(),
            scores=(),
            interleaved=Interleaved(a=systems[0], b=systems[1], teams=tuple(teams)),
        )
        page = Impression(query_id=query_id, text="x", time=time, shown=SHOWN, trace=trace, **who)
        self.logs.queries.append([impression_to_ubi(page)])
        for number, entity_id in enumerate(clicks):
            event = Event(id=f"{query_id}-{number}", entity_id=entity_id, action=action, time=time, query_id=query_id)
            self.logs.events.append([event_to_ubi(event)])

    def judge(self, *only: str, now: float = LATER, notes: Notes | None = None) -> list[Verdict]:
        """Return the verdicts."""
        return verdicts(self.root, Config(), Notes() if notes is None else notes, now=now, only=only or None)


@pytest.fixture
def world(tmp_path: Path) -> World:
    """Return empty logs."""
    return World(tmp_path)


def test_by_hand(world: World) -> None:
    """Of six pages A wins two, B one; one is tied, and two say nothing: no click, or one on what both put first."""
    for clicks in (("e2",), ("e5", "e1"), ("e3",), ("e2", "e4"), (), ("e1",)):
        world.page(*clicks)
    (found,) = world.judge()
    assert (found.a, found.b) == ("policy:live", "single:lexical")
    assert (found.pages, found.acted, found.won, found.lost, found.tied) == (6, 4, 2, 1, 1)
    votes = found.preference
    assert (votes.wins, votes.losses, votes.ties, found.unsettled) == (2, 1, 1, 0)
    assert votes.delta.value == pytest.approx(2.5 / 4 - 0.5)


def test_credit_is_by_reward(world: World) -> None:
    """A purchase outweighs two clicks, a dislike is a point for the other, of one result's actions the best counts."""
    world.page("e3", "e4")
    world.logs.events.append([event_to_ubi(_event("e2", "purchase", "q1"))])
    world.page("e2", action="dislike")
    world.page("e2", "e3")
    world.logs.events.append([event_to_ubi(_event("e2", "click", "q3"))])
    world.page("e2", action="view-source")
    (found,) = world.judge()
    assert (found.acted, found.won, found.lost, found.tied) == (3, 1, 1, 1)


def _event(entity_id: str, action: str, query_id: str) -> Event:
    return Event(id=f"{query_id}-{action}", entity_id=entity_id, action=action, time=MONDAY, query_id=query_id)


def test_one_person_has_one_vote_a_day(world: World) -> None:
    """Forty pages of one user on a day weigh as much as one page of another; a day later he may vote again."""
    for number in range(40):
        world.page("e3" if number % 4 else "e2", user="bo", time=MONDAY + 60 * number)
    world.page("e2", user="ana")
    world.page("e2", session="s1")
    world.page("e2")
    world.page("e2")
    world.page("e3", user="bo", session="s1", time=MONDAY + DAY)
    (found,) = world.judge()
    assert (found.won, found.lost) == (14, 31)
    assert (found.preference.wins, found.preference.losses) == (4, 2)


def test_votes_are_settled_when_their_day_is_over(world: World) -> None:
    """What may still change is shown, and left out of the test that holds at all times."""
    world.page("e2", user="ana")
    world.page("e2")
    at = {now: world.judge(now=MONDAY + now)[0] for now in (0.0, 1800.0, DAY, DAY + 1800.0)}
    assert [one.unsettled for one in at.values()] == [2, 1, 1, 0]
    assert [one.preference.settled for one in at.values()] == [(0, 0), (1, 0), (1, 0), (2, 0)]
    assert {one.preference.wins for one in at.values()} == {2}


def test_pairs_are_told_apart(world: World) -> None:
    """Either order is one pair; another version of a ranker is another system; names choose, and turn, a pair."""
    world.page("e2", a="ranker:challenger", b="ranker:live", versions=(4, 3))
    world.page("e3", a="ranker:live", b="ranker:challenger", versions=(3, 4))
    world.page("e3", a="ranker:live", b="ranker:challenger", versions=(3, 5))
    world.page("e3", a="policy:live", b="policy:equal", versions=(3, 3))
    world.page("e2", a="policy:live", b="policy:equal", versions=(4, 4))
    found = world.judge()
    assert [(one.a, one.b, one.won, one.lost) for one in found] == [
        ("ranker:challenger (version 4)", "ranker:live (version 3)", 2, 0),
        ("policy:live", "policy:equal", 1, 1),
        ("ranker:live (version 3)", "ranker:challenger (version 5)", 0, 1),
    ]
    turned = world.judge("ranker:live", "ranker:challenger")
    assert [(one.a, one.won, one.lost) for one in turned] == [
        ("ranker:live (version 3)", 0, 2),
        ("ranker:live (version 3)", 0, 1),
    ]
    assert world.judge("policy:live", "policy:prior") == []


def test_hostile_lines_are_counted(world: World) -> None:
    """Unknown teams, wrong lengths, torn lines, strange events: noted, and nothing else goes wrong."""
    world.page("e2")
    (row,) = (row for _, row in world.logs.queries.replay())

    def forge(name: str, change: Callable[[dict[str, Any]], object]) -> None:
        forged = json_copy(row)
        forged["query_id"] = name
        forged.pop("crc32", None)
        change(forged["query_attributes"]["ltrr"]["interleaved"])
        world.logs.queries.append([forged])

    forge("f1", lambda page: page.update(teams="abxyz"))
    forge("f2", lambda page: page.update(teams="ab"))
    forge("f3", lambda page: page.update(teams=None))
    forge("f4", lambda page: page.update(a=["x"]))
    forge("f5", lambda page: page.pop("b"))
    forge("q1", lambda page: page.update(teams="-baab"))  # the last with an id counts
    path = next((world.root / "log").glob("queries-*"))
    torn = path.read_bytes().splitlines()[0].replace(b'"k":5', b'"k":6')
    path.write_bytes(path.read_bytes() + torn + b"\n" + b'{"mode":"interleaved"\n')
    world.logs.events.append([event_to_ubi(_event("e2", "click", "f1")), event_to_ubi(_event("e99", "like", "q1"))])
    world.logs.events.append([{"action_name": "click", "query_id": "q1"}])
    notes = Notes()
    (found,) = world.judge(notes=notes)
    assert (found.pages, found.acted, found.lost) == (1, 1, 1)
    assert notes.counts == {"no_teams": 5, "repeated": 1, "damaged": 2, "unreadable": 1}


def json_copy(row: dict[str, Any]) -> dict[str, Any]:
    """Return a deep copy."""
    import json

    copied: dict[str, Any] = json.loads(json.dumps(row))
    return copied


def test_a_query_that_quotes_the_mark_is_no_page(world: World) -> None:
    """What somebody typed is not mistaken for an interleaved page."""
    page = Impression(query_id="q", text='"mode":"interleaved"', time=MONDAY, shown=("e1",))
    world.logs.queries.append([impression_to_ubi(page)])
    notes = Notes()
    assert world.judge(notes=notes) == []
    assert notes.counts == {}


def test_for_people(world: World) -> None:
    """Nothing yet, nobody acted, not decided, ahead, decided: each is said, with what to do next."""

    def said(now: float = LATER) -> str:
        sections = of_verdicts(world.judge(now=now))
        cells = (cell for section in sections for table in section.tables for row in table.rows for cell in row)
        return "\n".join([*(text for section in sections for text in (section.heading, *section.text)), *cells])

    assert "ltrr query TEXT --interleave policy:live single:lexical" in said()
    world.page("e1", found=(5, 0))
    assert "Nobody has acted" in said()
    assert "for which B found nothing" in said()
    world.page("e2")
    assert "Not decided" in said()
    for _ in range(6):
        world.page("e2")
    assert "A is ahead" in said()
    assert "7 may still change" in said(MONDAY)
    for _ in range(6):
        world.page("e2")
    assert "People prefer A: policy:live." in said()
    (section,) = of_verdicts([], only=("policy:live", "policy:prior"))
    assert "--interleave policy:live policy:prior" in section.text[1]


# People who click, and what it takes to see what they prefer.

RELEVANT = 0
"""The one result that people want. They click it when they look at it nine times in ten, others one time in twenty."""
MODEL = PositionBased()


def _clicks(page: Sequence[int], rng: np.random.Generator) -> list[int]:
    return MODEL.clicks([0.9 if one == RELEVANT else 0.05 for one in page], rng)


def _ranking(place: int, rng: np.random.Generator, first: int) -> list[int]:
    """Return ten results, the relevant one at this place; others are numbered from `first`, some of them shared."""
    others = (first + rng.permutation(15)[:9]).tolist()
    return [*others[:place], RELEVANT, *others[place:]]


def _pages(better: float, pages: int, rng: np.random.Generator) -> Iterator[tuple[list[int], list[int]]]:
    """Yield A's and B's rankings of some queries, hard ones and easy ones.

    For the share `better` B has the relevant result two places lower; for as many both have it at places of their own;
    else both are the same.
    """
    for kind in rng.random(pages):
        place = int(rng.integers(8))
        same = _ranking(place, rng, 1)
        if kind < better:
            yield same, _ranking(place + 2, rng, 6)
        elif kind < 2 * better:
            yield _ranking(int(rng.integers(8)), rng, 1), _ranking(int(rng.integers(8)), rng, 6)
        else:
            yield same, same


def _interleaved_signs(better: float, pages: int, seed: int) -> list[int]:
    """Return of each page with credit whether A (1), B (-1) or neither won."""
    rng = np.random.default_rng(seed)
    return [sign for a, b in _pages(better, pages, rng) for sign in _signs(a, b, rng)]


def _signs(a: list[int], b: list[int], rng: np.random.Generator) -> list[int]:
    """Return who won a page, nothing where no team's result was clicked."""
    page = team_draft(a, b, 10, rng)
    teams = [page[place][1] for place in _clicks([one for one, _ in page], rng)]
    credit = [1 if team == TEAM_A else -1 for team in teams if team != NO_TEAM]
    return [(sum(credit) > 0) - (sum(credit) < 0)] if credit else []


def _split_p(better: float, pages: int, seed: int) -> float:
    """Return the p value of an A/B test of the reciprocal rank of the first click, half of the pages each (Welch)."""
    rng = np.random.default_rng(seed)
    values: tuple[list[float], list[float]] = ([], [])
    for number, pair in enumerate(_pages(better, pages, rng)):
        clicked = _clicks(pair[number % 2], rng)
        values[number % 2].append(1 / (clicked[0] + 1) if clicked else 0.0)
    a, b = (np.array(one) for one in values)
    error = math.sqrt(a.var(ddof=1) / len(a) + b.var(ddof=1) / len(b))
    return 2 * (1 - NormalDist().cdf(abs(a.mean() - b.mean()) / error))


def _alike_signs(pages: int, seed: int) -> list[int]:
    """Return the signs where both have the relevant result at any place, as often."""
    rng = np.random.default_rng([seed, 1])
    pairs = ([_ranking(int(rng.integers(6)), rng, first) for first in (1, 6)] for _ in range(pages))
    return [sign for a, b in pairs for sign in _signs(a, b, rng)]


def _p(signs: Sequence[int]) -> float:
    return sign_test(signs.count(1), signs.count(-1))


def test_the_better_one_is_found_with_fewer_pages_than_an_ab_test_needs() -> None:
    """A is better for a quarter of the queries: 1,200 interleaved pages show it oftener than 3,600 of an A/B test."""
    runs = [_interleaved_signs(0.25, 1200, seed) for seed in range(20)]
    seen = [_p(signs) <= ALPHA for signs in runs]
    assert np.mean(seen) > 0.9
    assert all(signs.count(1) > signs.count(-1) for signs, sure in zip(runs, seen, strict=True) if sure)
    assert np.mean([_split_p(0.25, 3600, seed) <= ALPHA for seed in range(20)]) < 0.8
    assert np.mean([_split_p(0.25, 12_000, seed) <= ALPHA for seed in range(4)]) > 0.8  # it is there to be seen


def test_alike_ones_are_rarely_told_apart() -> None:
    """Where A and B are alike, about 5 % of 400 runs find a difference at the end, and 5 % at most at any time."""
    runs = [_alike_signs(120, seed) for seed in range(400)]
    spread = 3 * math.sqrt(ALPHA * (1 - ALPHA) / 400)
    assert np.mean([_p(signs) <= ALPHA for signs in runs]) <= ALPHA + spread
    ever = [
        any(
            log_evidence(int(won), int(lost)) >= math.log(1 / ALPHA)
            for won, lost in zip(
                np.cumsum(np.array(signs) > 0).tolist(), np.cumsum(np.array(signs) < 0).tolist(), strict=True
            )
        )
        for signs in runs
    ]
    assert np.mean(ever) <= ALPHA
    deltas = [(signs.count(1) - signs.count(-1)) / (2 * len(signs)) for signs in runs]
    assert abs(np.mean(deltas)) < 0.01
