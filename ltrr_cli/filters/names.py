"""The names nearest to one that is not there."""

from __future__ import annotations

from difflib import SequenceMatcher
from typing import TYPE_CHECKING

from ltrr_cli.text import fold

if TYPE_CHECKING:
    from collections.abc import Iterable

_MOST = 8


def nearest(name: str, known: Iterable[str]) -> list[str]:
    """Return up to eight of the known names, the most alike first (Ratcliff & Obershelp's measure)."""
    wanted = fold(name)[:100]
    return sorted(known, key=lambda one: (-SequenceMatcher(None, wanted, fold(one)).ratio(), one))[:_MOST]
