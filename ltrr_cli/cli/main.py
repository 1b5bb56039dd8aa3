"""`ltrr`: the program, and its error boundary."""

from __future__ import annotations

import atexit
import errno
import gc
import os
import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from importlib import import_module
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from ltrr_cli import __version__
from ltrr_cli.cli import leave
from ltrr_cli.cli.text import notice, safe, say, tell_error
from ltrr_cli.errors import LtrrError, UsageError

if TYPE_CHECKING:
    from types import FrameType

gc.set_threshold(50_000, 20, 20)  # a start makes many objects, none of them garbage: to look for it is lost time

EPILOG = """\b
Start here:
  ltrr index build catalog.jsonl      make an index
  ltrr query some words               search it
  ltrr query                          search, click and like at a prompt
  ltrr feedback ingest clicks.jsonl   learn from a log

\b
Exit codes:
  1  an error, or an id, user or version that is not there
  2  a wrong call, or the name of no field, strategy or setting
  3  done, but for records or ids that could not be used

Set LTRR_INDEX to name an index, NO_COLOR for no colours, LTRR_DEBUG=1 for tracebacks.
"""


COMMANDS = {
    "index": "Build an index, change it, look at it.",
    "query": "Search: once, from a pipe, or at a prompt.",
    "understand": "Show how a query is read.",
    "recommend": "Answers without a query.",
    "related": "What has to do with an entity.",
    "feedback": "Learn from logs, and from single actions.",
    "learn": "Learn now, or all over again.",
    "memory": "See which entities answer which queries; forget.",
    "policy": "See what the policy has learned; forget it.",
    "ranker": "See, train, promote and roll back the ranker.",
    "user": "See what is known of a user; export it; forget him.",
    "evaluate": "Measure on judged queries.",
    "replay": "Predict a log, step by step, while learning from it.",
    "simulate": "Watch it learn from simulated clicks.",
    "ope": "What another policy would have earned.",
    "compare": "Compare two indexes, policies, rankers or runs.",
    "split": "Split a log or a query set honestly.",
    "encoder": "Look at the encoder that turns texts into vectors.",
    "serve": "The search page and an HTTP API.",
    "cluster": "Several machines, by Ray.",
    "config": "The settings of an index, and where each comes from.",
    "doctor": "Check this machine and an index.",
}
"""Name and short help of each module here that is a command, or a group of them, in the order of a newcomer's needs."""


class Commands(Mapping[str, Any]):
    """The commands by name; a module is imported when its command is asked for: `ltrr --help` needs none of them."""

    def __init__(self, registered: Mapping[str, Any]) -> None:
        self._names = [*COMMANDS, *(name for name in registered if name not in COMMANDS)]
        self._loaded = dict(registered)

    def __getitem__(self, name: str) -> Any:
        """Return a command; KeyError for an unknown name."""
        if name in COMMANDS and name not in self._loaded:
            self._loaded[name] = _load(name)
        return self._loaded[name]

    def __contains__(self, name: object) -> bool:
        """Whether there is such a command, without importing it."""
        return name in self._names

    def __iter__(self) -> Iterator[str]:
        """Go through the names."""
        return iter(self._names)

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._names)


def _load(name: str) -> Any:
    module = import_module(f"ltrr_cli.cli.{name}")
    alone = typer.Typer(rich_markup_mode=None, add_completion=False)
    alone.callback()(lambda: None)
    if hasattr(module, "app"):
        alone.add_typer(module.app)
    else:
        alone.command(name=name, help=module.HELP, epilog=module.EPILOG)(getattr(module, name))
    return typer.main.get_command(alone).commands[name]  # type: ignore[attr-defined]


class Boundary(TyperGroup):
    """The group of all commands: what a command raises becomes a line on standard error and an exit code."""

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.commands: Any = Commands(self.commands)

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the names of the commands, in the order in which a newcomer needs them."""
        del ctx
        return list(self.commands)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write the commands with their short helps, without importing them."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl(
                [(name, COMMANDS.get(name) or self.commands[name].get_short_help_str()) for name in self.commands]
            )

    def invoke(self, ctx: Any) -> Any:
        """Run a command."""
        try:
            result = super().invoke(ctx)
            sys.stdout.flush()
        except LtrrError as error:
            tell_error(error)
            raise typer.Exit(error.exit_code) from error
        except KeyboardInterrupt as error:
            raise typer.Exit(128 + signal.SIGINT) from error
        except OSError as error:
            if error.errno == errno.EPIPE:  # whoever read us has enough
                _mute()
                raise typer.Exit(0) from error
            _trace()
            notice(f"error: {error.strerror or error}{f' ({error.filename})' if error.filename else ''}")
            raise typer.Exit(1) from error
        except Exception as error:
            if isinstance(getattr(error, "message", None), str):  # a usage error: it quotes what was typed
                error.message = safe(error.message, lines=True)  # type: ignore[attr-defined]
            raise
        return result


app = typer.Typer(
    cls=Boundary,
    name="ltrr",
    help="Local, learning search: one directory holds the index, and learns from what people do with the results.",
    epilog=EPILOG,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(*, wanted: bool) -> None:
    if wanted:
        say(f"ltrr {__version__}")
        raise typer.Exit


@app.callback()
def root(
    *,
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=lambda wanted: _version(wanted=wanted), is_eager=True, help="Print the version."
        ),
    ] = False,
    color: Annotated[
        str,
        typer.Option(metavar="auto|always|never", help="Colours; auto: in terminals, unless NO_COLOR is set."),
    ] = "auto",
) -> None:
    """Take the options that belong to no command."""
    del version  # its callback has done it
    if color not in ("auto", "always", "never"):
        raise UsageError(f"--color: {color[:40]!r} is none of auto, always, never")
    if color == "never":
        os.environ["NO_COLOR"] = "1"
    elif color == "always":
        os.environ.pop("NO_COLOR", None)
        os.environ["FORCE_COLOR"] = "1"


def run() -> None:
    """Run the program and leave with its exit code: 0, 1 for errors, 2 for usage, 128 + signal.

    What was registered to run at exit runs; then it leaves at once: taking the libraries down piece by piece takes a
    sixth of the processor time of a query.
    """
    code: object = 0
    _prepare()
    try:
        app(prog_name="ltrr")
    except SystemExit as left:
        code = left.code
    except KeyboardInterrupt:  # before there was a command that it could interrupt
        code = 130
    except Exception as error:  # noqa: BLE001 – the last line of defence: never a traceback for a user
        code = 130 if _interrupted else 1  # libraries make an ImportError of an interruption
        if not _interrupted:
            _tell_last(error)
    if signal.getsignal(signal.SIGINT) is _signalled:
        signal.signal(signal.SIGINT, leave)
    atexit._run_exitfuncs()  # noqa: SLF001 – as multiprocessing does before os._exit
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError, AttributeError):
            stream.flush()
    os._exit(code if isinstance(code, int) else 0 if code is None else 1)


def _prepare() -> None:
    """Have streams that can be written to, and signals that end the program in order."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # it was closed
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115, PTH123 – for good
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    signal.signal(signal.SIGTERM, _signalled)
    signal.signal(signal.SIGALRM, _signalled)
    if signal.getsignal(signal.SIGINT) in {signal.default_int_handler, leave}:
        signal.signal(signal.SIGINT, _signalled)


def _tell_last(error: Exception) -> None:
    """Tell of what no command has told."""
    _trace()
    if isinstance(error, OSError):
        notice(f"error: {error.strerror or error}")
        return
    what = f"{type(error).__name__}: {error}"
    notice(f"internal error: {what[:500]} – please report it; run with LTRR_DEBUG=1 for the traceback")


_interrupted: list[int] = []
_stopped: list[int] = []
_AGAIN = 0.005
"""Seconds until a signal that came amid an import is looked at again."""


def _signalled(number: int, frame: FrameType | None) -> None:
    """Interrupt as Python does, and remember it; or leave through every `finally`.

    Amid an import only when that is done: native libraries that import others print the traceback, or go on without.
    """
    if number != signal.SIGALRM:
        (_interrupted if number == signal.SIGINT else _stopped).append(number)
    while frame is not None:
        if frame.f_code.co_filename.startswith("<frozen importlib"):
            signal.setitimer(signal.ITIMER_REAL, _AGAIN)
            return
        frame = frame.f_back
    if _stopped:
        sys.exit(128 + _stopped[0])
    if _interrupted:
        raise KeyboardInterrupt


def _mute() -> None:
    """Point standard output at nothing, so that the interpreter's last flush does not fail."""
    with suppress(OSError, ValueError, AttributeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _trace() -> None:
    if os.environ.get("LTRR_DEBUG", "") not in ("", "0"):
        import traceback

        with suppress(OSError):
            traceback.print_exc()
