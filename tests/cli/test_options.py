"""How an index is found, and how strategies are named."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ltrr_cli.cli.options import depths, find_index, index_to_build
from ltrr_cli.errors import IndexDirectoryError, UsageError

if TYPE_CHECKING:
    from tests.cli.conftest import Ltrr


def _make(path: Path) -> Path:
    """Make what looks like an index."""
    path.mkdir()
    (path / "manifest.json").write_text("{}")
    return path


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an empty folder, the current one, two levels down."""
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    monkeypatch.chdir(inner)
    return inner


def test_the_nearest_index_above_is_found(folder: Path) -> None:
    """Here comes before above; files and unfinished indexes do not count."""
    (folder / "file.ltrr").write_text("")
    (folder / "unfinished.ltrr").mkdir()
    far = _make(folder.parent.parent / "far.ltrr")
    assert find_index(None) == far
    _make(folder / "near.ltrr")
    assert find_index(None) == Path("near.ltrr")
    assert find_index(far) == far


def test_an_index_that_anybody_may_have_put_above_is_not_found(folder: Path) -> None:
    """A folder such as /tmp is used only from within itself: a stranger's index would see the queries."""
    _make(folder.parent / "strange.ltrr")
    folder.parent.chmod(0o1777)
    with pytest.raises(IndexDirectoryError):
        find_index(None)


def test_several_indexes_are_named(folder: Path) -> None:
    """It does not guess."""
    for name in ("b.ltrr", "a.ltrr"):
        _make(folder / name)
    with pytest.raises(UsageError, match=r"several indexes: a\.ltrr, b\.ltrr .* --index"):
        find_index(None)


def test_no_index_says_how_to_make_one(folder: Path) -> None:
    """The message names the command."""
    with pytest.raises(IndexDirectoryError, match=r"there is no index .*b\) – make one with: ltrr index build"):
        find_index(None)


def test_a_build_is_named_after_its_catalogue(folder: Path) -> None:
    """Without a name the index is called as the first file, here; another index is never replaced by surprise."""
    assert index_to_build(None, ["/data/songs.2026.jsonl.gz", "more.csv"]) == Path("songs.2026.ltrr")
    assert index_to_build(None, ["-", "more.csv"]) == Path("more.ltrr")
    assert index_to_build(Path("x"), ["-"]) == Path("x")
    (folder / "one.ltrr").mkdir()
    (folder / "one.ltrr" / "manifest.json").touch()
    assert index_to_build(None, ["songs.csv"]) == Path("songs.ltrr")
    with pytest.raises(UsageError, match="no name"):
        index_to_build(None, ["-"])


def test_depths() -> None:
    """Names may have a depth; anything else is refused."""
    assert depths(None) is None
    assert depths("lexical, semantic:20") == {"lexical": 50, "semantic": 20}
    for bad in ("", "a,,b", "a:", "a:0", "a:-1", "a:x", "a:²"):
        with pytest.raises(UsageError):
            depths(bad)


def test_the_environment_names_the_index(ltrr: Ltrr, built: Path, tmp_path: Path) -> None:
    """LTRR_INDEX is used, --index comes before it, and an empty one is none."""
    assert ltrr("index", "info", "--json", LTRR_INDEX=str(built)).json["entities"] == 40
    assert ltrr("index", "info", "--index", tmp_path / "no", LTRR_INDEX=str(built)).code == 1
    assert "no index (*.ltrr) here" in ltrr("index", "info", LTRR_INDEX="").err
