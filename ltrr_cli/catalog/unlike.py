"""Values that are unlike those of their field in the sample that decided how the field is read.

Each is read for itself where that leaves no doubt, else it stays as it is or is left out. Nothing of it is silent:
every kind is counted for each field, and the first is kept as an example.
"""

from __future__ import annotations

from dataclasses import dataclass, field

HTML = "{} text is HTML, and read as a browser shows it", "{} texts are HTML, and read as a browser shows them"
TAGS = (
    "{} text has tags or character references of HTML, and stays",
    "{} texts have tags or character references of HTML, and stay",
)
AMOUNT = "{} text is an amount among numbers, and read as one", "{} texts are amounts among numbers, and read as such"
CURRENCY = (
    "{} amount is in another currency, and read as if in the same",
    "{} amounts are in another currency, and read as if in the same",
)
TEXT = (
    "{} text is among numbers, and compared with none of them",
    "{} texts are among numbers, and compared with none of them",
)
INFINITE = "{} number is too large, and left out", "{} numbers are too large, and left out"
NAMED = (
    "{} value is an object among texts: its name is taken",
    "{} values are objects among texts: their names are taken",
)
NAME = (
    "{} value is a text among objects, and taken for a name",
    "{} values are texts among objects, and taken for names",
)
LOST = (
    "{} value is an object or list of another shape, and left out",
    "{} values are objects or lists of another shape, and left out",
)
SHAPE = "{} value is a text among objects, and left out", "{} values are texts among objects, and left out"
LATE = (
    "{} value, and not used, since the first records have none",
    "{} values, and not used, since the first records have none",
)
_SHOWN = 40
_MOST = 20
"""Notes at most; the others are counted."""


@dataclass(slots=True)
class _Kind:
    count: int
    record: object
    value: object


@dataclass(slots=True)
class Unlike:
    """Counts such values; `record` is the id, as it is written, of the record that is being read, None for none."""

    record: object = None
    _kinds: dict[tuple[str, tuple[str, str]], _Kind] = field(default_factory=dict)

    def add(self, name: str, kind: tuple[str, str], value: object) -> None:
        """Count a value of a field; `kind` is the sentence about one, and about several."""
        known = self._kinds.get((name, kind))
        if known is None:
            self._kinds[name, kind] = _Kind(1, self.record, value)
        else:
            known.count += 1

    def count(self, name: str, kind: tuple[str, str]) -> int:
        """Return how many values of a kind a field has."""
        known = self._kinds.get((name, kind))
        return 0 if known is None else known.count

    def drop(self, name: str, kind: tuple[str, str]) -> None:
        """Forget the values of a kind that a field has."""
        self._kinds.pop((name, kind), None)

    def notes(self) -> list[str]:
        """Return a sentence for each field and kind, the most frequent first."""
        ordered = sorted(self._kinds.items(), key=lambda item: -item[1].count)
        said = [_sentence(name, kind, seen) for (name, kind), seen in ordered[:_MOST]]
        return said if len(ordered) <= _MOST else [*said, f"{len(ordered) - _MOST:,} more such notes are left out"]


def _sentence(name: str, kind: tuple[str, str], seen: _Kind) -> str:
    """Say how many, and show the first."""
    what = kind[seen.count > 1].format(f"{seen.count:,}")
    where = "" if seen.record is None else f" in record {str(seen.record)[:_SHOWN]}"
    shown = " ".join(str(seen.value).split())
    shown = shown if len(shown) <= _SHOWN else f"{shown[:_SHOWN]}…"
    return f"{name}: {what}; the first{where}: {shown}"
