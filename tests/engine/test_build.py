"""Building: from a catalogue to answers, and again."""

from __future__ import annotations

import io
import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from ltrr_cli.engine import Engine
from ltrr_cli.errors import CatalogError, ConfigError, IndexDirectoryError, LockedError
from ltrr_cli.index.locks import exclusive
from ltrr_cli.index.manifest import read_manifest

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

NOW = 1_750_000_000.0


def search(root: Path, text: str, *, k: int = 10, log: bool = False) -> list[str]:
    """Return the ids that an index finds."""
    with Engine.open(root) as engine:
        return [result.id for result in engine.search(text, k=k, seed=1, now=NOW, log=log).results]


def click(root: Path, text: str, entity_id: str, times: int = 1) -> None:
    """Ask, and click on one entity, as different users."""
    with Engine.open(root) as engine:
        for number in range(times):
            answer = engine.search(text, k=40, seed=number, now=NOW + number, user=f"u{number}")
            assert engine.record(answer.query_id, entity_id, user=f"u{number}", now=NOW + number)


def tree(root: Path) -> set[str]:
    """Return the names of all immutable directories."""
    return {
        f"{path.parent.name}/{path.name}"
        for part in ("segments", "learned", "encoder")
        for path in (root / part).iterdir()
    }


def test_the_whole_loop(catalog: Path, encoder: str, tmp_path: Path) -> None:
    """Built, opened, searched, clicked and learned: what was clicked moves up, and all is counted."""
    built = Engine.build(catalog, tmp_path / "x.ltrr", encoder=encoder)
    assert (built.entities, built.encoded, built.reused, built.bad_count, built.segment) == (40, 40, 0, 0, "000001")
    with Engine.open(tmp_path / "x.ltrr") as engine:
        answer = engine.search("love", k=10, seed=1, now=NOW)
        assert [result.rank for result in answer.results] == list(range(1, 11))
        assert [result.score for result in answer.results] == sorted((r.score for r in answer.results), reverse=True)
        wanted = answer.results[6].id
        assert engine.record(answer.query_id, wanted, "play", dwell=100, now=NOW + 1)
        again = [result.id for result in engine.search("love", k=10, seed=1, now=NOW + 2).results]
        assert again.index(wanted) < 6
        assert engine.learn(now=NOW + 3) == "the prior is live"
        info = engine.info()
    assert (info.entities, info.impressions, info.events, dict(info.actions)) == (40, 2, 1, {"play": 1})
    assert search(tmp_path / "x.ltrr", "love") == again


def test_equal_catalogues_give_equal_answers(index: Path, catalog: Path, encoder: str, tmp_path: Path) -> None:
    """Two builds of one catalogue answer alike, to the last digit."""
    Engine.build(catalog, tmp_path / "twin.ltrr", encoder=encoder)
    with Engine.open(index) as one, Engine.open(tmp_path / "twin.ltrr") as other:
        for text in ("love", "rain 1977", "rock album", ""):
            found = [engine.search(text, seed=3, now=NOW, log=False) for engine in (one, other)]
            assert found[0].results == found[1].results


def test_rebuild_keeps_what_was_learned(index: Path, catalog: Path) -> None:
    """Building again encodes nothing, keeps logs and learned state, and leaves no old directory behind."""
    click(index, "love", "e30", times=5)
    before = search(index, "love")
    logs = {path.name: path.read_bytes() for path in (index / "log").iterdir()}
    built = Engine.build(catalog, index)
    assert (built.encoded, built.reused) == (0, 40)
    assert search(index, "love") == before
    assert before[0] == "e30"
    assert {path.name: path.read_bytes() for path in (index / "log").iterdir()} == logs
    encoder = read_manifest(index).encoder
    # what a rollback goes back to, and nothing older
    assert tree(index) == {"segments/000001", "segments/000002", "learned/000002", f"encoder/{encoder}"}
    Engine.build(catalog, index)
    assert tree(index) == {"segments/000002", "segments/000003", "learned/000003", f"encoder/{encoder}"}


def test_removed_entity_comes_back_with_what_was_learned(
    index: Path, catalog: Path, write_catalog: Callable[[Sequence[int]], Path]
) -> None:
    """An entity that left the catalogue is not found; learning goes on; when it returns it is known again."""
    click(index, "love", "e30", times=5)
    Engine.build(write_catalog([*range(30), *range(31, 40)]), index)
    without = search(index, "love", k=40)
    assert "e30" not in without
    click(index, "love", "e10")
    with Engine.open(index) as engine:
        assert engine.info().events == 6
        assert engine.info().entities == 39
    Engine.build(catalog, index)
    assert search(index, "love")[:2] == ["e30", "e10"]


def test_clicks_on_what_is_gone_can_be_recorded(index: Path, write_catalog: Callable[[Sequence[int]], Path]) -> None:
    """A page may be clicked after its entity left; the click waits for the entity's return and does no harm."""
    with Engine.open(index) as engine:
        answer = engine.search("love", k=40, seed=1, now=NOW)
        Engine.build(write_catalog(range(5)), index)
        assert engine.record(answer.query_id, "e30", now=NOW + 1)
        assert len(engine.search("love", k=40, now=NOW + 2, seed=1).results) == 5
        assert len(engine.search("", k=40, now=NOW + 2, user="ana", seed=1).results) <= 5


def test_clicks_only_on_what_is_gone(index: Path, write_catalog: Callable[[Sequence[int]], Path]) -> None:
    """A query whose only clicked entity is gone, and a user who liked only that, are answered."""
    with Engine.open(index) as engine:
        answer = engine.search("zzz", k=40, user="ana", seed=1, now=NOW)
        engine.record(answer.query_id, "e30", "like", now=NOW + 1)
        Engine.build(write_catalog(range(5)), index)
        for _ in range(2):
            assert engine.search("zzz", user="ana", now=NOW + 2, seed=1).results
            engine.learn(now=NOW + 3)


def test_add_joins_and_replaces(index: Path, write_catalog: Callable[..., Path]) -> None:
    """Added entities are found beside the old ones, and replace those with the same id; the rest is not touched."""
    click(index, "love", "e05", times=3)
    built = Engine.build(write_catalog([5, 50, 51], title="Quokka Serenade"), index, add=True)
    assert (built.entities, built.encoded) == (3, 3)
    manifest = read_manifest(index)
    assert [(live.entities, live.tombstones) for live in manifest.segments] == [(40, (5,)), (3, ())]
    assert set(search(index, "quokka")[:3]) == {"e05", "e50", "e51"}
    assert search(index, "love")[0] == "e05"
    with Engine.open(index) as engine:
        assert engine.info().entities == 42
        titles = {result.id: result.title for result in engine.search("river", k=40, now=NOW, log=False).results}
        assert titles.get("e05", "Quokka Serenade") == "Quokka Serenade"
    # A whole build makes one segment of all again.
    Engine.build(write_catalog(range(40)), index)
    assert [live.entities for live in read_manifest(index).segments] == [40]


def test_add_that_replaces_all_leaves_one_segment(index: Path, catalog: Path) -> None:
    """A segment all of whose entities were replaced goes away, and nothing is encoded again."""
    built = Engine.build(catalog, index, add=True)
    assert (built.encoded, built.reused) == (0, 40)
    assert [(live.name, live.tombstones) for live in read_manifest(index).segments] == [("000002", ())]
    Engine.compact(index)
    assert "segments/000001" not in tree(index)


def test_delete(index: Path, write_catalog: Callable[..., Path]) -> None:
    """Deleted entities are found no more, by any way; unknown ids are named; a deleted id may be added again."""
    assert {"e00", "e10"} <= set(search(index, "love"))
    assert Engine.delete(index, ["e00", "none", "e10"]) == ["none"]
    assert Engine.delete(index, ["e00"]) == ["e00"]
    for text in ("love", "Love Night 0", "album", "1970", "rock"):
        assert not {"e00", "e10"} & set(search(index, text, k=40))
    with Engine.open(index) as engine:
        assert engine.info().entities == 38
    Engine.build(write_catalog([0]), index, add=True)
    assert "e00" in search(index, "love")


def test_delete_everything(index: Path, write_catalog: Callable[..., Path]) -> None:
    """An index of which all was deleted answers with nothing, and can be filled again."""
    assert Engine.delete(index, [f"e{number:02d}" for number in range(40)]) == []
    assert search(index, "love") == []
    assert search(index, "") == []
    Engine.build(write_catalog([0]), index, add=True)
    assert search(index, "love") == ["e00"]


@pytest.mark.parametrize("name", ["notes.txt", ".git", "segments.zip"])
def test_foreign_directory_is_refused(catalog: Path, encoder: str, tmp_path: Path, name: str) -> None:
    """Nothing is built into a directory that holds something else, and nothing in it is changed."""
    (tmp_path / name).mkdir()
    with pytest.raises(IndexDirectoryError, match="holds other files"):
        Engine.build(catalog, tmp_path, encoder=encoder)
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_file_in_the_way(catalog: Path, encoder: str, tmp_path: Path) -> None:
    """A file where the index should be, or above it, is an error of ours."""
    (tmp_path / "file").write_text("x")
    with pytest.raises(IndexDirectoryError, match="this is a file"):
        Engine.build(catalog, tmp_path / "file", encoder=encoder)
    with pytest.raises(IndexDirectoryError, match="cannot make the index"):
        Engine.build(catalog, tmp_path / "file" / "x.ltrr", encoder=encoder)
    assert (tmp_path / "file").read_text() == "x"


@pytest.mark.parametrize("content", [b"", b"not json\n", b'{"id": ""}\n', b"\x00\x01\x02"])
def test_catalogue_without_a_usable_record(index: Path, encoder: str, tmp_path: Path, content: bytes) -> None:
    """A catalogue of nothing usable makes no index, and leaves one that there was as it was."""
    (tmp_path / "bad.jsonl").write_bytes(content)
    before, names = search(index, "love"), tree(index)
    with pytest.raises(CatalogError):
        Engine.build(tmp_path / "bad.jsonl", index)
    assert (search(index, "love"), tree(index)) == (before, names)
    new = tmp_path / "new.ltrr"
    with pytest.raises(CatalogError):
        Engine.build(tmp_path / "bad.jsonl", new, encoder=encoder)
    with pytest.raises(IndexDirectoryError, match="no index here"):
        Engine.open(new)
    (tmp_path / "good.jsonl").write_text('{"id": "a", "title": "Love"}\n')
    Engine.build(tmp_path / "good.jsonl", new, encoder=encoder)
    assert search(new, "love") == ["a"]


def test_strict_stops_at_a_bad_record(encoder: str, tmp_path: Path) -> None:
    """Strict, one bad record stops the build; otherwise it is counted and left out."""
    lines = b'{"id": "a", "title": "Love"}\n{"id": "a", "title": "Twin"}\n{"id": "b", "title": "Rain"}\n'
    with pytest.raises(CatalogError, match="duplicate id"):
        Engine.build("-", tmp_path / "x.ltrr", encoder=encoder, strict=True, stdin=io.BytesIO(lines))
    built = Engine.build("-", tmp_path / "x.ltrr", encoder=encoder, stdin=io.BytesIO(lines))
    assert (built.entities, built.bad_count) == (2, 1)
    assert built.bad[0].line == 2


def test_add_needs_an_index(catalog: Path, encoder: str, tmp_path: Path) -> None:
    """There is nothing to add to where there is no index, nor with another encoder."""
    with pytest.raises(IndexDirectoryError, match="no index here to add to"):
        Engine.build(catalog, tmp_path / "x.ltrr", encoder=encoder, add=True)


def test_add_with_another_encoder_is_refused(index: Path, catalog: Path, encoder: str, tmp_path: Path) -> None:
    """Adding with another encoder is refused, since vectors of two cannot be compared; building anew encodes all."""
    other = shutil.copytree(encoder, tmp_path / "other")
    settings = json.loads((other / "encoder.json").read_text())
    (other / "encoder.json").write_text(json.dumps({**settings, "prompts": {"query": "love "}}))
    with pytest.raises(IndexDirectoryError, match="another encoder"):
        Engine.build(catalog, index, encoder=str(other), add=True)
    before = read_manifest(index).encoder
    built = Engine.build(catalog, index, encoder=str(other))
    assert built.encoded == 40
    assert read_manifest(index).encoder != before
    assert search(index, "rain")
    Engine.compact(index)
    assert f"encoder/{before}" not in tree(index)


@pytest.mark.parametrize(
    "toml",
    ["[query]\nepsilon = 2\n", "nonsense", "[learning]\nhalf_life = 1\n", '[strategies]\nuse = ["none"]\n', "\xff"],
)
def test_unusable_settings(index: Path, toml: str) -> None:
    """What cannot be used in ltrr.toml is a `ConfigError` that names it, and nothing else breaks."""
    (index / "ltrr.toml").write_bytes(toml.encode("latin-1"))
    with pytest.raises(ConfigError, match=r"ltrr\.toml"):
        Engine.open(index)
    (index / "ltrr.toml").unlink()
    assert search(index, "love")


def test_unusable_settings_stop_a_build_before_it_is_live(index: Path, catalog: Path) -> None:
    """A build does not go live with settings that cannot be used."""
    (index / "ltrr.toml").write_text("[query]\nepsilon = 2\n")
    with pytest.raises(ConfigError):
        Engine.build(catalog, index)
    (index / "ltrr.toml").unlink()
    assert [live.name for live in read_manifest(index).segments] == ["000001"]
    assert search(index, "love")


def test_two_builds_at_once(index: Path, catalog: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """While one build runs another is told who does it."""
    monkeypatch.setattr("ltrr_cli.engine.build.exclusive", lambda path, **_: exclusive(path, timeout=0))
    with exclusive(index / "locks" / "build"), pytest.raises(LockedError):
        Engine.build(catalog, index)


@pytest.mark.parametrize("content", [b"{", b'{"format_version": 0}', b'{"format_version": 1}'])
def test_damaged_manifest_is_built_again_from_the_logs(
    index: Path, catalog: Path, encoder: str, state_of: Callable[[Path], dict[str, Any]], content: bytes
) -> None:
    """The advice for a damaged manifest works: built again, the index knows what its logs hold."""
    click(index, "love", "e30", times=5)
    with Engine.open(index) as engine:
        engine.learn(now=NOW)
    before = state_of(index)
    (index / "manifest.json").write_bytes(content)
    with pytest.raises(IndexDirectoryError, match="build the index again"):
        Engine.open(index)
    with pytest.raises(IndexDirectoryError):
        Engine.build(catalog, index, add=True)
    Engine.build(catalog, index, encoder=encoder)
    assert state_of(index)["memory"] == pytest.approx(before["memory"])
    assert search(index, "love")[0] == "e30"
    assert len(tree(index)) == 3


def test_newer_index_is_left_alone(index: Path, catalog: Path, encoder: str) -> None:
    """A build does not replace an index that a newer ltrr wrote."""
    (index / "manifest.json").write_text('{"format_version": 99}')
    with pytest.raises(IndexDirectoryError, match="update ltrr, or build another index"):
        Engine.build(catalog, index, encoder=encoder)
    assert (index / "manifest.json").read_text() == '{"format_version": 99}'


@pytest.mark.parametrize("name", ["", "vectors.npy", "segment.json", "vectors.text.npy"])
def test_damaged_segment_is_built_again(index: Path, catalog: Path, name: str) -> None:
    """The advice for a missing or damaged segment works, too."""
    click(index, "love", "e30", times=5)
    path = index / "segments" / "000001" / name
    if name:
        path.write_bytes(b"\x93NUMPY")
    else:
        shutil.rmtree(path)
    if name != "vectors.text.npy":  # which only a build reads
        with pytest.raises(IndexDirectoryError, match=r"index build|build the index again"):
            Engine.open(index)
    Engine.build(catalog, index)
    assert search(index, "love")[0] == "e30"


def test_damaged_learned_state_is_made_again(index: Path) -> None:
    """The advice for a missing or damaged learned state works: relearned, it knows what the logs hold."""
    click(index, "love", "e30", times=5)
    with Engine.open(index) as engine:
        engine.learn(now=NOW)
    for damage in ("torn", "gone"):
        live = index / "learned" / read_manifest(index).learned.name
        if damage == "torn":
            (live / "state.json").write_text("{")
        else:
            shutil.rmtree(live)
        with pytest.raises(IndexDirectoryError, match="learn --rebuild"):
            Engine.open(index)
        Engine.relearn(index)
        assert search(index, "love")[0] == "e30"
