"""The doubt rule: a new ranker is kept aside until later actions prove it better than the live one.

Every challenger has a test of its own, against the live ranker, on the actions after it was trained. The test goes on
when the next challenger is trained: the gain of a good ranker is seen only over thousands of actions. Its level shrinks
with the number of challengers since the live ranker changed (`share_of_alpha`), so that the probability that any of
those which are no better is ever promoted is α = 5 % at most, however long and often one looks. That covers chance
only: it holds for people as they act during the test, who look at places as the log's examination curve says. So that a
time in which they are hostile, or robots, cannot turn the order round for good, a ranker that does so is never promoted
by a test alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ltrr_cli.engine.trial import Trial
from ltrr_cli.ranking.debias import USUAL, Curve
from ltrr_cli.ranking.linear import LinearRanker

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ltrr_cli.records import Event, Impression, Trace

KIND = "ranker"
GO_LIVE = "ranker-live"
AT_ONCE = 5
"""So many challengers are in their tests side by side; for one more, the one with the least evidence is put aside."""
_KEPT = 100
"""Versions that may be gone back to; beyond, the oldest are dropped."""


class Contest:
    """The live ranker, the challengers under test, oldest first, and what became of the others."""

    def __init__(self) -> None:
        self.live = LinearRanker()
        self.trials: list[Trial] = []
        self.curve = USUAL  # as the last training saw it: the more lists, the surer
        self.number = 0  # tests against the live ranker
        self.history: list[dict[str, Any]] = []
        self.versions: dict[int, LinearRanker] = {0: self.live}
        self.due_at = 0  # lists with an action from which on the next ranker is trained; 0: as the settings say

    @property
    def latest(self) -> int:
        """The highest version made so far."""
        return max(self.versions)

    @property
    def challenger(self) -> LinearRanker | None:
        """The challenger that was trained last."""
        return self.trials[-1].ranker if self.trials else None

    def enter(self, row: Mapping[str, Any]) -> None:
        """Put a newly trained ranker to the test, beside those before; or live at once, if the row says so."""
        ranker = LinearRanker.from_dict(row["ranker"])
        self.versions[ranker.version] = ranker
        used = {0, self.live.version, ranker.version, *(trial.ranker.version for trial in self.trials)}
        while len(self.versions) > _KEPT:
            del self.versions[next(one for one in self.versions if one not in used)]
        self.due_at = int(row.get("next", 0))
        source = str(row.get("source", "clicks"))
        self.history.append({"version": ranker.version, "status": "trained", "reason": f"from {source}"})
        if row.get("promote"):
            self._put_live(ranker, "promoted by hand as it was trained")
            return
        if len(self.trials) >= AT_ONCE:
            self._aside(min(self.trials, key=lambda trial: trial.bet.wealth), "has the least evidence of those in test")
        if "examination" in row or not self.trials:
            self.curve = Curve(tuple(float(chance) for chance in row.get("examination", ())))
        self._test(ranker)

    def go_live(self, version: int, reason: str) -> None:
        """Put a version live; one that is not known changes nothing."""
        ranker = self.versions.get(version)
        if ranker is not None and version != self.live.version:
            self._put_live(ranker, reason)

    def observe(self, event: Event, impression: Impression, trace: Trace) -> None:
        """Let every challenger bet: on the page that was shown, does what was acted on speak for it?"""
        if not self.trials:
            return
        values = np.array(trace.features, np.float32)
        live = self.live.score(trace.feature_names, values)
        place = impression.shown.index(event.entity_id)
        for trial in self.trials:
            new = trial.ranker.score(trace.feature_names, values)
            trial.observe(event.user or event.session, live, new, place, self.curve)
        better = next((trial for trial in reversed(self.trials) if trial.passed), None)
        if better is not None:
            evidence = f"evidence {better.bet.wealth:.1f} ≥ {better.needed:.0f}"
            self._put_live(better.ranker, f"better on {better.bet.seen} later actions ({evidence})")

    def status(self) -> str:
        """Say in a sentence which ranker is live and what is under test."""
        live = f"{'the prior' if self.live.version == 0 else f'version {self.live.version}'} is live"
        told = [f"version {trial.ranker.version} ({trial.evidence()})" for trial in reversed(self.trials)]
        if not told:
            return live
        if len(told) == 1:
            name, _, evidence = told[0].partition(" (")
            return f"{live}; {name} is kept aside until later clicks prove it better ({evidence}"
        return f"{live}; {len(told)} are kept aside until later clicks prove one better: {', '.join(told)}"

    def _test(self, ranker: LinearRanker) -> None:
        self.number += 1
        self.trials.append(Trial(ranker, self.number))

    def _aside(self, trial: Trial, why: str) -> None:
        reason = f"{why}; {trial.evidence()}"
        self.history.append({"version": trial.ranker.version, "status": "aside", "reason": reason})
        self.trials.remove(trial)

    def _put_live(self, ranker: LinearRanker, reason: str) -> None:
        """Put it live. Challengers that were trained later are tested anew, against it; the others are put aside."""
        for trial in [one for one in self.trials if one.ranker.version < ranker.version]:
            self._aside(trial, f"version {ranker.version}, trained later, went live")
        later = [trial.ranker for trial in self.trials if trial.ranker.version != ranker.version]
        self.history.append({"version": ranker.version, "status": "live", "reason": reason})
        self.live, self.trials, self.number = ranker, [], 0
        for one in reversed(later):  # the last, trained on the most, needs the least evidence
            self._test(one)
        self.trials.reverse()

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-ready form."""
        return {
            "live": self.live.version,
            "trials": [trial.to_dict() for trial in self.trials],
            "examination": list(self.curve.chances),
            "number": self.number,
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
        contest.trials = [Trial.from_dict(one) for one in row["trials"]]
        contest.curve = Curve(tuple(float(chance) for chance in row["examination"]))
        contest.number = int(row["number"])
        contest.due_at, contest.history = int(row["due_at"]), list(row["history"])
        return contest
