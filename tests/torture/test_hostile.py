"""Whatever comes in – catalogue, feedback, query, settings, a stranger's index – gives a result or an error of ours."""

from __future__ import annotations

import gzip
import io
import json
import os
import shutil
import tempfile
import tracemalloc
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ltrr_cli.catalog import Catalog
from ltrr_cli.config import read_config
from ltrr_cli.engine import Engine
from ltrr_cli.errors import IndexDirectoryError, LtrrError
from ltrr_cli.feedback.formats import Feedback
from ltrr_cli.feedback.log import encode_line
from ltrr_cli.index.manifest import read_manifest
from ltrr_cli.records import Event

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

EXAMPLES = 1000 if os.environ.get("LTRR_TORTURE") else 25
ENCODER = Path(__file__).parents[1] / "fixtures" / "tiny-encoder"
NOW = 1.75e9
TRIED: Counter[str] = Counter()

fuzzed = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize="LTRR_FUZZ" not in os.environ,
    database=None,
    suppress_health_check=list(HealthCheck),
)
EVIL = (
    "\x1b]0;owned\x07", "\x00", "\ud800", "\u202e", "../../etc/passwd", "=cmd|' /C calc'!A0", "a\tb\nc", "1e999", "NaN",
    "\ufeff", "\udcff", "' OR 1=1", '+-&|!(){}[]^"~*?:\\/', "%s%n", "x" * 5000, "\u0130\u0149\ufb03", "\U000e0041",
)  # fmt: skip
TEXT = st.text(max_size=30) | st.sampled_from(EVIL)
SCALAR = st.none() | st.booleans() | st.integers() | st.floats() | TEXT | st.sampled_from([1e308, -0.0, 10**400])
VALUE = st.recursive(
    SCALAR, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4), max_leaves=8
)
NAMES = (
    "id", "title", "text", "type", "popularity", "creator", "genres", "year", "query", "entity_id", "action", "ts",
    "user_id", "query_id", "user_query", "timestamp", "event_attributes", "query_attributes", "action_name", "object",
    "position", "ordinal", "query_response_hit_ids", "event", "items", "ranking",
)  # fmt: skip
ROW = st.dictionaries(st.sampled_from(NAMES) | TEXT, VALUE, max_size=8)


def _bytes(row: Any) -> bytes:
    try:
        return json.dumps(row, ensure_ascii=False).encode("utf-8", "surrogatepass")
    except ValueError:  # a number of too many digits
        return b'{"id": ' + b"9" * 5000 + b"}"


LINE = (
    ROW.map(_bytes)
    | st.binary(max_size=60)
    | st.sampled_from(
        [
            b'{"id":"\xed\xa0\x80"}',
            b"[" * 5000,
            b'{"a":' * 3000,
            b"\xff\xfe",
            b'"unclosed\n\n,,,',
            b"id\ttitle",
            b'{"id":1e999}',
        ]
    )
)
FILE = st.lists(LINE, max_size=8).map(b"\n".join)
PACKED = (
    FILE
    | FILE.map(gzip.compress)
    | FILE.map(lambda data: zstandard.compress(data)[:-1])
    | FILE.map(b"id,title\n".__add__)
)


@pytest.fixture(scope="module", autouse=True)
def figures() -> Iterator[None]:
    """Print how much was tried once all is done."""
    yield
    print(f"\nhostile inputs tried {TRIED.total():,}, tracebacks 0: {dict(TRIED)}")


def survive(kind: str, act: Callable[[], object]) -> None:
    """Do it; only errors of ours may come out of it."""
    TRIED[kind] += 1
    try:
        act()
    except LtrrError:
        return


@fuzzed
@given(data=PACKED, suffix=st.sampled_from([".jsonl", ".csv", ".tsv", ".json", ".parquet", ""]))
def test_catalogues(data: bytes, suffix: str) -> None:
    """Any bytes are a catalogue, perhaps with bad records, or none."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, f"c{suffix}")
        path.write_bytes(data)
        survive("catalogues", lambda: list(Catalog([path])))


@fuzzed
@given(data=PACKED, form=st.sampled_from([None, "jsonl", "csv", "tsv"]))
def test_feedback(data: bytes, form: str | None) -> None:
    """Any bytes are feedback, perhaps with bad lines, or none."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "f.jsonl")
        path.write_bytes(data)
        survive("feedback", lambda: list(Feedback([path], format=form)))


@fuzzed
@given(
    data=st.binary(max_size=80)
    | st.dictionaries(TEXT, SCALAR, max_size=3).map(repr).map(lambda s: s.encode("utf-8", "replace"))
)
def test_settings(data: bytes) -> None:
    """Any bytes are settings, or an error that names the file."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "ltrr.toml").write_bytes(b"[query]\n" + data if len(data) % 2 else data)
        survive("settings", lambda: read_config(Path(folder)))


@fuzzed
@given(row=ROW, place=st.integers(0, 5), value=VALUE)
def test_manifests(built: Path, row: dict[str, Any], place: int, value: object) -> None:
    """A manifest with any value in any place is read, or refused."""
    manifest = json.loads((built / "manifest.json").read_text())
    del manifest["sha256"]
    keys = ["generation", "encoder", "segments", "learned", "next_segment", "created"]
    if place % 2:
        manifest["segments"][0][("name", "files", "tombstones", "entities")[place % 4]] = value
    else:
        manifest[keys[place]] = value or row
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "manifest.json").write_bytes(_bytes(manifest))
        survive("manifests", lambda: read_manifest(Path(folder)))


@pytest.fixture(scope="module")
def victim(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of the index that anything may be thrown at."""
    return shutil.copytree(built, tmp_path_factory.mktemp("victim") / "songs.ltrr")


@fuzzed
@given(
    text=st.text(max_size=60) | st.lists(TEXT, max_size=4).map(" ".join), user=TEXT, session=TEXT, k=st.integers(1, 20)
)
def test_queries(victim: Path, text: str, user: str, session: str, k: int) -> None:
    """Any text is a query."""
    with Engine.open(victim) as engine:
        survive("queries", lambda: engine.search(text, k=k, user=user, session=session, now=NOW, seed=1))


@settings(fuzzed, max_examples=EXAMPLES // 5)
@given(queries=st.lists(ROW, max_size=3), events=st.lists(ROW, max_size=3), control=st.lists(VALUE, max_size=3))
def test_logs(built: Path, queries: list[Any], events: list[Any], control: list[Any]) -> None:
    """Log lines whose checksums fit, and which say anything, are learned from, or counted and left out."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(shutil.copytree(built, Path(folder, "x.ltrr")))
        kinds = ("ranker", "live", "nobody", "policy", "hindsight", "promote")
        hostile = [{"kind": kinds[number % 6], "version": one, "after": one} for number, one in enumerate(control)]
        for name, rows in (("queries", queries), ("events", events), ("control", hostile)):
            with (root / "log" / f"{name}-000001.jsonl").open("ab") as out:
                for row in rows:
                    try:
                        out.write(encode_line(row))
                    except (ValueError, TypeError):
                        continue

        def use() -> None:
            with Engine.open(root) as engine:
                engine.search("love", now=NOW, log=False)
            Engine.relearn(root)

        survive("logs", use)


def test_bombs_are_bounded(tmp_path: Path) -> None:
    """A gigabyte in a few kilobytes is read in bounded memory, line by line, and left out as too long."""
    packed = io.BytesIO()
    with gzip.open(packed, "wb", compresslevel=1) as out:
        for _ in range(256):
            out.write(b"0" * 2**20)
    bombs = {"bomb.jsonl.gz": packed.getvalue(), "bomb.jsonl.zst": zstandard.compress(b"0" * 2**28)}
    for name, data in bombs.items():
        path = tmp_path / name
        path.write_bytes(data)
        tracemalloc.start()
        with pytest.raises(LtrrError):
            list(Catalog([path]))
        assert tracemalloc.get_traced_memory()[1] < 2**28
        tracemalloc.stop()
        TRIED["bombs"] += 1


def test_long_things(victim: Path, tmp_path: Path) -> None:
    """A query of 100 kB, a line of 10 MB, a record of many fields: an answer, or an error of ours."""
    with Engine.open(victim) as engine:
        survive("long", lambda: engine.search("love " * 20_000, now=NOW))
    path = tmp_path / "long.jsonl"
    fields = {f"f{number}": number for number in range(100_000)}
    path.write_text(json.dumps({"id": "a", "title": "x" * 10**7}) + "\n" + json.dumps({"id": "b", **fields}) + "\n")
    survive("long", lambda: list(Catalog([path])))


@pytest.fixture
def stranger(built: Path, tmp_path: Path) -> Path:
    """Return an index that somebody else made."""
    return shutil.copytree(built, tmp_path / "theirs.ltrr")


def _write(path: Path, content: bytes) -> None:
    path.write_bytes(content)


def _edit(root: Path, change: Callable[[dict[str, Any]], object]) -> None:
    row = json.loads((root / "manifest.json").read_text())
    del row["sha256"]
    change(row)
    (root / "manifest.json").write_text(json.dumps(row))


ATTACKS: dict[str, Callable[[Path], object]] = {
    "a symbolic link": lambda root: (root / "segments/000001/x").symlink_to("/etc/passwd"),
    "a linked directory": lambda root: (root / "segments/000009").symlink_to("/etc"),
    "a pipe": lambda root: os.mkfifo(root / "log/queries-000009.jsonl"),
    "a name with ..": lambda root: _edit(root, lambda row: row["segments"][0].update(name="../../x")),
    "a file with ..": lambda root: _edit(root, lambda row: row["segments"][0]["files"].update({"../../x": [1, "a"]})),
    "an absolute file": lambda root: _edit(
        root, lambda row: row["segments"][0]["files"].update({"/etc/passwd": [1, ""]})
    ),
    "a program": lambda root: _write(root / "run.py", b"print('owned')"),
    "a library": lambda root: _write(root / "segments/000001/fulltext/evil.so", b"\x7fELF"),
    "a file in the logs": lambda root: _write(root / "log/queries.pickle", b"\x80\x04."),
    "a large manifest": lambda root: os.truncate(root / "manifest.json", 10**9),
    "an entity of other fields": lambda root: _write(root / "segments/000001/entities.jsonl", b'{"id":"a"}\n'),
    "an entity of other types": lambda root: _write(
        root / "segments/000001/entities.jsonl",
        b'{"id":"a","type":[],"title":"","text":"","popularity":null,"attributes":{}}\n',
    ),
    "an entity twice": lambda root: _write(
        root / "segments/000001/entities.jsonl",
        b'{"id":"a","type":"","title":"","text":"","popularity":null,"attributes":{}}\n' * 2,
    ),
    "a segment twice": lambda root: _edit(root, lambda row: row["segments"].append(row["segments"][0])),
    "settings that are none": lambda root: _write(root / "ltrr.toml", b"[query\n"),
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_what_is_not_adopted(stranger: Path, tmp_path: Path, attack: str) -> None:
    """What no ltrr would have written is refused, by name, before anything of it is used."""
    ATTACKS[attack](stranger)
    with pytest.raises(LtrrError) as caught:
        Engine.adopt(stranger, tmp_path / "mine.ltrr", encoder=str(ENCODER))
    assert caught.value.where
    assert not (tmp_path / "mine.ltrr" / "manifest.json").exists()
    TRIED["adoptions"] += 1


def test_an_adopted_index(stranger: Path, tmp_path: Path) -> None:
    """Engine files, the graph and the learned state of a stranger are not read: mad ones harm nothing."""
    with Engine.open(stranger) as engine:
        before = engine.search("love", seed=1, explore=False, now=NOW, log=False)
        events = engine.info().events
    for path in (*stranger.glob("segments/*/fulltext/*"), *stranger.glob("learned/*/*"), *stranger.glob("encoder/*/*")):
        if path.is_file():
            path.write_bytes(os.urandom(200))
    for path in stranger.glob("segments/*/vectors.npy"):
        content = path.read_bytes()
        path.write_bytes(content[:128].replace(b"(", b"9") + content[128:])
    mine = tmp_path / "mine.ltrr"
    did = Engine.adopt(stranger, mine, encoder=str(ENCODER))
    assert did.vectors == 0
    assert Engine.verify(mine, deep=True).sound
    with Engine.open(mine) as engine:
        after = engine.search("love", seed=1, explore=False, now=NOW, log=False)
        assert engine.info().events == events
    assert [result.id for result in after.results] == [result.id for result in before.results]
    with pytest.raises(IndexDirectoryError, match="something here"):
        Engine.adopt(stranger, mine, encoder=str(ENCODER))


def test_one_bot_does_not_own_a_query(victim: Path) -> None:
    """A thousand purchases by one user under one query count as much as his cap allows, and no more."""
    bot = [
        Event(id=f"bot{number}", entity_id="e39", action="purchase", time=NOW + number, text="summer", user="bot")
        for number in range(1000)
    ]
    people = [
        Event(id=f"p{number}", entity_id="e02", action="purchase", time=NOW + number, text="summer", user=f"p{number}")
        for number in range(20)
    ]
    with Engine.open(victim) as engine:
        engine.ingest([*bot, *people], now=NOW + 5000)
        assert engine.info().notes["events over a user's cap"] > 900  # and whoever runs it can see so
        found = engine.search("summer", seed=1, explore=False, now=NOW + 5000, log=False)
        ranks = {result.id: result.rank for result in found.results}
    assert ranks["e02"] < ranks.get("e39", 99)
