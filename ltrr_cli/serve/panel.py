"""What the panel beside the results shows: what was learned so far, and how the latest answers fared."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ltrr_cli.wire.arms import known_of
from ltrr_cli.wire.regret import regret_json
from ltrr_cli.wire.text import number

if TYPE_CHECKING:
    from ltrr_cli.engine import Engine

SPANS = 40
"""Points of the curve, at most."""
_WEIGHTS = 20


def panel(engine: Engine) -> dict[str, Any]:
    """Return each arm's share of the latest answers and its posterior, the strongest weights, reward, and regret.

    `rewards` are spans of equally many answers that follow each other: from when on (seconds since 1970), how many,
    which share of them was acted on, the mean reward of a page, each arm's share of what was drawn. `regret` is what
    the choice of arms lost, by what the policy knows now; None before it chose any.
    """
    info, ranker, recent = engine.info(), engine.rankers(), engine.recent()
    whole = recent.whole()
    shares = whole.shares if whole is not None else {}
    weights = sorted(ranker.features, key=lambda one: (-abs(one.weight), one.name))[:_WEIGHTS]
    return {
        "policy_version": info.policy_version,
        "untrained": info.policy_untrained,
        "ranker_version": info.ranker_version,
        "ranker": ranker.status,
        "impressions": info.impressions,
        "events": info.events,
        "arms": [
            {
                "name": arm.name,
                "share": number(shares.get(arm.name, 0.0)),
                "mean": number(arm.buckets[0].mean),
                "deviation": number(arm.buckets[0].deviation),
                "depth": known_of(info, arm).depth,
                "pulls": arm.pulled,
            }
            for arm in engine.arms()
        ],
        "weights": [
            {"name": one.name, "weight": number(one.weight), "prior": number(one.prior), "meaning": one.meaning}
            for one in weights
        ],
        "recent": {
            "pages": whole.pages if whole else 0,
            "acted": number(whole.acted) if whole else None,
            "reward": number(whole.reward) if whole else None,
        },
        "rewards": [
            {
                "at": number(span.at, 3),
                "pages": span.pages,
                "acted": number(span.acted),
                "reward": number(span.reward),
                "shares": {name: number(share) for name, share in span.shares.items()},
            }
            for span in recent.spans(SPANS)
        ],
        "regret": regret_json(engine.regret()),
    }
