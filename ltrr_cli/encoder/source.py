"""Where an encoder comes from: the package, a folder, or a model hub; and what of it an index keeps."""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path

from ltrr_cli.errors import EncoderError

_GRAPHS = ("model.onnx", "onnx/model.onnx")
"""Where the graph may lie; sentence-transformers puts it into a subfolder."""
_SETTINGS = ("1_Pooling/config.json", "config_sentence_transformers.json", "sentence_bert_config.json")
"""Read only where there is no encoder.json."""
SHIPPED = "shipped"
"""What the encoder in the package is called, for an index that was built with another."""
SPARSE = "sparse.json"
"""The settings of a masked-language model."""


def encoder_folder(name: str | None) -> Path:
    """Return the folder of an encoder.

    Args:
        name: None or `shipped` for the encoder in the package; the path of a folder; or a hub name `org/model`, which
            is downloaded into the hub's own cache (extra `hub`) unless it is there already.

    Raises:
        EncoderError: there is no such folder, the extra is not installed, or the download fails.
    """
    if name is None or name == SHIPPED:
        return Path(__file__).parent / "model"
    folder = Path(name).expanduser()
    if name and folder.is_dir():
        return folder
    parts = name.split("/")
    if len(parts) != 2 or not all(parts) or name.startswith((".", "~")):
        raise EncoderError(
            "there is no such encoder",
            where=name,
            next="give an existing folder with model.onnx and tokenizer.json, or a hub name such as org/model",
        )
    return _from_hub(name)


def encoder_digest(folder: Path) -> str:
    """Return the hex SHA-256 of an encoder: the names and bytes of the files that `copy_encoder` copies, in name order.

    Raises:
        EncoderError: model.onnx or tokenizer.json is missing, or a file cannot be read.
    """
    digest = hashlib.sha256()
    for name, path in sorted(encoder_files(folder).items()):
        try:
            with path.open("rb") as file:
                content = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            raise _unreadable(path, error) from error
        digest.update(f"{name} {content}\n".encode())
    return digest.hexdigest()


def copy_encoder(source: Path, target: Path) -> None:
    """Copy exactly the files that an encoder needs into `target` (made if missing), and fsync them and their folders.

    Not atomic: copy into a folder that nothing refers to yet. `encoder_digest` of source and target are the same.

    Raises:
        EncoderError: a needed file is missing, or cannot be read or written.
    """
    files = encoder_files(source)
    try:
        for name, path in files.items():
            copy = target / name
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, copy)
            sync_file(copy)
        for folder in {(target / name).parent for name in files} | {target, target.parent}:
            sync_folder(folder)
    except OSError as error:
        raise EncoderError(
            f"the encoder cannot be copied: {error}", where=str(target), next="check the disk's room and permissions"
        ) from error


def encoder_files(folder: Path) -> dict[str, Path]:
    """Return the files that an encoder needs, by their name in a copy.

    Raises:
        EncoderError: the folder, the graph or the tokenizer is missing.
    """
    advice = "an encoder's folder holds model.onnx and tokenizer.json; `ltrr encoder export` makes one"
    if not folder.is_dir():
        raise EncoderError("there is no such folder", where=str(folder), next=advice)
    graph = next((folder / name for name in _GRAPHS if (folder / name).is_file()), None)
    if graph is None:
        raise EncoderError("there is no model.onnx", where=str(folder), next=advice)
    tokenizer = folder / "tokenizer.json"
    if not tokenizer.is_file():
        raise EncoderError("there is no tokenizer.json", where=str(folder), next=advice)
    files = {"model.onnx": graph, "tokenizer.json": tokenizer}
    if (folder / SPARSE).is_file():
        return files | {SPARSE: folder / SPARSE}
    own = folder / "encoder.json"
    if own.is_file():
        return files | {"encoder.json": own}
    return files | {name: folder / name for name in _SETTINGS if (folder / name).is_file()}


def sync_file(path: Path) -> None:
    """Flush a written file to the disk."""
    with path.open("rb") as file:
        os.fsync(file.fileno())


def sync_folder(path: Path) -> None:
    """Flush a folder's entries to the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _from_hub(name: str) -> Path:
    try:
        from huggingface_hub import snapshot_download
    except ImportError as error:
        raise EncoderError(
            "there is no such folder, and hub names need huggingface_hub",
            where=name,
            next="install the extra: pip install 'ltrr[hub]', or give a folder with model.onnx and tokenizer.json",
        ) from error
    try:
        return Path(snapshot_download(name, allow_patterns=[*_GRAPHS, "tokenizer.json", "encoder.json", *_SETTINGS]))
    except Exception as error:  # the hub's errors share no base: httpx, requests, OSError, ValueError by version
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise EncoderError(
            f"the encoder is not in the hub's cache and cannot be downloaded: {reason}",
            where=name,
            next="check the name and the network, or give a folder with model.onnx and tokenizer.json",
        ) from error


def _unreadable(path: Path, error: OSError) -> EncoderError:
    return EncoderError(f"the file cannot be read: {error.strerror}", where=str(path), next="check its permissions")
