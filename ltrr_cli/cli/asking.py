"""Asking from the command line: what is told beside an answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ltrr_cli.cli.text import notice

if TYPE_CHECKING:
    from ltrr_cli.records import Answer


def tell_failures(answer: Answer, told: set[str] | None = None) -> None:
    """Say on standard error what failed, and what of a filter may surprise; with `told`, each once."""
    known = set() if told is None else told
    for note in answer.notes:
        if note not in known:
            notice(f"note: {note}")
            known.add(note)
    if answer.missing:
        notice(f"this answer is partial, {', '.join(answer.missing)} did not answer in time")
    for arm in answer.trace.arms:
        if arm.error and arm.name not in known:
            notice(f"the strategy {arm.name} failed, the others answered: {arm.error}")
            known.add(arm.name)
