"""The manifest: written, read, and refused where it is not ours."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from ltrr_cli.errors import IndexDirectoryError, NewerFormatError
from ltrr_cli.index.manifest import Live, Manifest, read_manifest

if TYPE_CHECKING:
    from pathlib import Path

MANIFEST = Manifest(
    generation=7,
    encoder="ab12",
    segments=(
        Live(name="000001", entities=12, tombstones=(3, 5), files={"columns/x.npy": (128, "f" * 64)}),
        Live(name="000003", entities=1),
    ),
    learned=Live(name="000009", files={"state.json": (2, "0" * 64)}),
    created="2026-01-01T00:00:00+00:00",
    next_segment=4,
    next_learned=10,
)


def test_what_is_written_is_read(tmp_path: Path) -> None:
    """A manifest survives its file, and the next one replaces it."""
    MANIFEST.write(tmp_path)
    assert read_manifest(tmp_path) == MANIFEST
    later = replace(MANIFEST, generation=8, segments=())
    later.write(tmp_path)
    assert read_manifest(tmp_path) == later
    assert [path.name for path in tmp_path.iterdir()] == ["manifest.json"]


def test_no_index(tmp_path: Path) -> None:
    """Without a manifest there is no index, and the error says how to make one."""
    with pytest.raises(IndexDirectoryError, match=r"no index here.*ltrr index build"):
        read_manifest(tmp_path / "nowhere")


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"\xff\xfe", b"[" * 100_000, b'{"format_version": 1}', b'{"format_version": 1, "segments": 5}'],
)
def test_damaged_manifest(tmp_path: Path, content: bytes) -> None:
    """A torn, unreadable or incomplete manifest is an error of ours that says what to do."""
    (tmp_path / "manifest.json").write_bytes(content)
    with pytest.raises(IndexDirectoryError, match=r"damaged.*build the index again"):
        read_manifest(tmp_path)


def test_newer_format_version(tmp_path: Path) -> None:
    """A newer format version is refused with both versions and advice."""
    (tmp_path / "manifest.json").write_text('{"format_version": 2}')
    with pytest.raises(NewerFormatError, match=r"format version 2, this ltrr reads 1.*update ltrr"):
        read_manifest(tmp_path)


@pytest.mark.parametrize("row", [{"format_version": "1"}, {"format_version": 0}, {}, [], None, 1])
def test_no_format_version(tmp_path: Path, row: object) -> None:
    """What has no format version that ever was is damaged."""
    (tmp_path / "manifest.json").write_text(json.dumps(row))
    with pytest.raises(IndexDirectoryError, match=r"damaged: format version .*build the index again"):
        read_manifest(tmp_path)


def test_unreadable_manifest(tmp_path: Path) -> None:
    """A manifest that cannot be read at all is an error of ours."""
    (tmp_path / "manifest.json").mkdir()
    with pytest.raises(IndexDirectoryError, match="cannot read the index"):
        read_manifest(tmp_path)


def put(row: dict[str, Any], place: str, value: object) -> None:
    """Set a value at a place such as `segments.0.name`."""
    *path, last = place.split(".")
    target: Any = row
    for step in path:
        target = target[int(step) if step.isdigit() else step]
    target[last] = value


@pytest.mark.parametrize("place", ["segments.0.name", "learned.name", "encoder"])
@pytest.mark.parametrize("name", ["../../etc", "..", ".", "", "/etc", "a/b", "a\\b", "a\0b", 5, None])
def test_names_that_lead_out_are_refused(tmp_path: Path, place: str, name: object) -> None:
    """No name in the manifest can lead out of the index directory."""
    MANIFEST.write(tmp_path)
    path = tmp_path / "manifest.json"
    row = json.loads(path.read_text())
    del row["sha256"]  # as whoever wrote it would have made it fit
    put(row, place, name)
    path.write_text(json.dumps(row))
    with pytest.raises(IndexDirectoryError, match="unusable name"):
        read_manifest(tmp_path)


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ("generation", "x"),
        ("segments", {"a": 1}),
        ("segments.0.tombstones", ["x"]),
        ("learned.files", {"a": 1}),
        ("learned", []),
        ("earlier", [1]),
        ("earlier", {"generation": 1}),
    ],
)
def test_wrong_types_are_damage(tmp_path: Path, place: str, value: object) -> None:
    """A value of the wrong type is damage, not a crash."""
    MANIFEST.write(tmp_path)
    path = tmp_path / "manifest.json"
    row = json.loads(path.read_text())
    del row["sha256"]  # as whoever wrote it would have made it fit
    put(row, place, value)
    path.write_text(json.dumps(row))
    with pytest.raises(IndexDirectoryError, match="damaged"):
        read_manifest(tmp_path)
