"""What interleaved pages say: which of two systems people prefer, read from an index's own log.

A page is won by the system whose results earned more: for every result that somebody acted on the highest reward of the
actions, summed by team. Results without a team earn nothing for anybody, and a page on which no team's result was acted
on says nothing.

Pages of one person are not independent, and one busy person must not decide: all pages of a user on a day (UTC) have
one vote, won by the system that won more of them. Without a user it is the session's, without a session the page's own.
A vote is settled once its day, or for a page of its own half an hour, is over: then it hardly changes any more.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ltrr_cli.engine.fold import Logs
from ltrr_cli.engine.unanswered import WINDOW
from ltrr_cli.estimators.preference import preference
from ltrr_cli.feedback.log import Position, decode_line
from ltrr_cli.feedback.ubi import event_from_ubi, impression_from_ubi
from ltrr_cli.records import INTERLEAVED, NO_TEAM, TEAM_A, TEAM_B

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from ltrr_cli.config import Config
    from ltrr_cli.estimators.preference import Preference
    from ltrr_cli.evaluation.notes import Notes
    from ltrr_cli.records import Event, Impression, Interleaved, System

DAY = 86400.0
_MARK = f'"mode":"{INTERLEAVED}"'.encode()
"""In every line of such a page; in what somebody typed the quotes would be escaped."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """An interleaved page: who asked and when, both systems, and the team of each result that has one."""

    query_id: str
    time: float
    voter: str
    a: str
    b: str
    teams: Mapping[str, str]
    empty: tuple[bool, bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """A against B. `pages` were shown; on `acted` of them somebody acted on a team's result.

    `won`, `lost` and `tied` count these pages; `preference` counts votes, of which `unsettled` may still change.
    `empty` says on how many of the pages A, and B, had found nothing: such pages, filled by the other, say nothing.
    """

    a: str
    b: str
    pages: int
    acted: int
    won: int
    lost: int
    tied: int
    empty: tuple[int, int]
    unsettled: int
    preference: Preference


def verdicts(
    root: Path, config: Config, notes: Notes, *, now: float, only: Sequence[str] | None = None
) -> list[Verdict]:
    """Return a verdict for each pair of systems that the index at `root` has interleaved, the most shown first.

    `only` names the two that are wanted, in either order; that is then A and B. What cannot be used of the log is
    noted and left out. A ranker of another version is another system, since it may be anything.
    """
    logs = Logs(root)
    pages = {page.query_id: page for page in _pages(logs, notes)}
    earned = _earned(_events(logs, notes), pages, config)
    grouped: dict[tuple[str, str], list[Page]] = {}
    for page in pages.values():
        names = (page.a, page.b)
        grouped.setdefault(names if names in grouped or names[::-1] not in grouped else names[::-1], []).append(page)
    found = [_verdict(pair, own, earned, now) for pair, own in _wanted(grouped, only).items()]
    return sorted(found, key=lambda verdict: -verdict.pages)


def _wanted(
    grouped: Mapping[tuple[str, str], list[Page]], only: Sequence[str] | None
) -> dict[tuple[str, str], list[Page]]:
    """Return the pairs that are asked for, turned as they are; with `only` None all."""
    if only is None:
        return dict(grouped)
    found = {}
    for (a, b), pages in grouped.items():
        words = [_word(a), _word(b)]
        if words == list(only):
            found[a, b] = pages
        elif words == list(only)[::-1]:
            found[b, a] = pages
    return found


def _pages(logs: Logs, notes: Notes) -> Iterator[Page]:
    """Yield the interleaved pages of the log; lines of other pages are not parsed."""
    seen = set()
    for position, line in logs.queries.lines_after(Position()):
        if _MARK not in line:
            continue
        try:
            impression = impression_from_ubi(decode_line(line))
        except ValueError:
            notes.add("damaged", "damaged lines of interleaved pages, left out", first=_place(position))
            continue
        trace = impression.trace
        shared = None if trace is None else trace.interleaved
        if shared is None or len(shared.teams) != len(impression.shown):
            notes.add(
                "no_teams", "interleaved pages that do not say who supplied what, left out", first=_place(position)
            )
            continue
        if impression.query_id in seen:
            notes.add("repeated", "repeated pages, of which the last counts", first=impression.query_id)
        seen.add(impression.query_id)
        yield _page(impression, shared)


def _place(position: Position) -> str:
    return f"queries-{position.file:06}.jsonl, byte {position.offset}"


def _page(impression: Impression, shared: Interleaved) -> Page:
    who = f"user {impression.user}" if impression.user else f"session {impression.session}"
    named = bool(impression.user or impression.session)
    return Page(
        query_id=impression.query_id,
        time=impression.time,
        voter=f"{who}\n{impression.time // DAY:.0f}" if named else "",
        a=_label(shared.a),
        b=_label(shared.b),
        teams={one: team for one, team in zip(impression.shown, shared.teams, strict=True) if team != NO_TEAM},
        empty=(not shared.a.found, not shared.b.found),
    )


def _label(system: System) -> str:
    """Name a system, a ranker that learned with its version."""
    versioned = system.name.startswith("ranker:") and system.ranker_version
    return f"{system.name} (version {system.ranker_version})" if versioned else system.name


def _word(label: str) -> str:
    return label.partition(" (version ")[0]


def _events(logs: Logs, notes: Notes) -> Iterator[Event]:
    undone = logs.undone()
    for _, row in logs.events.replay():
        try:
            event = event_from_ubi(row)
            if event.id not in undone:
                yield event
        except ValueError as error:
            notes.add("unreadable", "unreadable events, left out", first=str(error))


def _earned(events: Iterable[Event], pages: Mapping[str, Page], config: Config) -> dict[str, dict[str, float]]:
    """Return for each page what its teams' results earned, each by its best action; 0 where an action has no worth."""
    earned: dict[str, dict[str, float]] = {}
    for event in events:
        page = pages.get(event.query_id)
        reward = config.reward(event.action, event.dwell)
        if page is not None and event.entity_id in page.teams and reward != 0:
            own = earned.setdefault(event.query_id, {})
            own[event.entity_id] = max(reward, own.get(event.entity_id, reward))
    return earned


def _verdict(
    pair: tuple[str, str], pages: Sequence[Page], earned: Mapping[str, Mapping[str, float]], now: float
) -> Verdict:
    votes: dict[str, int] = {}
    closes: dict[str, float] = {}
    signs = []
    for page in pages:
        rewards = earned.get(page.query_id)
        if rewards is None:
            continue
        sign = _sign(page, rewards) * (1 if page.a == pair[0] else -1)
        signs.append(sign)
        voter = page.voter or page.query_id
        votes[voter] = votes.get(voter, 0) + sign
        closes[voter] = (page.time // DAY + 1) * DAY + WINDOW if page.voter else page.time + WINDOW
    sure = {voter for voter, close in closes.items() if close <= now}
    settled = [vote for voter, vote in votes.items() if voter in sure]
    empty = [page.empty if page.a == pair[0] else page.empty[::-1] for page in pages]
    wins, losses, ties = _count(votes.values())
    won, lost, tied = _count(signs)
    return Verdict(
        a=pair[0],
        b=pair[1],
        pages=len(pages),
        acted=len(signs),
        won=won,
        lost=lost,
        tied=tied,
        empty=(sum(one for one, _ in empty), sum(other for _, other in empty)),
        unsettled=len(votes) - len(settled),
        preference=preference(wins, losses, ties, settled=_count(settled)[:2]),
    )


def _sign(page: Page, rewards: Mapping[str, float]) -> int:
    """Return 1 where A's results earned more than B's, -1 where less, 0 where as much."""
    credit = {TEAM_A: 0.0, TEAM_B: 0.0}
    for entity_id, reward in rewards.items():
        credit[page.teams[entity_id]] += reward
    difference = credit[TEAM_A] - credit[TEAM_B]
    return 0 if abs(difference) < 1e-9 else 1 if difference > 0 else -1


def _count(signs: Iterable[int]) -> tuple[int, int, int]:
    """Return how many are above, below, and at 0."""
    listed = list(signs)
    above, below = sum(sign > 0 for sign in listed), sum(sign < 0 for sign in listed)
    return above, below, len(listed) - above - below
