"""Nothing is written outside the index, and nothing in it is executed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ltrr_cli.engine import Engine

ROOT = Path(__file__).parents[2]
ALL = """
import sys
from ltrr_cli import Engine
catalog, root, encoder = sys.argv[1:]
Engine.build(catalog, root, encoder=encoder)
with Engine.open(root) as engine:
    answer = engine.search("love", user="ana")
    engine.record(answer.query_id, answer.results[1].id)
    engine.learn()
    engine.info()
Engine.build(catalog, root, add=True)
Engine.delete(root, ["e00"])
Engine.relearn(root)
assert not [name for name in sys.modules if name.startswith(("onnxruntime.tools", "torch", "pickle5"))]
"""


def test_nothing_is_written_elsewhere(catalog: Path, encoder: str, tmp_path: Path) -> None:
    """Build, search, record and all the rest leave home, temporary and current directories empty."""
    places = {name: tmp_path / name for name in ("HOME", "TMPDIR", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "cwd")}
    for path in places.values():
        path.mkdir()
    environment = {name: str(path) for name, path in places.items()}
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("ORT_", "LTRR_"))}
    done = subprocess.run(
        [sys.executable, "-B", "-c", ALL, str(catalog), str(tmp_path / "x.ltrr"), encoder],
        env={**kept, **environment, "PYTHONPATH": str(ROOT)},
        cwd=places["cwd"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert [str(found) for path in places.values() for found in path.rglob("*")] == []
    expected = {"encoder", "learned", "locks", "log", "ltrr.toml", "manifest.json", "segments"}
    assert {path.name for path in (tmp_path / "x.ltrr").iterdir()} == expected


def test_searching_imports_no_polars(index: Path) -> None:
    """Polars costs a tenth of a second: answering and recording do without it."""
    code = "import sys; from ltrr_cli import Engine\nwith Engine.open(sys.argv[1]) as engine:\n"
    code += "    answer = engine.search('love'); engine.record(answer.query_id, answer.results[0].id)\n"
    code += "print('polars' in sys.modules, 'typer' in sys.modules)"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", code, str(index)], env=environment, capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.stderr) == ("False False\n", "")


@pytest.mark.parametrize("suffix", [".py", ".pkl", ".pickle", ".so", ".pt", ".bin.index"])
def test_nothing_executable_in_an_index(index: Path, suffix: str) -> None:
    """An index holds no file that is executed or unpickled when it is opened."""
    with Engine.open(index) as engine:
        engine.learn(now=1_750_000_000.0)
    assert not list(index.rglob(f"*{suffix}"))
    for path in index.rglob("*.npy"):
        assert b"'|O'" not in path.read_bytes()[:128]
