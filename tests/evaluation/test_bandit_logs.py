"""Logs of other bandits: read whole, or refused with file and line."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

import numpy as np
import pytest
import zstandard

from ltrr_cli.errors import EvaluationError
from ltrr_cli.evaluation.bandit_features import MOST_FEATURES
from ltrr_cli.evaluation.bandit_logs import kind_of, read_bandit_log
from ltrr_cli.evaluation.notes import Notes

if TYPE_CHECKING:
    from pathlib import Path

HEADER = ",timestamp,item_id,position,click,propensity_score,user_feature_0,user-item_affinity_0"
TABLE = (
    f"{HEADER}\n0,2019-11-24,14,3,0,0.5,young,0.0\n1,2019-11-24,2,1,1,0.25,old,1.0\n2,2019-11-24,14,1,0,0.5,young,0\n"
)


def test_vowpal_wabbit_by_hand(tmp_path: Path) -> None:
    """Labels, tags, namespaces with weights, available actions without a cost; the reward is minus the cost."""
    path = tmp_path / "log.vw"
    path.write_text(
        "3:0.5:0.2 | a:1 b\n\n1 2:0:0.4 3 'tag|user:2 a:3 |item b c:x\r\n1:1:1 tag| a:-2\n| a:1\n2:0.25:0.5\n"
    )
    notes = Notes()
    log = read_bandit_log(path, notes)
    assert log.actions == ("3", "2", "1")
    assert log.action.tolist() == [0, 1, 2, 1]
    assert log.places == ("",)
    assert log.rewards.tolist() == [-0.5, 0, -1, -0.25]
    assert log.propensities.tolist() == [0.2, 0.4, 1, 0.5]
    assert (log.low, log.high) == (-1, 0)
    assert notes.counts == {"empty_lines": 1, "unlabelled": 1}
    # ^a is 1 and -2, ^b 1, user^a 3·2 = 6, item^b and item^c:x 1: each column by its largest value
    columns = {tuple(column) for column in log.context.T.tolist()}
    assert columns == {(0.5, 0, -1, 0), (1, 0, 0, 0), (0, 1, 0, 0)}
    assert log.context.shape == (4, 5)


def test_open_bandit_by_hand(tmp_path: Path) -> None:
    """Items, positions, clicks and propensities; user features become columns, one for each value."""
    path = tmp_path / "log.csv"
    path.write_text(TABLE)
    log = read_bandit_log(path, Notes())
    assert log.actions == ("14", "2")
    assert log.places == ("3", "1")
    assert log.action.tolist() == [0, 1, 0]
    assert log.place.tolist() == [0, 1, 1]
    assert log.rewards.tolist() == [0, 1, 0]
    assert log.propensities.tolist() == [0.5, 0.25, 0.5]
    assert {tuple(column) for column in log.context.T.tolist()} == {(1, 0, 1), (0, 1, 0)}
    assert (log.low, log.high) == (0, 1)


@pytest.mark.parametrize("suffix", [".gz", ".zst"])
def test_compressed_logs(tmp_path: Path, suffix: str) -> None:
    """Compressed files are read like plain ones."""
    packed = gzip.compress(TABLE.encode()) if suffix == ".gz" else zstandard.compress(TABLE.encode())
    path = tmp_path / f"log.csv{suffix}"
    path.write_bytes(packed)
    assert kind_of(path, Notes()) == "obd"
    assert (read_bandit_log(path, Notes()).low, read_bandit_log(path, Notes()).high) == (0, 1)
    assert read_bandit_log(path, Notes()).rewards.tolist() == [0, 1, 0]
    path.write_bytes(packed[: len(packed) - 8])
    with pytest.raises(EvaluationError):
        read_bandit_log(path, Notes())


def test_costs_of_any_size(tmp_path: Path) -> None:
    """Costs beyond 0 to 1 give the range that was seen, with 0 in it; others, and gains to 1, all they could be."""
    path = tmp_path / "log.vw"
    for costs, expected in (((0, 0), (-1, 0)), ((0, 0.5), (-1, 0)), ((-1, 0), (0, 1)), ((-0.5, 0.5), (-0.5, 0.5))):
        path.write_text("".join(f"1:{cost}:0.5 | a\n" for cost in costs))
        log = read_bandit_log(path, Notes())
        assert (log.low, log.high) == expected
    path.write_text("1:-3:0.5 | a\n2:5:0.5 | b\n")
    log = read_bandit_log(path, Notes())
    assert log.rewards.tolist() == [3, -5]
    assert (log.low, log.high) == (-5, 3)
    path.write_text("1:-3:0.5 | a\n2:-0.5:0.5 | b\n")
    log = read_bandit_log(path, Notes())
    assert (log.low, log.high) == (0, 3)


def test_the_features_that_vary_most_are_kept(tmp_path: Path) -> None:
    """Of many features at most MOST_FEATURES become columns; constants, huge and odd values do no harm."""
    rng = np.random.default_rng(0)
    lines = []
    for number in range(60):
        some = " ".join(f"f{name}" for name in range(40) if rng.random() < name / 80)
        lines.append(f"1:0:0.5 | constant {some} huge:1e308 odd:nan bad:1e999 |n:1e300 x:1e300 y{number}\n")
    path = tmp_path / "log.vw"
    path.write_text("".join(lines))
    context = read_bandit_log(path, Notes()).context
    assert context.shape == (60, MOST_FEATURES)
    assert np.isfinite(context).all()
    assert context.std(axis=0).min() > 0.3


@pytest.mark.parametrize(
    ("text", "said", "line"),
    [
        ("", "no logged rounds", ""),
        ("\n\n", "no logged rounds", ""),
        ("hello world\n", "no log with propensities", ":1"),
        ("3:0.5 | a\n", "has no probability", ":1"),
        ("1:0:0.5 | a\n1:0:0 | a\n", "propensity 0 is not", ":2"),
        ("1:0:0.5 | a\n1:0:1.2 | a\n", "propensity 1.2 is not", ":2"),
        ("1:0:0.5 | a\n1:1:1e-300 | a\n", "propensity 1e-300 is not", ":2"),
        ("1:0:nan | a\n", "propensity 'nan' is not a number", ":1"),
        ("1:x:0.5 | a\n", "cost 'x' is not a number", ":1"),
        ("1:1e13:0.5 | a\n", "cost '1e13' is not a number", ":1"),
        ("1:0:0.5\n" + "9" * 5000 + ":0:0.5 | a\n", "is no label", ":2"),
        ("1:0:0.5 | a\n1:0:0.5:7 | a\n", "is no label", ":2"),
        ("1:0:0.5 | a\nclick 3\n", "'click' is no label", ":2"),
        ("1:0:0.5 2:1:0.5 | a\n", "2 actions have a cost", ":1"),
        ("shared | s\n0:0.1:0.5 | a\n\n", "cb_adf", ":1"),
        ("1 2 | a\n| b\n", "no line has a label", ""),
        ("1:0:0.5 | \u00e9\n".encode("latin-1"), "not UTF-8", ":1"),
        (TABLE + "3,2019,14,3,0,0.5,young\n", "8 columns, as in the header expected, found 7", ":5"),
        (TABLE + "3,2019,14,3,2,0.5,young,0\n", "click '2' is neither", ":5"),
        (TABLE + "3,2019,14,3,0,0,young,0\n", "propensity 0 is not", ":5"),
        (TABLE.replace("propensity_score", "p"), "no propensity_score", ":1"),
        (TABLE.replace("item_id", "item").replace("click", "clicked"), "no item_id, click", ":1"),
        (f"{HEADER}\n", "no line has", ""),
        (TABLE.encode("utf-16"), "UTF-16", ""),
        (TABLE.encode() + b"3,2019,\xff,3,0,0.5,young,0\n", "not UTF-8", ":5"),
        ('{"query_id": "q"}\n', "JSON lines", ""),
    ],
)
def test_what_cannot_be_used(tmp_path: Path, text: str | bytes, said: str, line: str) -> None:
    """Anything else is one error that names the file, and the line where there is one."""
    path = tmp_path / "log"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(EvaluationError, match=said) as caught:
        read_bandit_log(path, Notes())
    assert caught.value.where == f"{path}{line}"
    assert caught.value.next


def test_more_actions_than_fit(tmp_path: Path) -> None:
    """A column of ids in the place of positions is refused, before it takes all memory."""
    path = tmp_path / "log.csv"
    path.write_text("item_id,position,click,propensity_score\n" + "".join(f"{n},{n},0,0.5\n" for n in range(5000)))
    with pytest.raises(EvaluationError, match="5,000 actions in 5,000 positions"):
        read_bandit_log(path, Notes())


def test_no_such_file(tmp_path: Path) -> None:
    """A file that is not there is an error with its name."""
    with pytest.raises(EvaluationError, match="no file"):
        read_bandit_log(tmp_path / "missing.vw", Notes())
