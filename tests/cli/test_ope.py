"""`ltrr ope`: tables for people, JSON for programs, warnings on standard error."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import typer

from ltrr_cli.cli import ope
from ltrr_cli.cli.main import Boundary
from ltrr_cli.engine import Engine

if TYPE_CHECKING:
    from pathlib import Path

VW = "".join(f"{1 + number % 2}:{-(number % 4 == 1) * 1.0:g}:0.5 | x:{number % 3}\n" for number in range(400))


@pytest.fixture
def app() -> typer.Typer:
    """Return a program with this command alone, behind the error boundary."""
    made = typer.Typer(cls=Boundary, pretty_exceptions_enable=False, rich_markup_mode=None)
    made.callback()(lambda: None)
    made.command(name="ope", help=ope.HELP, epilog=ope.EPILOG)(ope.ope)
    return made


class Run:
    """Runs the command; keeps what it wrote."""

    def __init__(self, app: typer.Typer, capsys: pytest.CaptureFixture[str]) -> None:
        self._app, self._capsys = app, capsys

    def __call__(self, *args: str | Path) -> tuple[int, str, str]:
        """Return exit code, standard output and standard error."""
        with pytest.raises(SystemExit) as left:
            self._app(["ope", *map(str, args)], prog_name="ltrr")
        out, err = self._capsys.readouterr()
        return int(left.value.code or 0), out, err


@pytest.fixture
def run(app: typer.Typer, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """Return a function that runs `ltrr ope` in an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("LTRR_INDEX", raising=False)
    return Run(app, capsys)


@pytest.fixture
def logged(index: Path) -> Path:
    """Return an index that has answered 40 queries, 20 of them clicked."""
    with Engine.open(index) as engine:
        for number in range(40):
            answer = engine.search(("love rain", "night", "dance gold")[number % 3], k=5, seed=number)
            if number % 2:
                engine.record(answer.query_id, answer.results[0].id, "click")
    return index


def _json(text: str) -> Any:
    import json

    return json.loads(text)


def test_a_vowpal_wabbit_log(run: Run, tmp_path: Path) -> None:
    """Action 2 earned 1 in half of its rounds: 0.5 by IPS; estimates, intervals and support are in the JSON."""
    (tmp_path / "log.vw").write_text(VW)
    code, out, err = run("log.vw", "--policy", "action:2", "--policy", "uniform", "--json")
    assert (code, err) == (0, "")
    found = _json(out)
    assert (found["rounds"], found["rewarded"]) == (400, 100)
    assert list(found["policies"]) == ["logged", "action:2", "uniform"]
    two = found["policies"]["action:2"]
    assert two["estimates"]["ips"]["estimate"] == pytest.approx(0.5)
    assert two["estimates"]["ips"]["range_of_terms"] == [0, 2]
    assert (two["effective_rounds"], two["supported"], two["mean_weight"]) == (200, 0.5, 1)
    assert list(two["estimates"]) == ["ips", "clipped", "direct", "dr", "snips", "sndr"]
    low, high = two["estimates"]["dr"]["bootstrap"]
    assert low < 0.5 < high
    assert found["policies"]["logged"]["estimates"]["ips"]["estimate"] == pytest.approx(0.25)


def test_tables(run: Run, tmp_path: Path) -> None:
    """A table for each policy, with its support above; warnings go to standard error, notes too."""
    (tmp_path / "log.vw").write_text(VW + "| unlabelled\n")
    code, out, err = run("log.vw", "-p", "action:2", "--clip", "1.5")
    assert code == 0
    assert "Policy logged" in out
    assert "400 rounds, 100 with a reward" in out
    assert "The log is worth 200.0 rounds of it; it may take 50.0% of the logged actions" in out
    rows = [line.split() for line in out.splitlines()]
    assert next(row for row in rows if row[:1] == ["ips"])[1] == "0.50000"
    assert next(row for row in rows if row[:1] == ["clipped"])[1] == "0.37500"
    assert "weights above 1.5 (50.0% of rounds) are cut: up to about 0.25 too near to 0" in out
    assert "Side by side" in out
    assert "note: lines without a cost and a probability, left out: 1 (first: log.vw:401)" in err
    (tmp_path / "few.vw").write_text("1:0:0.5 | a\n2:-1:0.5 | b\n")
    code, out, err = run("few.vw")
    assert code == 0
    assert "warning: uniform: the log is worth 2.0 rounds of the target only" in err


def test_our_own_log(run: Run, logged: Path) -> None:
    """Without LOG the nearest index is taken, with its live policy and the equal split; rankers on request."""
    code, out, err = run("-i", logged, "--json")
    assert code == 0
    found = _json(out)
    assert (found["rounds"], found["rewarded"]) == (40, 20)
    assert list(found["policies"]) == ["logged", "live", "equal"]
    assert found["policies"]["logged"]["estimates"]["ips"]["estimate"] == pytest.approx(0.15)
    assert "warning: logged: the log is worth 40.0 rounds" in err
    code, out, _ = run(logged, "-p", "single:semantic", "-r", "prior", "--json")
    assert code == 0
    assert list(_json(out)["rankers"]) == ["logged", "prior"]
    assert _json(out)["rankers"]["logged"]["estimate"] == pytest.approx(0.15)
    code, out, _ = run(logged / "log", "-i", logged, "-r", "live")
    assert code == 0
    assert "Rankers, on the pages that were shown" in out


@pytest.mark.parametrize(
    ("args", "code", "said"),
    [
        (("bad.vw",), 1, "propensity 0 is not from 1e-09 to 1 (bad.vw:2)"),
        (("empty.vw",), 1, "this file holds no logged rounds (empty.vw)"),
        (("nothing.vw",), 1, "there is no file 'nothing.vw'"),
        (("good.vw", "-p", "nobody"), 2, "there is no policy 'nobody' for such a log"),
        (("good.vw", "-p", "action:77"), 2, "the log has no action '77'"),
        (("good.vw", "-p", "log:nothing.vw"), 1, "there is no file 'nothing.vw'"),
        (("good.vw", "--clip", "0"), 2, "--clip: 0 is not above 0"),
        (("good.vw", "--clip", "nan"), 2, "--clip: nan"),
        (("good.vw", "bad.vw"), 2, "cannot be evaluated together"),
        ((), 1, "there is no index"),
    ],
)
def test_mistakes(run: Run, tmp_path: Path, args: tuple[str, ...], code: int, said: str) -> None:
    """Each is one line on standard error, nothing on standard output, and the right exit code."""
    (tmp_path / "good.vw").write_text(VW)
    (tmp_path / "bad.vw").write_text("1:0:0.5 | a\n1:0:0 | a\n")
    (tmp_path / "empty.vw").write_text("")
    left, out, err = run(*args)
    assert (left, out) == (code, "")
    assert said in err
    assert len(err.strip().splitlines()) == 1
