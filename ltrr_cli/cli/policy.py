"""`ltrr policy`: what the policy has learned of each strategy; forget it, or go back to what it was."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from ltrr_cli.cli.options import IndexOption, JsonOption, find_index
from ltrr_cli.cli.text import say, show_json
from ltrr_cli.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

app = typer.Typer(name="policy", help="See what the policy has learned; forget it.", no_args_is_help=True)


@app.command(
    epilog="""\b
Examples:
  ltrr policy show
  ltrr policy show semantic
  ltrr policy show --json | jq '.arms[] | {name, mean, depth}'
  ltrr policy show --json | jq .regret.total
"""
)
def show(
    arm: Annotated[str | None, typer.Argument(metavar="ARM", help="A strategy, all of it.", show_default=False)] = None,
    *,
    index: IndexOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what the policy has learned of each strategy, or all it has learned of one, by depth.

    The bars are the posterior: what the arm's hits are expected to earn, for the average query that taught it and with
    what ran before them; solid as far as that is sure. With --json, `regret` is what the latest answers were worth less
    than what it would choose now, by its own model, with an interval.
    """
    path = find_index(index)
    from ltrr_cli.engine import Engine

    with Engine.open(path) as engine:
        info, arms = engine.info(), engine.arms()
        regret = engine.regret() if as_json else None
    chosen = [one for one in arms if arm is None or one.name == arm]
    if not chosen:
        raise UsageError(f"no strategy is called {arm!r}", next=f"this index has: {', '.join(info.strategies)}")
    from ltrr_cli.cli.arms import show_arm, show_arms
    from ltrr_cli.wire.arms import arms_json
    from ltrr_cli.wire.regret import regret_json

    if as_json:
        show_json({**arms_json(info, chosen), "regret": regret_json(regret)})
        return
    from ltrr_cli.cli.console import make_console

    if arm is None:
        show_arms(make_console(), info, chosen)
    else:
        show_arm(make_console(), info, chosen[0])


@app.command(
    epilog="""\b
Examples:
  ltrr policy reset
  ltrr policy reset --yes --index music.ltrr
"""
)
def reset(
    *,
    index: IndexOption = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Forget all that the policy has learned; it starts again.

    The memory, the ranker, the arms' own histories and the logs stay. A rollback to the version that was live brings
    back what that version knew.
    """
    path = find_index(index)
    if not yes:
        if not _is_terminal():
            raise UsageError(
                "this forgets what the policy has learned, and nobody is there to be asked", next="add --yes"
            )
        if not typer.confirm("Forget all that the policy has learned?", err=True):
            say("nothing was changed")
            raise typer.Exit(1)
    _go_back(path, 0, as_json=as_json)


@app.command(
    epilog="""\b
Examples:
  ltrr policy rollback 12
"""
)
def rollback(
    version: Annotated[int, typer.Argument(metavar="VERSION", min=0, help="What it goes back to; 0 is untrained.")],
    *,
    index: IndexOption = None,
    as_json: JsonOption = False,
) -> None:
    """Forget what the policy has learned since an earlier version of it; what it knew then is a new version.

    The memory, the ranker, the arms' own histories and the logs stay. Another rollback, to the version that was live,
    brings back what that version knew.
    """
    _go_back(find_index(index), version, as_json=as_json)


def _go_back(path: Path, version: int, *, as_json: bool) -> None:
    from ltrr_cli.engine import Engine

    with Engine.open(path) as engine:
        info = engine.info()
        before, taught = info.policy_version, info.credits > 0
        if taught or version:
            engine.reset_policy(version)
        after = engine.info().policy_version
    if as_json:
        show_json({"version": after, "before": before, "back_to": version})
    elif not taught:
        say("nothing was changed: the policy has not learned anything yet")
    else:
        forgot = f"what it learned after version {version}" if version else "all that it had learned"
        stays = "memory, ranker, the arms' histories and the logs stay"
        say(f"the policy forgot {forgot} and is now version {after}; {stays}; undo: ltrr policy rollback {before}")


def _is_terminal() -> bool:
    return all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stderr))
