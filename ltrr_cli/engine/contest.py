"""The doubt rule: a new ranker is kept aside until later actions prove it better than the live one.

At any time one challenger is in its test. Its level shrinks with the number of challengers since the live ranker
changed (`share_of_alpha`), so that all of them together replace a ranker that is as good with probability α at most.
The test holds for people as they act during it. So that a time in which they are hostile, or robots, cannot turn the
order round for good, a ranker that does so is never promoted by a test alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ltrr_cli.estimators.sequential import Bet, share_of_alpha
from ltrr_cli.ranking.debias import USUAL, Curve
from ltrr_cli.ranking.linear import LinearRanker
from ltrr_cli.ranking.preference import places, preference
from ltrr_cli.text import hash64

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ltrr_cli.records import Event, Impression, Trace

KIND = "ranker"
GO_LIVE = "ranker-live"
_KEPT = 100
"""Versions that may be gone back to; beyond, the oldest are dropped."""
_AT_LEAST, _SHARE = 20, 0.1
"""A user's actions count in a test up to so many, or up to this share of all: one user alone decides nothing."""


_TURNED = 0.1
"""A ranker that moves the live one's first into the lower half on a larger share of pages turns the order round."""


class Contest:
    """The live ranker, the challenger under test, and what became of the others."""

    def __init__(self) -> None:
        self.live = LinearRanker()
        self.challenger: LinearRanker | None = None
        self.curve = USUAL
        self.bet = Bet()
        self.number = 0  # challengers since the live ranker changed
        self.turned = 0  # actions on pages whose first the challenger moves into the lower half
        self.users: dict[str, int] = {}
        self.history: list[dict[str, Any]] = []
        self.versions: dict[int, LinearRanker] = {0: self.live}
        self.due_at = 0  # lists with an action from which on the next ranker is trained; 0: as the settings say

    @property
    def latest(self) -> int:
        """The highest version made so far."""
        return max(self.versions)

    @property
    def level(self) -> float:
        """The level of the challenger's test."""
        return share_of_alpha(max(1, self.number))

    def enter(self, row: Mapping[str, Any]) -> None:
        """Put a newly trained ranker to the test, in place of the one before; or live at once, if the row says so."""
        ranker = LinearRanker.from_dict(row["ranker"])
        self.versions[ranker.version] = ranker
        while len(self.versions) > _KEPT:
            del self.versions[next(one for one in self.versions if one not in {0, self.live.version})]
        self._aside("replaced")
        self.due_at = int(row.get("next", 0))
        source = str(row.get("source", "clicks"))
        self.history.append({"version": ranker.version, "status": "trained", "reason": f"from {source}"})
        if row.get("promote"):
            self._put_live(ranker, "promoted by hand as it was trained")
            return
        self.challenger = ranker
        self.curve = Curve(tuple(float(chance) for chance in row.get("examination", ())))
        self.bet, self.turned, self.users = Bet(), 0, {}
        self.number += 1

    def go_live(self, version: int, reason: str) -> None:
        """Put a version live; one that is not known changes nothing."""
        ranker = self.versions.get(version)
        if ranker is None or version == self.live.version:
            return
        if self.challenger is not None and self.challenger.version != version:
            self._aside("the live ranker changed")
        self._put_live(ranker, reason)

    def observe(self, event: Event, impression: Impression, trace: Trace) -> None:
        """Bet on the challenger: on the page that was shown, does what was acted on speak for it?"""
        if self.challenger is None:
            return
        user = event.user or event.session
        if user:
            name = f"{hash64(user):016x}"
            if self.users.get(name, 0) >= max(_AT_LEAST, _SHARE * self.bet.seen):
                return
            self.users[name] = self.users.get(name, 0) + 1
        values = np.array(trace.features, np.float32)
        live, new = (ranker.score(trace.feature_names, values) for ranker in (self.live, self.challenger))
        self.bet.add(preference(live, new, impression.shown.index(event.entity_id), self.curve))
        self.turned += bool(2 * int(places(new)[int(np.argmin(places(live)))]) >= max(3, len(new)))
        if self.bet.wealth >= 1 / self.level and not self._turns_round:
            self._put_live(
                self.challenger,
                f"better on {self.bet.seen} later actions (evidence {self.bet.wealth:.1f} ≥ {1 / self.level:.0f})",
            )

    def status(self) -> str:
        """Say in a sentence which ranker is live and what is under test."""
        live = "the prior" if self.live.version == 0 else f"version {self.live.version}"
        if self.challenger is None:
            return f"{live} is live"
        return (
            f"{live} is live; version {self.challenger.version} is kept aside until later clicks prove it better "
            f"({self._evidence()})"
        )

    @property
    def _turns_round(self) -> bool:
        return self.turned > _TURNED * self.bet.seen

    def _evidence(self) -> str:
        if self._turns_round and self.bet.wealth >= 1 / self.level:
            return f"it turns the order round on {self.turned} of {self.bet.seen} pages, which no test alone allows"
        actions = f"{self.bet.seen} action{'' if self.bet.seen == 1 else 's'}"
        return f"evidence {self.bet.wealth:.2f} of {1 / self.level:.0f} after {actions}"

    def _aside(self, why: str) -> None:
        if self.challenger is not None:
            reason = f"{why}; {self._evidence()}"
            self.history.append({"version": self.challenger.version, "status": "aside", "reason": reason})
            self.challenger = None

    def _put_live(self, ranker: LinearRanker, reason: str) -> None:
        self.history.append({"version": ranker.version, "status": "live", "reason": reason})
        self.live, self.challenger, self.number = ranker, None, 0
        self.bet, self.turned, self.users = Bet(), 0, {}

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-ready form."""
        return {
            "live": self.live.version,
            "challenger": None if self.challenger is None else self.challenger.to_dict(),
            "examination": list(self.curve.chances),
            "bet": {"logs": self.bet.logs, "seen": self.bet.seen, "total": self.bet.total},
            "number": self.number,
            "turned": self.turned,
            "users": self.users,
            "due_at": self.due_at,
            "history": self.history,
            "versions": [ranker.to_dict() for ranker in self.versions.values()],
        }

    @classmethod
    def from_dict(cls, row: Mapping[str, Any]) -> Contest:
        """Read `to_dict`'s form."""
        contest = cls()
        contest.versions = {ranker.version: ranker for ranker in map(LinearRanker.from_dict, row["versions"])}
        contest.live = contest.versions[int(row["live"])]
        contest.challenger = LinearRanker.from_dict(row["challenger"]) if row["challenger"] else None
        contest.curve = Curve(tuple(float(chance) for chance in row["examination"]))
        contest.bet, contest.number = Bet(**row["bet"]), int(row["number"])
        contest.turned = int(row["turned"])
        contest.users = {str(user): int(count) for user, count in row["users"].items()}
        contest.due_at, contest.history = int(row["due_at"]), list(row["history"])
        return contest
