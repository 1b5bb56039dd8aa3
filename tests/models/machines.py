"""Three machines on this one, a head and two nodes as Ray sees them; and a catalogue."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

ENCODER = str(Path(__file__).parents[1] / "fixtures" / "tiny-encoder")
THEMES = ("love", "rain", "summer", "night", "train", "home", "river", "gold", "winter", "dance")
COUNT = 120
STORE = 80 * 2**20


def entities(count: int = COUNT) -> list[dict[str, object]]:
    """Return songs and albums, all of whose fields have as many words as those of the others."""
    found: list[dict[str, object]] = []
    for number in range(count):
        theme, other = THEMES[number % 10], THEMES[(number * 7 + 3) % 10]
        found.append(
            {
                "id": f"e{number:03d}",
                "type": "album" if number % 4 == 3 else "song",
                "title": f"{theme} {other} {number}".title(),
                "text": f"Number {number} is about {theme}, {other} and a long way to somewhere else.",
                "popularity": 1000 - 7 * number,
                "genres": ["pop" if number % 2 else "rock"],
                "year": 1900 + number,
            }
        )
    return found


class Machines:
    """The cluster: nodes come and go."""

    def __init__(self, cluster: Any) -> None:
        self.cluster = cluster
        self.address = str(cluster.address)
        self.nodes = [self.add(), self.add()]

    def add(self) -> Any:
        """Start a node."""
        return self.cluster.add_node(num_cpus=1, object_store_memory=STORE)

    def lose(self) -> None:
        """Lose a node, as when its plug is pulled, and start another."""
        self.cluster.remove_node(self.nodes.pop(0), allow_graceful=False)
        self.nodes.append(self.add())

    def processes(self, name: str) -> list[int]:
        """Return the processes of this cluster that do a kind of work."""
        raylets = {process.process.pid for node in [self.cluster.head_node, *self.nodes] for process in _raylets(node)}
        found = []
        for folder in Path("/proc").iterdir():
            try:
                command = (folder / "cmdline").read_bytes()
                parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            except (OSError, ValueError, IndexError):
                continue
            if parent in raylets and command.startswith(b"ray::" + name.encode()):
                found.append(int(folder.name))
        return found

    def kill(self, name: str) -> bool:
        """Kill a process that does a kind of work, if there is one."""
        for process in self.processes(name):
            os.kill(process, signal.SIGKILL)
            return True
        return False


def _raylets(node: Any) -> list[Any]:
    return [process for process in node.all_processes.get("raylet", ()) if process is not None]
