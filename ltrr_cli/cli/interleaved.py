"""`ltrr compare --interleaved`: which of two systems people prefer, by what they did on shared pages."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ltrr_cli.cli.options import find_index
from ltrr_cli.cli.outputs import bounds, show_sections, write_outputs
from ltrr_cli.engine.ways import FORMS, parse_way
from ltrr_cli.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ltrr_cli.evaluation.interleaved import Verdict


def compare_interleaved(words: Sequence[str], index: Path | None, html: Path | None, *, as_json: bool) -> None:
    """Judge, show. `words` name an index, or two ways to answer, or nothing."""
    import time

    from ltrr_cli.cli.text import notice, show_json
    from ltrr_cli.config import read_config
    from ltrr_cli.evaluation.interleaved import verdicts
    from ltrr_cli.evaluation.interleaved_summary import of_verdicts
    from ltrr_cli.evaluation.notes import Notes
    from ltrr_cli.index.manifest import read_manifest

    root, only = _asked(words, index)
    read_manifest(root)  # says so where there is no index
    notes = Notes()
    found = verdicts(root, read_config(root), notes, now=time.time(), only=only)
    for remark in notes.remarks:
        notice(f"note: {remark}")
    sections = of_verdicts(found, only=only)
    write_outputs("ltrr compare --interleaved", sections, html=html, chart=None)
    if as_json:
        show_json({"pairs": [_as_json(one) for one in found], "notes": dict(notes.counts)})
    else:
        show_sections(sections)


def _asked(words: Sequence[str], index: Path | None) -> tuple[Path, list[str] | None]:
    """Return the index, and the two ways that are of interest, None for all."""
    ways = [word for word in words if parse_way(word) is not None]
    if len(ways) == 2:
        return find_index(index), ways
    if ways or len(words) > 1:
        raise UsageError(
            "--interleaved compares two ways to answer from one index", next=f"name two of {FORMS}; or none"
        )
    if words and index is not None and str(index) != os.environ.get("LTRR_INDEX"):
        raise UsageError("the index is named twice", next="leave out --index")
    return find_index(Path(words[0]) if words else index), None


def _as_json(one: Verdict) -> dict[str, Any]:
    from ltrr_cli.cli.text import number

    votes = one.preference
    return {
        "a": one.a,
        "b": one.b,
        "pages": one.pages,
        "acted": one.acted,
        "won": one.won,
        "lost": one.lost,
        "tied": one.tied,
        "empty": {"a": one.empty[0], "b": one.empty[1]},
        "votes": {"wins": votes.wins, "losses": votes.losses, "ties": votes.ties, "unsettled": one.unsettled},
        "delta": number(votes.delta.value),
        "interval": bounds(votes.delta),
        "p": number(votes.p),
        "anytime_p": number(votes.anytime_p),
        "prefers": {1: "a", -1: "b", 0: None}[votes.verdict],
    }
