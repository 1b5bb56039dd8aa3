"""Fuzz guided by coverage (Atheris, libFuzzer): inputs that reach new code are kept and changed further.

    python tests/torture/guided.py [MINUTES] [TARGET …]

Each target has a process and an equal share of the minutes; only errors of ours may come out of it. What crashed lies
in `.out/fuzz/TARGET/`. Needs `pip install atheris`, which has wheels for Linux and CPython 3.11 to 3.13.
"""

from __future__ import annotations

import gzip
import json
import re
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

HERE = Path(__file__).parent
SAMPLE = HERE.parents[1] / "data" / "sample"
ENCODER = HERE.parent / "fixtures" / "tiny-encoder"
NOW = 1.75e9
_SUFFIXES = (".jsonl", ".csv", ".tsv", ".json", ".parquet", "")
_FORMS = (None, "jsonl", "csv", "tsv")
_LOGS = ("queries", "events", "control")


def catalogue(folder: Path) -> Callable[[bytes], None]:
    """Any bytes, under a name of any kind, are a catalogue."""
    from ltrr_cli.catalog import Catalog

    def one(data: bytes) -> None:
        path = folder / f"c{_SUFFIXES[data[0] % len(_SUFFIXES)] if data else ''}"
        path.write_bytes(data[1:])
        for _ in Catalog([path]):
            pass

    return one


def feedback(folder: Path) -> Callable[[bytes], None]:
    """Any bytes, read as any format, are feedback."""
    from ltrr_cli.feedback.formats import Feedback

    def one(data: bytes) -> None:
        path = folder / "f"
        path.write_bytes(data[1:])
        for _ in Feedback([path], format=_FORMS[data[0] % len(_FORMS)] if data else None):
            pass

    return one


def config(folder: Path) -> Callable[[bytes], None]:
    """Any bytes are settings."""
    from ltrr_cli.config import read_config

    def one(data: bytes) -> None:
        (folder / "ltrr.toml").write_bytes(data)
        read_config(folder)

    return one


def filters(folder: Path) -> Callable[[bytes], None]:
    """Any text is a filter of a small index."""
    from ltrr_cli.engine import Engine

    engine = Engine.open(_index(folder))

    def one(data: bytes) -> None:
        engine.count(data.decode("utf-8", "surrogateescape"))

    return one


def query(folder: Path) -> Callable[[bytes], None]:
    """Any text is a query."""
    from ltrr_cli.engine import Engine

    engine = Engine.open(_index(folder))

    def one(data: bytes) -> None:
        engine.search(data.decode("utf-8", "surrogateescape"), now=NOW, seed=1, log=False)

    return one


def index(folder: Path) -> Callable[[bytes], None]:
    """A stranger's manifest, settings, entities, or lines of a log whose checksums fit, are adopted or refused."""
    from ltrr_cli.engine import Engine
    from ltrr_cli.engine.adopt import examine
    from ltrr_cli.feedback.log import encode_line

    theirs = _index(folder)
    mine = folder / "mine.ltrr"
    places = [theirs / "manifest.json", theirs / "ltrr.toml", next(theirs.glob("segments/*/entities.jsonl"))]
    places += [theirs / "log" / f"{name}-000001.jsonl" for name in _LOGS]
    whole = {place: place.read_bytes() if place.exists() else b"" for place in places}

    def one(data: bytes) -> None:
        place = places[data[0] % len(places)] if data else places[0]
        content = data[1:]
        if place.parent.name == "log":
            rows = []
            for line in content.split(b"\n"):
                with suppress(ValueError, TypeError, RecursionError):
                    rows.append(encode_line(json.loads(line)))
            content = whole[place] + b"".join(rows)
        place.write_bytes(content)
        try:
            if place.name == "manifest.json":
                examine(theirs)
            else:
                Engine.adopt(theirs, mine, encoder=str(ENCODER))
        finally:
            place.write_bytes(whole[place])
            shutil.rmtree(mine, ignore_errors=True)

    return one


TARGETS: dict[str, Callable[[Path], Callable[[bytes], None]]] = {
    "catalogue": catalogue,
    "feedback": feedback,
    "query": query,
    "filter": filters,
    "config": config,
    "index": index,
}


def _index(folder: Path) -> Path:
    from ltrr_cli.engine import Engine

    root = folder / "songs.ltrr"
    few = folder / "few.jsonl"
    with (SAMPLE / "catalog.jsonl").open() as lines:
        few.write_text("".join(line for line, _ in zip(lines, range(30), strict=False)))
    Engine.build(few, root, encoder=str(ENCODER))
    with Engine.open(root) as engine:
        answer = engine.search("love", user="ana", session="s", now=NOW - 100, seed=1)
        engine.record(answer.query_id, answer.results[0].id, now=NOW - 90)
    return root


def seeds(name: str) -> list[bytes]:
    """Return inputs that are right, for libFuzzer to begin with."""
    lines = (SAMPLE / "catalog.jsonl").read_bytes().splitlines()[:8]
    log = (SAMPLE / "feedback" / "events.jsonl").read_bytes().splitlines()[:4]
    log += (SAMPLE / "feedback" / "queries.jsonl").read_bytes().splitlines()[:2]
    plain = [b'{"query":"love","entity_id":"a","action":"like","ts":1700000000,"user_id":"u"}']
    ranking = [b'{"event":"ranking","id":"r","timestamp":"1700000000000","user":"u","items":[{"id":"a"}]}']
    if name == "catalogue":
        table = b'\x01id,title,year\n1,"a, b",1990\n2,\'c,NaN\n'
        return [
            b"\0" + b"\n".join(lines),
            b"\0" + gzip.compress(lines[0]),
            table,
            b"\x03[" + b",".join(lines[:2]) + b"]",
        ]
    if name == "feedback":
        joined = [b"\0" + b"\n".join(part) for part in (log, plain, ranking)]
        return [*joined, b"\x02query,entity_id,ts\nlove,a,2024-01-01T00:00:00Z\n"]
    if name == "config":
        from ltrr_cli.config import default_toml

        return [default_toml().replace("# ", "").encode(), b'[rewards]\nlike = 0.5\n[strategies]\nuse = ["lexical"]\n']
    if name == "filter":
        return [b'year >= 1990 and (genres in (rock, pop) or not artist : "the who")', b"title:'a\\'b' or year < 3"]
    if name == "query":
        return [b"love genres:rock -artist:queen year:>=1990", "Ünï çödé 東京 before 1999 under $20".encode()]
    manifest = {"format_version": 1, "generation": 1, "encoder": "a", "segments": [], "learned": {"name": "000001"}}
    entity = {"id": "a", "type": "", "title": "t", "text": "", "popularity": None, "attributes": {"year": [1]}}
    control = {"kind": "policy", "time": NOW, "version": 1, "after": [1, 0]}
    return [
        b"\0" + json.dumps(manifest).encode(),
        b"\x02" + json.dumps(entity).encode(),
        b"\x03" + log[-1],
        b"\x04" + log[0],
        b"\x05" + json.dumps(control).encode(),
    ]


def fuzz(name: str, seconds: int, out: Path) -> None:
    """Fuzz one target in this process, which libFuzzer ends."""
    import atheris  # type: ignore[import-untyped]

    with atheris.instrument_imports(include=["ltrr_cli"]):
        from ltrr_cli.errors import LtrrError

        # made for this run: a target writes where nobody else does
        folder = Path(tempfile.mkdtemp(prefix="ltrr-fuzz-"))
        act = TARGETS[name](folder)

    def one(data: bytes) -> None:
        with suppress(LtrrError):
            act(data)

    corpus = out / "corpus"
    corpus.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(seeds(name)):
        (corpus / f"seed-{number}").write_bytes(seed)
    limits = [
        "-max_len=2048",
        "-rss_limit_mb=4096",
        "-timeout=60",
        f"-max_total_time={seconds}",
        "-print_final_stats=1",
    ]
    atheris.Setup([sys.argv[0], *limits, f"-artifact_prefix={out}/", str(corpus)], one)
    atheris.Fuzz()


def main(minutes: float, names: Sequence[str]) -> int:
    """Fuzz the targets one after the other; returns how many crashed."""
    began, inputs, crashes = time.monotonic(), 0, 0
    for name in names:
        out = HERE.parents[1] / ".out" / "fuzz" / name
        seconds = str(max(1, round(minutes * 60 / len(names))))
        command = [sys.executable, __file__, "--target", name, seconds, str(out)]
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
        found = re.search(r"number_of_executed_units: (\d+)", done.stderr)
        reached = re.findall(r"cov: (\d+)", done.stderr)
        inputs += int(found[1]) if found else 0
        crashes += done.returncode != 0
        print(
            f"{name:<10} inputs {int(found[1]) if found else 0:>9,}, edges reached {reached[-1] if reached else 0:>5}"
        )
        if done.returncode:
            print(done.stdout[-3000:], done.stderr[-3000:], sep="\n")
    print(f"minutes of guided fuzzing {(time.monotonic() - began) / 60:.0f}, inputs {inputs:,}, crashes {crashes}")
    return crashes


if __name__ == "__main__":
    if sys.argv[1:2] == ["--target"]:
        fuzz(sys.argv[2], int(sys.argv[3]), Path(sys.argv[4]))
    else:
        wanted = float(sys.argv[1]) if len(sys.argv) > 1 else 10
        sys.exit(min(1, main(wanted, sys.argv[2:] or list(TARGETS))))
