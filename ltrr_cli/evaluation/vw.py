"""Our own log as Vowpal Wabbit's contextual bandit reads it: `action:cost:probability |q feature:value …`.

An action is a whole selection, which strategies ran and how deep, since that is what has a propensity; the cost is the
negative reward of the page. `read_bandit_log` reads these lines again.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

from ltrr_cli.evaluation.impression_log import from_index

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ltrr_cli.config import Config
    from ltrr_cli.evaluation.notes import Notes

_SPECIAL = re.compile(r"[\s:|]+")


def vw_lines(root: Path, config: Config, notes: Notes) -> tuple[Iterator[str], list[str]]:
    """Return the lines, and a list that says once they are read which selection each action number, from 1, stands for.

    Raises:
        EvaluationError: the log has no impression with a propensity.
    """
    rounds = from_index(root, config, notes)
    selections: list[str] = []

    def lines() -> Iterator[str]:
        numbers: dict[frozenset[tuple[str, int]], int] = {}
        for one in rounds:
            if one.selection not in numbers:
                numbers[one.selection] = len(numbers) + 1
                selections.append(", ".join(f"{arm}:{depth}" for arm, depth in sorted(one.selection)))
            values = ((_SPECIAL.sub("_", name), value) for name, value in one.context.items())
            features = " ".join(f"{name}:{value:.6g}" for name, value in values if value and math.isfinite(value))
            yield f"{numbers[one.selection]}:{-one.reward:.6g}:{one.propensity:.6g} |q {features}".rstrip()

    return lines(), selections
