"""`ltrr simulate`: tables, JSON, repeatable, and one clear error for everything that cannot be simulated."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Ltrr


@pytest.fixture
def files(tmp_path: Path) -> tuple[str | Path, ...]:
    """Return the options that name two queries and their judgments."""
    (tmp_path / "q.tsv").write_text("q0\tlove\nq1\train night\n")
    (tmp_path / "j.tsv").write_text("q0\t0\te20\t2\nq0\t0\te10\t1\nq1\t0\te01\t1\n")
    return "--queries", tmp_path / "q.tsv", "--qrels", tmp_path / "j.tsv"


def _hash(root: Path) -> dict[str, str]:
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in root.rglob("*") if path.is_file()}


def test_json_twice(ltrr: Ltrr, index: Path, files: tuple[str | Path, ...]) -> None:
    """The JSON has means, windows and the ranker; twice it is the same, with another seed not; nothing is changed."""
    before = _hash(index)
    args = ("simulate", "-i", index, *files, "-n", "12", "--learn-every", "4", "--taste", "0.5", "--json")
    row = ltrr(*args, "--model", "cascade").json
    assert row["measure"] == "nDCG@10"
    assert row["sessions"] == sum(window["sessions"] for window in row["windows"]) == 12
    assert row["clicks"] == sum(window["clicks"] for window in row["windows"])
    assert set(row) == {
        "measure", "sessions", "clicks", "score", "untrained", "regret", "untrained_regret", "windows", "ranker",
    }  # fmt: skip
    assert ltrr(*args, "--model", "cascade").json == row
    assert ltrr(*args, "--model", "cascade", "--seed", "7").json != row
    assert _hash(index) == before


def test_tables_reports_and_charts(ltrr: Ltrr, index: Path, files: tuple[str | Path, ...], tmp_path: Path) -> None:
    """A single session is shown, reported and drawn as any number."""
    html, chart = tmp_path / "a.html", tmp_path / "a.png"
    done = ltrr("simulate", "-i", index, *files, "-n", "1", "-m", "RR", "--html", html, "--chart", chart)
    assert done.code == 0, done.err
    assert "Simulated sessions\nSessions: 1, clicks: " in done.out
    assert "RR, all sessions" in done.out
    assert "Cumulative regret" in done.out
    assert "Cumulative regret" in html.read_text()
    assert chart.read_bytes().startswith(b"\x89PNG")


def test_what_is_refused(ltrr: Ltrr, index: Path, files: tuple[str | Path, ...], tmp_path: Path) -> None:
    """Each mistake is one line, with exit code 1 for what was read and 2 for what was typed, and no traceback."""
    cases: list[tuple[int, str, tuple[str | Path, ...]]] = [
        (1, "no index here", ("-i", tmp_path / "none.ltrr", *files)),
        (2, "name --queries and --qrels", ("-i", index)),
        (2, "name --queries and --qrels", ("-i", index, *files[2:])),
        (1, "judgments are missing", ("-i", index, *files[:2])),
        (2, "no click model is called 'eye'", ("-i", index, *files, "--model", "eye")),
        (2, "no measure 'x'", ("-i", index, *files, "-m", "x")),
        (2, "--sessions", ("-i", index, *files, "-n", "0")),
        (2, "--learn-every", ("-i", index, *files, "--learn-every", "0")),
        (2, "users must be from 1", ("-i", index, *files, "--users", "0")),
        (2, "taste must be from 0 to 1, not 2", ("-i", index, *files, "--taste", "2")),
        (2, "noise must be from 0 to 1, not nan", ("-i", index, *files, "--noise", "nan")),
        (2, "folder does not exist", ("-i", index, *files, "--chart", tmp_path / "no" / "a.svg")),
    ]
    for code, message, args in cases:
        done = ltrr("simulate", *args)
        assert (done.code, done.out) == (code, ""), args
        assert message in done.err.replace("\n", " "), (args, done.err)
        assert "Traceback" not in done.err
        assert "internal error" not in done.err
