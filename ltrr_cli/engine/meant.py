"""A query as it was probably meant: for the ranker, so that what the arm fuzzy finds is judged by the right words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ltrr_cli.ranking.features import Subject

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ltrr_cli.engine.opened import Opened
    from ltrr_cli.retrieval.base import Request


def meant(opened: Opened, request: Request, arms: Sequence[str]) -> Subject | None:
    """Return what the features of the corrected query are made from; None where nothing is corrected, or fuzzy did not run."""
    if "fuzzy" not in arms or (corrected := request.corrected) is None:
        return None
    return Subject(
        view=opened.view,
        understood=corrected.understood,
        recall=corrected.recall,
        vector=corrected.vector,
        rewarded=opened.rewarded,
        own=None,
    )
