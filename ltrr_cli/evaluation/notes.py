"""What a reader noticed and let pass: counted, with the place of the first, for people and for JSON."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class Notes:
    """Harmless oddities of what was read, in the order in which they were first seen.

    `counts` maps the name of each to how often it occurred, for JSON.
    """

    counts: dict[str, int] = field(default_factory=dict)
    _texts: dict[str, str] = field(default_factory=dict)
    _first: dict[str, str] = field(default_factory=dict)

    def add(self, name: str, text: str, *, first: str = "", count: int = 1) -> None:
        """Count an oddity: `name` for JSON, `text` for people, `first` (`file:line`, an id) where the first was."""
        if count <= 0:
            return
        self.counts[name] = self.counts.get(name, 0) + count
        self._texts.setdefault(name, text)
        self._first.setdefault(name, first)

    def extend(self, other: Notes) -> None:
        """Add all that `other` counted."""
        for name, count in other.counts.items():
            self.add(name, other._texts[name], first=other._first[name], count=count)

    @property
    def remarks(self) -> list[str]:
        """One sentence for each: what, how many, and where the first was."""
        return [
            f"{self._texts[name]}: {count:,}" + (f" (first: {self._first[name]})" if self._first[name] else "")
            for name, count in self.counts.items()
        ]
