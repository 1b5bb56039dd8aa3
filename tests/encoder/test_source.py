"""Where encoders come from, what identifies them, and what is copied."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from ltrr_cli.encoder import Encoder, copy_encoder, encoder_digest, encoder_folder
from ltrr_cli.errors import EncoderError


def folder_with(root: Path, **files: str) -> Path:
    """Write a folder; `__` in a name is a slash, `_` before the ending a dot."""
    for name, content in files.items():
        path = root / name.replace("__", "/").replace("_onnx", ".onnx").replace("_json", ".json")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return root


def test_default_is_the_shipped_folder() -> None:
    """None and `shipped` are the folder in the package; the path of a folder is that folder."""
    assert encoder_folder("shipped") == encoder_folder(None)
    assert (encoder_folder(None) / "model.onnx").is_file()
    assert encoder_folder(str(encoder_folder(None))) == encoder_folder(None)


@pytest.mark.parametrize("name", ["nothing-here", "./nothing/here", "/nothing/here", "a/b/c", "org/", ""])
def test_what_is_no_folder_and_no_hub_name_is_an_error(name: str) -> None:
    """A path that does not exist is not sent to the hub."""
    with pytest.raises(EncoderError, match="no such encoder") as error:
        encoder_folder(name)
    assert "model.onnx" in error.value.next


def test_a_copy_is_complete_and_has_the_same_digest(tmp_path: Path) -> None:
    """The copy holds exactly the needed files, has the same digest and gives the same vectors."""
    copy_encoder(encoder_folder(None), tmp_path / "copy")
    assert sorted(p.name for p in (tmp_path / "copy").iterdir()) == ["encoder.json", "model.onnx", "tokenizer.json"]
    original, copied = Encoder.open(), Encoder.open(tmp_path / "copy")
    assert copied.sha256 == original.sha256 == encoder_digest(tmp_path / "copy")
    np.testing.assert_array_equal(copied.encode(["red shoes"]), original.encode(["red shoes"]))


def test_a_foreign_folder_keeps_its_settings(tmp_path: Path) -> None:
    """onnx/model.onnx is copied as model.onnx, the settings with it, other files not; the digest is the same."""
    source = folder_with(
        tmp_path / "source",
        onnx__model_onnx="graph",
        tokenizer_json="{}",
        _1_Pooling__config_json="{}",
        sentence_bert_config_json="{}",
        vocab_txt="x",
    )
    (source / "_1_Pooling").rename(source / "1_Pooling")
    copy_encoder(source, tmp_path / "copy")
    files = {str(p.relative_to(tmp_path / "copy")) for p in (tmp_path / "copy").rglob("*") if p.is_file()}
    assert files == {"model.onnx", "tokenizer.json", "1_Pooling/config.json", "sentence_bert_config.json"}
    assert encoder_digest(source) == encoder_digest(tmp_path / "copy")


def test_the_digest_depends_on_names_and_bytes(tmp_path: Path) -> None:
    """Another byte, or the contents of two files exchanged, gives another digest; an extra file does not."""
    base = encoder_digest(folder_with(tmp_path / "a", model_onnx="1", tokenizer_json="2"))
    assert len(base) == 64
    assert encoder_digest(folder_with(tmp_path / "b", model_onnx="1", tokenizer_json="2", notes="3")) == base
    assert encoder_digest(folder_with(tmp_path / "c", model_onnx="2", tokenizer_json="1")) != base
    assert encoder_digest(folder_with(tmp_path / "d", model_onnx="1", tokenizer_json="3")) != base
    assert encoder_digest(folder_with(tmp_path / "e", model_onnx="1", tokenizer_json="2", encoder_json="{}")) != base


def test_the_digest_is_pinned(tmp_path: Path) -> None:
    """The digest of a known folder never changes: indexes on disk are named after it."""
    folder = folder_with(tmp_path / "a", model_onnx="1", tokenizer_json="2")
    assert encoder_digest(folder) == "91cac0600b6df15a071f5dbcf1c3f718cf35bf87aa994c8838cb0a403c06dfee"


@pytest.mark.parametrize("missing", ["model.onnx", "tokenizer.json"])
def test_a_missing_file_is_named(tmp_path: Path, missing: str) -> None:
    """Opening, copying and hashing all name the file that is missing."""
    folder = folder_with(tmp_path / "a", model_onnx="1", tokenizer_json="2")
    (folder / missing).unlink()
    for call in (Encoder.open, encoder_digest, lambda source: copy_encoder(source, tmp_path / "copy")):
        with pytest.raises(EncoderError, match=f"there is no {missing}") as error:
            call(folder)
        assert error.value.where == str(folder)
    with pytest.raises(EncoderError, match="no such folder"):
        Encoder.open(tmp_path / "nowhere")


def test_an_unwritable_target_is_named(tmp_path: Path) -> None:
    """A target below a file gives an EncoderError with the place."""
    (tmp_path / "file").write_text("")
    with pytest.raises(EncoderError, match="cannot be copied") as error:
        copy_encoder(encoder_folder(None), tmp_path / "file" / "copy")
    assert error.value.where == str(tmp_path / "file" / "copy")


def test_hub_names_are_found_in_the_hubs_cache(tmp_path: Path) -> None:
    """With a cache in the hub's layout and no network, a hub name opens; an unknown one is an error that says why."""
    pytest.importorskip("huggingface_hub", reason="the extra 'hub' is not installed")
    repository = tmp_path / "hub" / "models--some--encoder"
    commit = "0123456789abcdef0123456789abcdef01234567"
    copy_encoder(encoder_folder(None), repository / "snapshots" / commit)
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text(commit)
    script = (
        "from ltrr_cli.encoder import Encoder, encoder_folder\n"
        "from ltrr_cli.errors import EncoderError\n"
        "print(Encoder.open(encoder_folder('some/encoder')).encode(['red']).shape)\n"
        "try:\n    encoder_folder('some/other')\n"
        "except EncoderError as error:\n    print(error.what, error.where)\n"
    )
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(Path(__file__).parents[2]), "HOME": str(tmp_path)}
    env |= {"HF_HUB_CACHE": str(tmp_path / "hub"), "HF_HUB_OFFLINE": "1"}
    done = subprocess.run(
        [sys.executable, "-c", script], env=env, cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    first, second = done.stdout.splitlines()
    assert first == "(1, 384)"
    assert second.startswith("the encoder is not in the hub's cache")
    assert second.endswith("some/other")


def test_hub_names_without_the_extra_say_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without huggingface_hub the error names the extra."""
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(EncoderError, match="hub names need") as error:
        encoder_folder("org/model")
    assert "ltrr[hub]" in error.value.next
