"""The examples run, and show what they say."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
EXAMPLES = ROOT / "examples"


def run(*command: str | Path) -> str:
    """Run a command with this Python first on the path; returns what it prints."""
    places = [str(Path(sys.executable).parent), os.environ.get("PATH", "")]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LTRR_")}
    environment = {**kept, "PATH": os.pathsep.join(places), "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1"}
    done = subprocess.run(
        list(map(str, command)), env=environment, capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """Return the index that the first example makes, and what it prints."""
    path = tmp_path_factory.mktemp("first") / "x.ltrr"
    return path, run(sys.executable, EXAMPLES / "python_api.py", path)


@pytest.fixture
def index(first: tuple[Path, str], tmp_path: Path) -> Path:
    """Return a copy of that index: built again, it encodes nothing, which saves most of the time."""
    return shutil.copytree(first[0], tmp_path / "x.ltrr")


def test_python_api(first: tuple[Path, str]) -> None:
    """What is played moves up, as the example prints."""
    out = first[1]
    assert out.startswith("1334 entities indexed, 1334 encoded\n")
    moved = re.search(r"after one play, .* moved from 5 to (\d+)", out)
    assert moved is not None, out
    assert int(moved[1]) < 5
    assert out.rstrip().endswith("the prior is live")


def test_custom_strategy(index: Path) -> None:
    """A strategy of one's own finds Bohemian Rhapsody by its initials."""
    out = run(sys.executable, EXAMPLES / "custom_strategy.py", index)
    assert re.search(r"^\d+\. Bohemian Rhapsody \(song\), found by .*initials", out, re.MULTILINE), out


def test_remote_engine(index: Path) -> None:
    """A remote engine, asked by its own client, finds the vectors that ltrr's own arm finds."""
    for name in ("pymilvus", "milvus_lite"):
        pytest.importorskip(name, reason="Milvus Lite is not installed: pip install pymilvus milvus-lite")
    out = run(sys.executable, EXAMPLES / "remote_engine.py", index)
    assert "1334 vectors loaded" in out
    same = re.search(r"of 100 nearest, (\d+) are the same", out)
    assert same is not None
    assert int(same[1]) >= 99
    assert re.search(r"^arms: .*milvus [1-9]", out, re.MULTILINE)


def pipelines() -> list[tuple[str, str, str]]:
    """Return (title, shell script, a part of what it prints) of each pipeline in examples/pipelines.md."""
    text = (EXAMPLES / "pipelines.md").read_text()
    found = re.findall(r"(?ms)^## ([^\n]+)\n\n```sh\n(.*?)^# ([^\n]+)\n```$", text)
    assert len(found) == text.count("\n## ") == 10
    return [(title, script, printed.strip()) for title, script, printed in found]


@pytest.fixture(scope="module")
def desk(first: tuple[Path, str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with an index, the sample's files, and `ltrr`, in which the pipelines run one after another."""
    folder = tmp_path_factory.mktemp("desk")
    shutil.copytree(first[0], folder / "music.ltrr")
    for name in ("queries.jsonl", "qrels.tsv"):
        shutil.copy(ROOT / "data" / "sample" / name, folder)
    program = folder / "bin" / "ltrr"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m ltrr_cli.cli "$@"\n')
    program.chmod(0o755)
    return folder


@pytest.mark.skipif(shutil.which("jq") is None or shutil.which("bash") is None, reason="needs jq and bash")
@pytest.mark.parametrize(("title", "script", "printed"), pipelines(), ids=lambda value: value.split(".")[0][:12])
def test_pipelines(title: str, script: str, printed: str, desk: Path) -> None:
    """Each leaves with 0, and prints what it says."""
    environment = {**os.environ, "PATH": f"{desk / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}"}
    environment |= {"LTRR_INDEX": "music.ltrr", "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1"}
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=desk,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, f"{title}: {done.stderr}"
    assert printed in done.stdout, f"{title}: {done.stdout}"


def test_pipeline(index: Path) -> None:
    """Search, clicks and learning in a shell pipeline: a title comes out, and events are learned."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    if shutil.which("ltrr", path=path) is None:
        pytest.skip("ltrr is not installed")
    out = run("bash", EXAMPLES / "pipeline.sh", index)
    assert re.search(r"^first: .+", out, re.MULTILINE), out
    learned = re.search(r"^events learned: (\d+)", out, re.MULTILINE)
    assert learned is not None, out
    assert int(learned[1]) >= 10
