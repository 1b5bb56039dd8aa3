"""What the policy's choices lost, as programs read it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ltrr_cli.wire.text import number

if TYPE_CHECKING:
    from ltrr_cli.engine.regret import Regret, Regrets


def regret_json(found: Regrets | None) -> dict[str, Any] | None:
    """Return the regret of a page in `spans` of the latest answers, the oldest first, and of all of them together."""
    return None if found is None else {"total": _row(found.total), "spans": [_row(span) for span in found.spans]}


def _row(one: Regret) -> dict[str, Any]:
    return {
        "at": number(one.at, 3),
        "pages": one.pages,
        "mean": number(one.mean),
        "low": number(one.low),
        "high": number(one.high),
    }
