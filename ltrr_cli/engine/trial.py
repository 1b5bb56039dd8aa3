"""One challenger's test: what later actions say of it against the live ranker."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from ltrr_cli.estimators.sequential import Bet, share_of_alpha
from ltrr_cli.ranking.linear import LinearRanker
from ltrr_cli.ranking.preference import places, preference
from ltrr_cli.text import hash64

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from ltrr_cli.ranking.debias import Curve

_AT_LEAST, _SHARE = 20, 0.1
"""A user's actions count in a test up to so many, or up to this share of all: one user alone decides nothing."""
_TURNED = 0.1
"""A ranker that moves the live one's first into the lower half on a larger share of pages turns the order round."""


@dataclass(slots=True)
class Trial:
    """A challenger in its test, the `number`-th (from 1) against this live ranker.

    `bet` holds the evidence, `turned` the actions on pages whose first the challenger moves into the lower half, and
    `users` how many actions of each user were counted.
    """

    ranker: LinearRanker
    number: int
    bet: Bet = field(default_factory=Bet)
    turned: int = 0
    users: dict[str, int] = field(default_factory=dict)

    @property
    def needed(self) -> float:
        """The evidence that proves it better: 1 / its level."""
        return 1 / share_of_alpha(self.number)

    @property
    def share(self) -> float:
        """How much of the evidence it needs it has: 1 and more is enough."""
        return self.bet.wealth / self.needed

    @property
    def passed(self) -> bool:
        """Whether it is proven better, and does not turn the order round."""
        return self.share >= 1 and not self._turns_round

    def observe(self, user: str, live: NDArray[np.float32], new: NDArray[np.float32], place: int, curve: Curve) -> None:
        """Bet on the challenger, on a page of which what stood at `place` (from 0) was acted on.

        `live` and `new` (n,) are the scores that the two rankers give what was shown; `user` "": not known.
        """
        if user:
            name = f"{hash64(user):016x}"
            if self.users.get(name, 0) >= max(_AT_LEAST, _SHARE * self.bet.seen):
                return
            self.users[name] = self.users.get(name, 0) + 1
        self.bet.add(preference(live, new, place, curve))
        self.turned += bool(2 * int(places(new)[int(np.argmin(places(live)))]) >= max(3, len(new)))

    @property
    def _turns_round(self) -> bool:
        return self.turned > _TURNED * self.bet.seen

    def evidence(self) -> str:
        """Say what the actions say so far."""
        if self._turns_round and self.share >= 1:
            return f"it turns the order round on {self.turned} of {self.bet.seen} pages, which no test alone allows"
        actions = f"{self.bet.seen} action{'' if self.bet.seen == 1 else 's'}"
        return f"evidence {self.bet.wealth:.2f} of {self.needed:.0f} after {actions}"

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-ready form."""
        return {
            "ranker": self.ranker.to_dict(),
            "number": self.number,
            "bet": {"logs": self.bet.logs, "seen": self.bet.seen, "total": self.bet.total},
            "turned": self.turned,
            "users": self.users,
        }

    @classmethod
    def from_dict(cls, row: Mapping[str, Any]) -> Trial:
        """Read `to_dict`'s form."""
        return cls(
            LinearRanker.from_dict(row["ranker"]),
            int(row["number"]),
            Bet(**row["bet"]),
            int(row["turned"]),
            {str(user): int(count) for user, count in row["users"].items()},
        )
