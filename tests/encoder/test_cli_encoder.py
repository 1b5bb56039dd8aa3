"""`ltrr encoder` shows, exports and measures; mistakes stay LtrrErrors for the boundary of the main program."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from ltrr_cli.cli.encoder import app
from ltrr_cli.encoder import Encoder
from ltrr_cli.errors import EncoderError

if TYPE_CHECKING:
    from collections.abc import Callable

runner = CliRunner()
TINY = Path(__file__).parents[1] / "fixtures" / "tiny-encoder"


def test_info_as_json_and_as_a_table() -> None:
    """Both forms show the shipped encoder's name, width, hash and licence."""
    result = runner.invoke(app, ["info", "--json"])
    assert result.exit_code == 0, result.output
    fields = json.loads(result.stdout)
    assert (fields["dim"], fields["max_tokens"], fields["precision"]) == (384, 256, "int8")
    assert fields["licence"] == "Apache-2.0"
    assert fields["sha256"] == Encoder.open().sha256
    assert fields["bytes"] < 30e6
    table = runner.invoke(app, ["info"], env={"COLUMNS": "200"})
    assert "sentence-transformers/all-MiniLM-L6-v2" in table.stdout


def test_export_then_info(make_model: Callable[..., Path], tmp_path: Path) -> None:
    """What export prints is what info says about the new folder."""
    out = str(tmp_path / "out")
    result = runner.invoke(app, ["export", str(make_model()), out, "--precision", "fp32", "--name", "tiny", "--json"])
    assert result.exit_code == 0, result.output
    exported = json.loads(result.stdout)
    info = json.loads(runner.invoke(app, ["info", "--encoder", out, "--json"]).stdout)
    for key in ("name", "dim", "max_tokens", "precision", "bytes", "sha256"):
        assert exported[key] == info[key], key


@pytest.mark.parametrize("form", [[], ["--json"]])
def test_an_encoder_cannot_write_to_the_terminal(tmp_path: Path, form: list[str]) -> None:
    """Control sequences in an encoder's name come out escaped."""
    folder = shutil.copytree(TINY, tmp_path / "evil")
    settings = json.loads((folder / "encoder.json").read_text())
    settings["name"] = "\x1b]0;owned\x07\u202e\x9b2J"
    (folder / "encoder.json").write_text(json.dumps(settings))
    out = runner.invoke(app, ["info", "--encoder", str(folder), *form]).stdout
    assert "owned" in out
    assert not set("\x1b\x07\u202e\x9b") & set(out)


def test_bench_counts_and_measures() -> None:
    """Bench reports positive speeds for the number of texts and threads asked for."""
    result = runner.invoke(app, ["bench", "--texts", "10", "--threads", "1", "--json"])
    assert result.exit_code == 0, result.output
    fields = json.loads(result.stdout)
    assert (fields["texts"], fields["threads"]) == (10, 1)
    assert min(fields[key] for key in ("titles_per_second", "passages_per_second", "query_ms")) > 0


def test_mistakes_are_left_to_the_error_boundary() -> None:
    """A folder that does not exist raises EncoderError; the main program turns it into text."""
    result = runner.invoke(app, ["info", "--encoder", "/nothing/here"])
    assert isinstance(result.exception, EncoderError)


@pytest.mark.parametrize("command", ["info", "export", "bench"])
def test_help_has_an_example(command: str) -> None:
    """Every command's help shows a command line to copy."""
    result = runner.invoke(app, [command, "--help"], env={"COLUMNS": "200"})
    assert f"ltrr encoder {command}" in result.stdout


def test_the_command_line_is_light() -> None:
    """Importing the commands loads none of the engines."""
    script = (
        "import sys, ltrr_cli.cli.encoder\n"
        "assert not {'numpy', 'onnxruntime', 'tokenizers', 'onnx'} & set(sys.modules)\n"
    )
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", script], cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
