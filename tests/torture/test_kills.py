"""Killed anywhere: the index opens, verifies and answers, and has every acknowledged event exactly once."""

from __future__ import annotations

import itertools
import json
import random
import shutil
import time
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from kills import JOBS, LONG_AGO, SHY, Job, Kill, work

from ltrr_cli.engine import Engine
from ltrr_cli.engine.fold import Logs
from ltrr_cli.index.manifest import read_manifest

if TYPE_CHECKING:
    from multiprocessing.context import ForkServerContext
    from pathlib import Path

    from conftest import Budget

Row = tuple[str, str, float]
KILLED = -9


class World:
    """An index that is worked on and killed, and what was acknowledged."""

    def __init__(self, root: Path, catalogs: tuple[Path, ...], context: ForkServerContext) -> None:
        self.root = root
        self.acknowledged: set[Row] = set()
        self._catalogs = catalogs
        self._context = context
        self._acks = root.with_suffix(".acks")
        self._numbers = itertools.count()
        self._longest: dict[str, float] = {}

    def run(self, name: str, kill: Kill, *, after: float | None = None) -> tuple[bool, list[Any]]:
        """Do a job in another process; returns whether it was killed, and what it acknowledged."""
        self._acks.unlink(missing_ok=True)
        job = Job(
            name=name,
            root=self.root,
            acks=self._acks,
            catalogs=self._catalogs,
            number=next(self._numbers),
            kill=kill,
        )
        process = self._context.Process(target=work, args=(job,))
        started = time.monotonic()
        process.start()
        if after is not None:
            process.join(after * self._longest.get(name, 1.0))
            process.kill()
        process.join(120)
        assert process.exitcode in (0, KILLED), f"{name} ended with {process.exitcode}"
        if process.exitcode == 0:
            self._longest[name] = time.monotonic() - started
        acks = [json.loads(line) for line in self._acks.read_text().splitlines()] if self._acks.exists() else []
        if {"expired": True} in acks:
            assert min(one.time for one in Logs(self.root).all_events()) > LONG_AGO * 1.1
        if {"forgotten": True} in acks:
            assert SHY not in {one.user for one in Logs(self.root).all_events()}
        self.acknowledged |= {(row[0], row[1], round(row[2], 3)) for row in acks if isinstance(row, list)}
        return process.exitcode == KILLED, acks

    def inspect(self, *, deep: bool) -> None:
        """Fail unless the index is whole."""
        found = Engine.verify(self.root, deep=deep)
        assert found.damage == []
        events = Counter((one.query_id, one.entity_id, round(one.time, 3)) for one in Logs(self.root).all_events())
        assert self.acknowledged <= events.keys()
        assert set(events.values()) <= {1}
        with Engine.open(self.root) as engine:
            assert engine.search("love", seed=1, now=1.8e9, log=False).results
            assert engine.info().events == len(events)

    def clean(self) -> None:
        """Fail if a writer that lives leaves what the dead ones left."""
        Engine.relearn(self.root)
        live = read_manifest(self.root)
        parts = ("segments", "learned", "encoder")
        assert {f"{part}/{path.name}" for part in parts for path in (self.root / part).iterdir()} == live.directories
        assert not list(self.root.glob(".*"))


@pytest.fixture
def world(built: Path, tmp_path: Path, catalogs: tuple[Path, ...], forked: ForkServerContext) -> World:
    """Return a copy of the index to be tortured."""
    root = shutil.copytree(built, tmp_path / "songs.ltrr")
    with (root / "ltrr.toml").open("a") as settings:
        settings.write("[log]\nkeep_days = 3000\n")
    return World(root, catalogs, forked)


def kills(world: World, count: int, chance: random.Random) -> list[tuple[str, Kill, float | None]]:
    """Return `count` kills: two thirds spread over every counted call of every job, the others at any moment."""
    out: list[tuple[str, Kill, float | None]] = []
    names = list(JOBS)
    calls = dict.fromkeys(names, 60)
    for name in names if count > len(names) * 5 else ():
        _, acks = world.run(name, Kill())
        calls[name] = next(row["calls"] for row in acks if isinstance(row, dict) and "calls" in row)
    for number in range(count):
        name = names[number % len(names)]
        if number % 3:
            point = chance.randint(1, calls[name])
            out.append(
                (name, Kill(at=point, half=chance.random() < 0.5, power=chance.random() < 0.5, seed=number), None)
            )
        else:
            out.append((name, Kill(), chance.random()))
    return out


def test_killed(world: World, budget: Budget, capsys: pytest.CaptureFixture[str]) -> None:
    """Whatever was killed, and wherever: what was acknowledged is there once, and the next writer cleans up."""
    chance = random.Random(7)
    tried, died = 0, Counter[str]()
    for number, (name, kill, after) in enumerate(kills(world, budget.kills, chance)):
        killed, acks = world.run(name, kill, after=after)
        tried += 1
        died[name] += killed
        if name == "repair":
            Engine.repair(world.root)
        world.inspect(deep=number % 10 == 0)
        assert killed or acks
        if number % 25 == 24:
            world.clean()
    world.clean()
    world.inspect(deep=True)
    count = len(world.acknowledged)
    with capsys.disabled():
        print(f"\nkills survived {tried:,} of {tried:,} tried ({died.total():,} before the end): {dict(died)}")
        print(f"events acknowledged {count:,}, found exactly once {count:,}")
    assert died.total() > tried // 3
