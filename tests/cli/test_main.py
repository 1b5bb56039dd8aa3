"""The program: help, imports, exit codes, signals, pipes that close."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import typer

from ltrr_cli import __version__
from ltrr_cli.cli.main import COMMANDS, app

if TYPE_CHECKING:
    from tests.cli.conftest import Ltrr, Open

ROOT = Path(__file__).parents[2]
HEAVY = {"numpy", "polars", "onnxruntime", "tantivy", "usearch", "tokenizers", "prompt_toolkit"}


def _commands() -> list[tuple[str, ...]]:
    """Return the path of every command and group."""
    out: list[tuple[str, ...]] = []

    def walk(command: Any, path: tuple[str, ...]) -> None:
        out.append(path)
        for name, inner in getattr(command, "commands", {}).items():
            walk(inner, (*path, name))

    walk(typer.main.get_command(app), ())
    return out


def _imported(*args: str) -> set[str]:
    """Return the top-level modules that a run of `ltrr` imports."""
    code = "import sys, atexit; atexit.register(lambda: print('\\n', *sys.modules, file=sys.stderr))\n"
    code += f"sys.argv = ['ltrr', *{list(args)!r}]\nfrom ltrr_cli.cli.main import run\nrun()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    return {name.partition(".")[0] for name in done.stderr.split()}


@pytest.mark.parametrize("path", _commands(), ids=" ".join)
def test_help_fits_80_columns(path: tuple[str, ...], ltrr: Ltrr) -> None:
    """Every command's help fits, names its options, and shows an example."""
    done = ltrr(*path, "--help")
    assert done.code == 0
    assert max(map(len, done.out.splitlines())) <= 80
    groups = ("index", "feedback", "policy", "ranker", "encoder", "user", "memory", "config", "cluster")
    if path not in [(name,) for name in groups]:
        assert re.search("Examples:|For example:|Start here:", done.out)
        assert "  ltrr " in done.out


@pytest.mark.parametrize("path", _commands(), ids=" ".join)
def test_every_option_has_help(path: tuple[str, ...]) -> None:
    """No parameter is undocumented."""
    command: Any = typer.main.get_command(app)
    for name in path:
        command = command.commands[name]
    assert [param.name for param in command.params if not getattr(param, "help", "")] == []


def test_help_and_queries_import_only_what_they_need(built: Path) -> None:
    """Help imports no engine; a query for a script imports no table, colour or prompt library."""
    assert not _imported("--help") & HEAVY
    assert not _imported("--version") & HEAVY
    found = _imported("query", "love", "--json", "--no-log", "--index", str(built))
    assert "tantivy" in found
    assert not found & {"polars", "prompt_toolkit"}
    if "rich" not in _imported("--version"):  # typer before 0.16 imports it anyway
        assert "rich" not in found


def test_version(ltrr: Ltrr) -> None:
    """One line says which version this is."""
    assert ltrr("--version").out == f"ltrr {__version__}\n"


def test_usage_errors_leave_with_2(ltrr: Ltrr) -> None:
    """Unknown commands and options are said so, without escape sequences."""
    for args in (["nonsense"], ["query", "--nonsense"], ["index", "build"], ["query", "x", "--seed", "-1"]):
        done = ltrr(*args)
        assert (done.code, done.out) == (2, "")
        assert "Usage:" in done.err
    assert "\x1b" not in ltrr("query", "-\x1b[31m").err


def test_no_arguments_show_help(ltrr: Ltrr) -> None:
    """`ltrr` alone shows what there is."""
    done = ltrr()
    assert "Commands:" in done.out + done.err


def test_errors_say_what_where_and_next(ltrr: Ltrr, tmp_path: Path) -> None:
    """A mistake gives one line and exit code 1; a wrong call gives 2."""
    done = ltrr("index", "info", "--index", tmp_path / "none.ltrr")
    assert (done.code, done.out) == (1, "")
    assert re.fullmatch(r"error: .+ \(.*none\.ltrr.*\) – .+\n", done.err)
    done = ltrr("query", "x", "--strategies", "lexical:deep")
    assert done.code == 2
    assert done.err.startswith("error: --strategies: 'lexical:deep' is not NAME or NAME:DEPTH")


def test_an_error_message_cannot_write_to_the_terminal(ltrr: Ltrr, tmp_path: Path) -> None:
    """A file name with an escape sequence is shown escaped."""
    done = ltrr("index", "build", tmp_path / "\x1b[31mx.jsonl", "--index", tmp_path / "x.ltrr")
    assert done.code == 1
    assert "\\x1b[31mx" in done.err
    assert "\x1b" not in done.err


@pytest.mark.parametrize(("debug", "lines"), [("", 1), ("1", 5)])
def test_internal_errors_are_one_line(debug: str, lines: int) -> None:
    """A defect of ours gives one line that says so; the traceback only on request."""
    code = "from ltrr_cli.cli import main, query\nquery.find_index = lambda _: 1 / 0\nmain.run()"
    done = subprocess.run(
        [sys.executable, "-c", code, "query", "x"],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env={**os.environ, "LTRR_DEBUG": debug},
    )
    assert (done.returncode, done.stdout) == (1, "")
    last = done.stderr.splitlines()[-1]
    assert last.startswith("internal error: ZeroDivisionError: division by zero – please report it")
    assert len(done.stderr.splitlines()) >= lines
    assert ("Traceback" in done.stderr) == bool(debug)


@pytest.mark.parametrize(("sent", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_signals(sent: signal.Signals, code: int, running: Any, built: Path) -> None:
    """Interrupted or terminated, it leaves with the code that shells expect, and without a traceback."""
    process = running("query", "--no-log", "--index", built)
    process.stdin.write(b"love\n")
    process.stdin.flush()
    assert process.stdout.readline().startswith(b'{"query_id"')
    process.send_signal(sent)
    assert process.wait(60) == code
    assert process.stderr.read() == b""


@pytest.mark.parametrize(("sent", "codes"), [(signal.SIGINT, {130}), (signal.SIGTERM, {143, -signal.SIGTERM})])
def test_signals_while_it_starts(sent: signal.Signals, codes: set[int], running: Any, built: Path) -> None:
    """Whenever the signal comes, it leaves quietly: not with what a library says that was being imported."""
    code = (
        "import signal\nfrom ltrr_cli.cli import run\nown = signal.signal\n"
        "def told(*args):\n    signal.signal = own\n    own(*args)\n    print('begun', flush=True)\n"
        "signal.signal = told\nrun()"
    )
    done = set()
    for delay in range(0, 400, 25):
        process = running("query", "love", "--no-log", "--index", built, program=(sys.executable, "-c", code))
        assert process.stdout.readline() == b"begun\n"
        time.sleep(delay / 1000)
        process.send_signal(sent)  # nobody is told of a process that is gone
        out, err = process.communicate(timeout=60)
        done.add(process.returncode)
        assert err == b""
        assert process.returncode in codes or (process.returncode == 0 and out)
    assert done & codes


def test_a_reader_that_has_enough(running: Any, built: Path) -> None:
    """`| head -1` ends it quietly."""
    process = running("query", "--no-log", "--index", built)
    process.stdin.write(b"love\n")
    process.stdin.flush()
    assert process.stdout.readline()
    process.stdout.close()
    process.stdin.write(b"rain\n" * 3)
    process.stdin.close()
    assert process.wait(60) == 0
    assert process.stderr.read() == b""
    process.stdin = process.stdout = None


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_is_an_error(built: Path) -> None:
    """Output that cannot be written is said so, once."""
    command = [sys.executable, "-m", "ltrr_cli.cli", "query", "love", "--json", "--no-log", "--index", str(built)]
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, check=False, cwd=ROOT)
    assert done.returncode == 1
    assert done.stderr == b"error: No space left on device\n"


def test_colours_obey_no_color(terminal: Open, built: Path) -> None:
    """A terminal gets colours; with NO_COLOR, or when it is dumb, it does not."""
    cases: list[tuple[dict[str, Any], bool]] = [({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)]
    for env, coloured in cases:
        opened = terminal("query", "love", "--no-log", "--index", built, **env)
        opened.until("ms\n")
        assert bool(re.search(r"\x1b\[[0-9;]*3[0-9]", opened.raw)) is coloured


def test_completion(process: Ltrr) -> None:
    """Shells get the commands."""
    done = process(_LTRR_COMPLETE="complete_bash", COMP_WORDS="ltrr ", COMP_CWORD="1")
    assert done.out.split() == [
        "index",
        "query",
        "understand",
        "recommend",
        "related",
        "feedback",
        "learn",
        "memory",
        "policy",
        "ranker",
        "user",
        "evaluate",
        "replay",
        "simulate",
        "ope",
        "compare",
        "split",
        "encoder",
        "serve",
        "cluster",
        "config",
        "doctor",
    ]


def test_short_helps_are_those_of_the_groups(ltrr: Ltrr) -> None:
    """`ltrr --help` imports no command, so it repeats what groups say of themselves; it lists all of them."""
    out = ltrr("--help").out
    assert all(re.search(rf"^  {name} +\S", out, re.MULTILINE) for name in COMMANDS)
    for name, command in typer.main.get_command(app).commands.items():  # type: ignore[attr-defined]
        if getattr(command, "commands", None):
            assert command.help.startswith(COMMANDS[name].rstrip(".").split(",")[0]), name


NOT_THERE = {
    1: [
        "index show nope", "index delete nope", "related nope", "user show nope", "user export nope",
        "user forget nope --yes", "feedback undo nope", "feedback record nope nope click", "policy rollback 99",
        "ranker promote 99", "ranker rollback 99", "query --query-id nope --offset 1", "memory forget nope",
    ],
    2: [
        "query love --strategies nope", "query love --filter nope=1", "query love --facets nope",
        "query love --cap nope:1", "policy show nope", "config set nope 1", "nope", "query love --nope",
    ],
    3: ["index delete e00 nope"],
}  # fmt: skip


@pytest.mark.parametrize(("code", "line"), [(code, line) for code, lines in NOT_THERE.items() for line in lines])
def test_what_is_not_there(code: int, line: str, ltrr: Ltrr, index: Path) -> None:
    """An id, a user or a version is looked for and not found; a name of none is a wrong call."""
    assert ltrr(*line.split(), LTRR_INDEX=str(index)).code == code


@pytest.mark.parametrize("closed", ["stdout", "stderr"])
def test_a_closed_stream_is_no_error(closed: str) -> None:
    """As `ltrr --version >&-` has it: nothing is written, and nothing fails."""
    code = f"import sys\nsys.{closed} = None\nsys.argv = ['ltrr', '--version']\nfrom ltrr_cli.cli import run\nrun()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=ROOT)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("ltrr " if closed == "stderr" else "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is full")
def test_a_full_device_is_told() -> None:
    """One line, exit code 1."""
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "ltrr_cli.cli", "--version"],
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
            cwd=ROOT,
        )
    assert (done.returncode, done.stderr.decode()) == (1, "error: No space left on device\n")


def test_help_imports_no_command() -> None:
    """Neither the engine nor a command's module is loaded to list the commands."""
    code = "import sys, atexit; atexit.register(lambda: print('\\n', *sys.modules, file=sys.stderr))\n"
    code += "sys.argv = ['ltrr', '--help']\nfrom ltrr_cli.cli.main import run\nrun()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    loaded = {name for name in done.stderr.split() if name.startswith("ltrr_cli.")}
    light = {"ltrr_cli.cli", "ltrr_cli.cli.main", "ltrr_cli.cli.text", "ltrr_cli.errors"}
    assert loaded <= light | {"ltrr_cli.wire", "ltrr_cli.wire.text"}
