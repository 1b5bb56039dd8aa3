"""How much being well known counts, learned from what people act on: the power p of the arm `popular`.

What is acted on is taken as chosen among the entities of its page that lexical found, with a probability in proportion
to P(examined at its place) · (score · factor^p)^β (a conditional logit, McFadden 1974): `score` is lexical's, `factor`
the popularity factor from 1 to 2, and β how much both say of people's choice; at β = 0, nothing. The log-likelihoods
of a grid of (β, p) are summed, so that they are additive and can decay. The p with the highest, at its best β and with
a normal prior of deviation 1 about PRIOR, is taken once it is EVIDENCE above the prior's own; else the prior is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ltrr_cli.memory.evidence import growth

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

PRIOR = 1.0
POWERS = (0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0)
BETAS = (0.0, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0)
EVIDENCE = 3.0
"""In nats: e^3, twenty times as likely."""


class Power:
    """Log-likelihoods, (betas, powers), of what was acted on, in the worth of an epoch; and the latest event's time."""

    def __init__(self) -> None:
        self._sums = np.zeros((len(BETAS), len(POWERS)))
        self._latest = 0.0
        self.choices = 0

    def learn(
        self,
        scores: NDArray[np.float64],
        popularity: NDArray[np.float64],
        seen: NDArray[np.float64],
        chosen: int,
        *,
        time: float,
        half_life: float,
    ) -> None:
        """Learn one choice, of `chosen`, among n entities; times in seconds.

        `scores` (n,) are lexical's, nan where it did not find it: such are no part of the choice. `popularity` (n,) is
        in [0, 1], nan where unknown; `seen` (n,) is P(examined), above 0.
        """
        known = np.isfinite(scores) & (scores > 0)
        if not known[chosen] or np.count_nonzero(known) < 2:
            return
        factor = np.log(np.log2(2 + 2 * np.nan_to_num(popularity[known])))
        utility = np.log(scores[known])[None, :] + np.array(POWERS)[:, None] * factor
        logits = np.array(BETAS)[:, None, None] * utility + np.log(seen[known])
        place = int(np.count_nonzero(known[:chosen]))
        likelihood = logits[:, :, place] - np.logaddexp.reduce(logits, axis=2)
        self._sums += growth(time, half_life) * likelihood
        self._latest = max(self._latest, time)
        self.choices += 1

    def value(self, half_life: float) -> float:
        """Return the p that is to be used, one of POWERS."""
        powers, prior = np.array(POWERS), POWERS.index(PRIOR)
        likelihood = (
            (self._sums / growth(self._latest, half_life)).max(axis=0) if self.choices else np.zeros(len(powers))
        )
        posterior = likelihood - (powers - PRIOR) ** 2 / 2
        best = int(np.argmax(posterior))
        return POWERS[best if posterior[best] - posterior[prior] >= EVIDENCE else prior]

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-ready form."""
        return {"sums": self._sums.tolist(), "latest": self._latest, "choices": self.choices}

    @classmethod
    def from_dict(cls, row: Mapping[str, Any]) -> Power:
        """Read `to_dict`'s form; ValueError if it is of another grid."""
        power = cls()
        sums: Sequence[Sequence[float]] = row["sums"]
        power._sums = np.array(sums, np.float64)
        if power._sums.shape != (len(BETAS), len(POWERS)):
            raise ValueError("popularity: another grid")
        power._latest, power.choices = float(row["latest"]), int(row["choices"])
        return power
