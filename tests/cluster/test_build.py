"""Building in shards: the same index as one machine builds, whoever dies meanwhile."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest
from machines import COUNT, ENCODER

from ltrr_cli.cluster.build import build_cluster
from ltrr_cli.cluster.layout import part_of, read_layout
from ltrr_cli.engine import Engine
from ltrr_cli.errors import CatalogError, EncoderError, IndexDirectoryError, UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from machines import Machines

    from ltrr_cli.records import Bad

SHARDS = 4
QUERIES = ("love", "rain summer", "winter songs 1950s", "rock albums", "gold river 17", "somewhere else", "nigth train")
EXACT = ("lexical", "popular", "structured", "semantic", "fuzzy")


def _ids(index: Path) -> list[str]:
    with Engine.open(index) as engine:
        return sorted(entity.id for entity in engine.entities())


@pytest.fixture(scope="module")
def built(machines: Machines, catalogue: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a cluster that was built while a worker was killed and a node was lost."""
    out = tmp_path_factory.mktemp("built") / "many.ltrr"
    struck: list[bool] = []

    def strike(step: str, done: int, total: int | None) -> None:
        if step == "encoding" and done and not struck:
            struck.append(machines.kill("encode_chunk") or machines.kill("_build_when_encoded"))
            machines.lose()

    built = build_cluster([catalogue], out, shards=SHARDS, encoder=ENCODER, progress=strike)
    assert struck == [True]
    assert (built.entities, built.shards, built.made, built.skipped) == (COUNT, SHARDS, SHARDS, 0)
    return out


def test_all_shards_are_made(built: Path) -> None:
    """Nothing is lost or twice; every shard is an index of what its hash says, and the whole is one, too."""
    everything = [f"e{number:03d}" for number in range(COUNT)]
    assert _ids(built) == everything
    layout = read_layout(built)
    assert layout is not None
    for number, shard in enumerate(layout.shards):
        own = built / "shards" / shard.name
        assert _ids(own) == [one for one in everything if part_of(one, SHARDS) == number]
        assert not Engine.verify(own).damage
    assert not Engine.verify(built).damage
    with Engine.open(built) as engine:
        assert engine.info().segments == SHARDS
    assert not (built / "unfinished").exists()


def test_arms_find_what_one_index_finds(built: Path, one: Path) -> None:
    """The same scores, and the same entities but for ties at the end, where all texts are as long as the mean."""
    with Engine.open(one) as whole, Engine.open(built) as parts:
        compared = 0
        for text in QUERIES:
            expected, found = (engine.retrieve(text, depth=30, now=1e9) for engine in (whole, parts))
            for arm in EXACT:
                scores, others = ([score for _, score in hits[arm]] for hits in (expected, found))
                assert others == pytest.approx(scores, rel=1e-4), (text, arm)
                if scores:
                    last = scores[-1] * (1 + 1e-3)
                    above = [{hit for hit, score in hits[arm] if score > last} for hits in (expected, found)]
                    assert above[0] == above[1], (text, arm)
                    compared += 1
        assert compared >= 20


def test_parts_are_no_news(built: Path) -> None:
    """The arm of what was added later has nothing to say of shards that were built together."""
    with Engine.open(built) as engine:
        assert engine.retrieve("love", now=1e9)["fresh"] == []


def test_building_again_does_nothing(machines: Machines, built: Path, catalogue: Path) -> None:
    """From the same files with the same settings there is nothing to do; with others there is."""
    before = (built / "manifest.json").read_bytes()
    again = build_cluster([catalogue], built, shards=SHARDS, encoder=ENCODER)
    assert (again.made, again.skipped) == (0, SHARDS)
    assert (built / "manifest.json").read_bytes() == before


_DRIVER = """
import sys
from ltrr_cli.cluster.build import build_cluster
tell = lambda step, done, total: print(step, done, flush=True)
build_cluster([sys.argv[1]], sys.argv[2], shards=4, encoder=sys.argv[3], address=sys.argv[4], progress=tell)
"""


def test_a_killed_driver_is_resumed(machines: Machines, catalogue: Path, tmp_path: Path) -> None:
    """The next run skips the shards that were finished, and makes the others; nothing is left over.

    It tells of the records, too, that the one before left out.
    """
    out, torn = tmp_path / "many.ltrr", tmp_path / "torn.jsonl"
    torn.write_text(catalogue.read_text() + "nonsense\n")
    call = [sys.executable, "-c", _DRIVER, str(torn), str(out), ENCODER, machines.address]
    with subprocess.Popen(call, stdout=subprocess.PIPE, text=True) as driver:
        assert driver.stdout is not None
        for line in driver.stdout:
            if line.split() == ["building", "1"]:
                driver.send_signal(signal.SIGKILL)
                break
    done = len(list((out / "shards").glob("*/shard.json")))
    assert done >= 1
    assert not (out / "cluster.json").exists()
    bad: list[Bad] = []
    built = build_cluster([torn], out, shards=4, encoder=ENCODER, on_bad=bad.append)
    assert (built.bad_count, [one.line for one in bad]) == (1, [COUNT + 1])
    assert build_cluster([torn], out, shards=4, encoder=ENCODER).bad_count == 1
    assert built.skipped >= 1
    assert built.made + built.skipped == 4
    assert _ids(out) == [f"e{number:03d}" for number in range(COUNT)]
    assert not (out / "unfinished").exists()


def test_another_catalogue_replaces_it(machines: Machines, built: Path, tmp_path: Path) -> None:
    """Shards of other inputs are built anew; who has the old generation open keeps it; learned state and logs stay."""
    other = tmp_path / "other.jsonl"
    other.write_text("".join(json.dumps({"id": f"n{one}", "title": f"New {one}"}) + "\n" for one in range(30)))
    with Engine.open(built) as old:
        old.search("love", query_id="q1")
        old._opened.encoder  # noqa: B018 – opened before it is replaced
        build_cluster([other], built, shards=2, encoder=ENCODER)
        assert old.has_learned_from("love") is False
        assert len(_ids(built)) == 30
        assert sorted(path.name for path in (built / "shards").iterdir()) == ["00000", "00001"]
    with Engine.open(built) as new:
        assert new.page("q1").query == "love"


def test_what_cannot_be_built(catalogue: Path, tmp_path: Path) -> None:
    """Clear errors, before anything is started."""
    with pytest.raises(UsageError, match="shards must be from 1"):
        build_cluster([catalogue], tmp_path / "a", shards=0)
    with pytest.raises(UsageError, match="is no file"):
        build_cluster(["-"], tmp_path / "a", shards=2)
    with pytest.raises(EncoderError, match="no such encoder"):
        build_cluster([catalogue], tmp_path / "a", shards=2, encoder=str(tmp_path / "none"))
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.txt").write_text("mine")
    (tmp_path / "bad.jsonl").write_text("nonsense\n")
    with pytest.raises(CatalogError, match="none of the 1 records is usable"):
        build_cluster([tmp_path / "bad.jsonl"], tmp_path / "a", shards=2, encoder=ENCODER)
    assert not (tmp_path / "a").exists()
    with pytest.raises(IndexDirectoryError, match="holds other files"):
        build_cluster([catalogue], tmp_path / "full", shards=2)
    assert [path.name for path in (tmp_path / "full").iterdir()] == ["thesis.txt"]


def test_parts_are_even() -> None:
    """The hash of the id is stable, and cuts evenly."""
    counts = np.bincount([part_of(f"song:{number}", 8) for number in range(8000)])
    assert counts.min() > 900
    assert part_of("song:yesterday", 1000) == part_of("song:yesterday", 1000) < 1000


def test_a_changed_cluster_is_built_again(machines: Machines, catalogue: Path, tmp_path: Path) -> None:
    """What was deleted since comes back; a damaged cluster.json is written anew, from shards that are there."""
    del machines
    out = tmp_path / "changed.ltrr"
    assert build_cluster([catalogue], out, shards=2, encoder=ENCODER).made == 2
    Engine.delete(out, ["e000"])
    for damage in (None, b"{", b"[]"):
        if damage is not None:
            (out / "cluster.json").write_bytes(damage)
        again = build_cluster([catalogue], out, shards=2, encoder=ENCODER)
        assert (again.entities, again.made, again.skipped, again.notes) == (COUNT, 0, 2, ())
        assert len(_ids(out)) == COUNT
    assert build_cluster([catalogue], out, shards=2, encoder=ENCODER).notes == ("it is built already",)
