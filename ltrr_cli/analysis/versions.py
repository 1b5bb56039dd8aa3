"""Which analysis a segment was built with: what its segment.json says, and what that stands for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ltrr_cli.analysis.english import English
from ltrr_cli.analysis.multilingual import Multilingual

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ltrr_cli.analysis.base import Analysis


def read_analysis(row: Mapping[str, Any] | None) -> Analysis:
    """Return the analysis of a segment; one that says nothing is older than the first that said it.

    Raises `ValueError` for one that this version does not know.
    """
    if row is None:
        return English()
    if row["version"] != Multilingual.version:
        raise ValueError(f"analysis {row['version']} is of a newer ltrr")
    return Multilingual(str(row["main"]), tuple(map(str, row["others"])))
