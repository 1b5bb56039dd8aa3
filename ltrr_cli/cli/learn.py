"""`ltrr learn`: train, write down what was learned, or learn everything again."""

from __future__ import annotations

from typing import Annotated

import typer

from ltrr_cli.cli.options import IndexOption, JsonOption, QuietOption, find_index

HELP = """Learn now: train the ranker if enough was clicked, and write the learned state down.

Feedback is learned as it comes; this is for schedules, and to see where the ranker's test stands. With --rebuild all
that was learned is made again from the logs."""
EPILOG = """\b
Examples:
  ltrr learn
  ltrr learn --rebuild
"""


def learn(
    *,
    index: IndexOption = None,
    rebuild: Annotated[bool, typer.Option("--rebuild", help="Learn everything again, from the logs.")] = False,
    quiet: QuietOption = False,
    as_json: JsonOption = False,
) -> None:
    """Parse, learn, show."""
    from ltrr_cli.cli.console import bars
    from ltrr_cli.cli.text import notice, safe, say, show_json

    path = find_index(index)
    from ltrr_cli.engine import Engine

    if rebuild:
        with bars(quiet=quiet) as tell:
            Engine.relearn(path, progress=lambda more: tell("learning", more, None))
    with Engine.open(path) as engine:
        ranker = engine.info().ranker if rebuild else engine.learn()
        info = engine.info()
    if as_json:
        show_json(
            {"ranker": ranker, "events": info.events, "learned_version": info.learned_version, "rebuilt": rebuild}
        )
        return
    say(f"learned version {info.learned_version}, from {info.events:,} events")
    say(f"ranker: {safe(ranker)}")
    for note, count in info.notes.items():
        if note.startswith("damaged"):
            notice(f"left out: {count:,} {note}; they are no whole lines as this program wrote them")
