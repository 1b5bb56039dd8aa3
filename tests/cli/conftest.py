"""A small index, `ltrr` in this process, `ltrr` as a process, and `ltrr` in a terminal."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import select
import shutil
import struct
import subprocess
import sys
import termios
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import pytest

from ltrr_cli.cli.main import app
from ltrr_cli.engine import Engine

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ROOT = Path(__file__).parents[2]
PROGRAM = [sys.executable, "-m", "ltrr_cli.cli"]
PROMPT = r"ltrr>[\s\x08]*$"
"""The prompt at the end of what came: the editor clears a few lines below it."""
EVIL = "\x1b[31mEvil\x1b]0;owned\x07 love\u202e \x9b2J\x7f end"
_THEMES = ("love", "rain", "summer", "night", "train", "home", "river", "gold", "winter", "dance")
_ESCAPE = re.compile(r"\x1b(?:\[[0-9;?]*[ -/]*[@-~]|\][^\x07]*\x07|[()][A-Z0-9]|[=>])")


@dataclass(frozen=True, kw_only=True)
class Done:
    """How a run ended, and what it wrote."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """What it wrote, decoded."""
        return json.loads(self.out)

    @property
    def rows(self) -> list[Any]:
        """The JSON lines that it wrote."""
        return [json.loads(line) for line in self.out.splitlines()]


class Ltrr(Protocol):
    """Runs `ltrr`."""

    def __call__(self, *args: str | Path, stdin: str | bytes | None = None, **env: str) -> Done:
        """Run it with arguments, standard input and further environment variables."""


class Terminal:
    """A process in a terminal of some size; what it writes is read without escape sequences."""

    def __init__(self, args: list[str], *, columns: int, env: dict[str, str], stdout: int | None = None) -> None:
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
        out = slave if stdout is None else stdout
        self.process = subprocess.Popen(
            [*PROGRAM, *args], stdin=slave, stdout=out, stderr=slave, env=_environment(env), start_new_session=True
        )
        os.close(slave)
        self._ready = select.poll()  # select() knows no descriptor beyond 1,023
        self._ready.register(self.master, select.POLLIN)
        self.raw = ""

    def until(self, pattern: str, *, seconds: float = 60) -> str:
        """Read until a pattern matches what has come since the last call; returns that."""
        text, end = "", time.monotonic() + seconds
        while not re.search(pattern, text):
            assert time.monotonic() < end, f"no {pattern!r} in {text!r}"
            if self._ready.poll(100):
                try:
                    piece = os.read(self.master, 65536).decode(errors="replace")
                except OSError:  # the other side is closed
                    piece = ""
                assert piece, f"ended without {pattern!r}: {text!r}"
                self.raw += piece
                text = _ESCAPE.sub("", text + piece).replace("\r", "")
        return text

    def type(self, line: str, pattern: str = PROMPT) -> str:
        """Type a line, and read until the next prompt."""
        os.write(self.master, line.encode() + b"\r")
        return self.until(rf"(?s){re.escape(line)}.*\n.*{pattern}")

    def leave(self) -> int:
        """Press Ctrl-D; returns the exit code."""
        os.write(self.master, b"\x04")
        return self.process.wait(60)

    def close(self) -> None:
        """End the process if it has not ended."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self.master)


class Open(Protocol):
    """Opens a terminal."""

    def __call__(self, *args: str | Path, columns: int = 80, stdout: int | None = None, **env: str) -> Terminal:
        """Run `ltrr` in a terminal of so many columns."""


def _environment(more: dict[str, str]) -> dict[str, str]:
    dropped = ("LTRR_", "NO_COLOR", "FORCE_COLOR", "COLUMNS", "LINES", "PYTHONIOENCODING", "TERM", "_LTRR")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(dropped)}
    return {"TERM": "xterm", **kept, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1", **more}


def entities() -> list[dict[str, object]]:
    """Return 40 songs and albums; one has a title that would take over a terminal."""
    rows: list[dict[str, object]] = []
    for number in range(39):
        theme, other = _THEMES[number % 10], _THEMES[(number * 7 + 3) % 10]
        rows.append(
            {
                "id": f"e{number:02d}",
                "type": "album" if number % 4 == 3 else "song",
                "title": f"{theme} {other} {number}".title(),
                "text": f"Number {number} is about {theme}, {other} and a long way to somewhere else altogether.",
                "popularity": 100 - 2 * number,
                "genres": ["pop" if number % 2 else "rock"],
            }
        )
    evil = {"id": "evil", "type": "song", "title": EVIL, "text": f"Text {EVIL}", "popularity": 1, "genres": ["\x1b[2J"]}
    return [*rows, evil]


@pytest.fixture(scope="session")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a catalogue file of 40 entities."""
    path = tmp_path_factory.mktemp("catalog") / "songs.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in entities()))
    return path


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory, catalog: Path) -> Path:
    """Return an index of it that nobody may change."""
    path = tmp_path_factory.mktemp("built") / "songs.ltrr"
    Engine.build(catalog, path)
    return path


@pytest.fixture
def index(built: Path, tmp_path: Path) -> Path:
    """Return a copy of the index."""
    return shutil.copytree(built, tmp_path / "songs.ltrr")


@pytest.fixture
def ltrr(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> Ltrr:
    """Return `ltrr` as a function of this process; it does not read standard input."""
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    monkeypatch.delenv("LTRR_INDEX", raising=False)
    monkeypatch.setenv("COLUMNS", "80")

    def call(*args: str | Path, stdin: str | bytes | None = None, **env: str) -> Done:
        assert stdin is None
        for name, value in env.items():
            monkeypatch.setenv(name, value)
        with pytest.raises(SystemExit) as left:
            app([str(arg) for arg in args], prog_name="ltrr")
        out, err = capsys.readouterr()
        return Done(code=int(left.value.code or 0), out=out, err=err)

    return call


@pytest.fixture
def process(tmp_path: Path) -> Ltrr:
    """Return `ltrr` as a process in an empty folder."""
    folder = tmp_path / "cwd"
    folder.mkdir()

    def call(*args: str | Path, stdin: str | bytes | None = None, **env: str) -> Done:
        given = stdin.encode() if isinstance(stdin, str) else stdin or b""
        done = subprocess.run(
            [*PROGRAM, *map(str, args)],
            input=given,
            capture_output=True,
            check=False,
            cwd=folder,
            env=_environment(env),
            timeout=120,
        )
        return Done(code=done.returncode, out=done.stdout.decode(), err=done.stderr.decode())

    return call


@pytest.fixture
def terminal() -> Iterator[Open]:
    """Return a function that runs `ltrr` in a terminal."""
    opened: list[Terminal] = []

    def call(*args: str | Path, columns: int = 80, stdout: int | None = None, **env: str) -> Terminal:
        opened.append(Terminal([str(arg) for arg in args], columns=columns, stdout=stdout, env=env))
        return opened[-1]

    yield call
    for one in opened:
        one.close()


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Any]:
    """Return a function that starts `ltrr` with pipes, and stops it in the end."""
    started: list[subprocess.Popen[bytes]] = []

    def call(*args: str | Path, program: Sequence[str] = PROGRAM, **env: str) -> subprocess.Popen[bytes]:
        pipe = subprocess.PIPE
        command = [*program, *map(str, args)]
        started.append(
            subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, env=_environment(env), cwd=tmp_path)
        )
        return started[-1]

    yield call
    for one in started:
        if one.poll() is None:
            one.kill()
        one.communicate()
