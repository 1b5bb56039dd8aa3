"""Read the JSON files of a model folder with types; every mistake names the file and the field."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ltrr_cli.errors import EncoderError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class FileFields:
    """The top-level fields of a JSON file, read with a type; every mistake names the file and the field."""

    path: Path
    values: Mapping[str, object]

    @classmethod
    def read(cls, path: Path, *, advice: str = "check the file") -> FileFields:
        """Read a JSON object.

        Raises:
            EncoderError: the file is missing, unreadable or no JSON object.
        """
        value = _json(path, advice)
        if not isinstance(value, dict):
            raise EncoderError("this is not a JSON object", where=str(path), next=advice)
        return cls(path, value)

    @classmethod
    def read_list(cls, path: Path) -> list[FileFields]:
        """Read a JSON array of objects.

        Raises:
            EncoderError: the file is missing, unreadable or no such array.
        """
        value = _json(path, "check the file")
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            raise EncoderError("this is not a JSON array of objects", where=str(path), next="check the file")
        return [cls(path, item) for item in value]

    def error(self, key: str, what: str) -> EncoderError:
        """Return the error for a field, to be raised."""
        return EncoderError(f"{key}: {what}", where=str(self.path), next="correct the field")

    def text(self, key: str, default: str) -> str:
        """Return a string field."""
        value = self.values.get(key)
        if value is None:
            return default
        if not isinstance(value, str):
            raise self.error(key, "must be a string")
        return value

    def count(self, key: str, default: int | None = None) -> int:
        """Return a whole number ≥ 0; a field without a default is required and ≥ 1."""
        value = self.values.get(key)
        if value is None and default is not None:
            return default
        if not isinstance(value, int) or isinstance(value, bool) or value < (1 if default is None else 0):
            raise self.error(key, f"must be a whole number, not {value!r}")
        return value

    def number(self, key: str, default: float) -> float:
        """Return a number."""
        value = self.values.get(key, default)
        if not isinstance(value, int | float) or isinstance(value, bool):
            raise self.error(key, f"must be a number, not {value!r}")
        return float(value)

    def texts(self, key: str) -> dict[str, str]:
        """Return an object of strings; other values in it are left out, a missing one is empty."""
        value = self.values.get(key)
        if value is None:
            return {}
        if not isinstance(value, dict):
            raise self.error(key, "must be an object")
        return {str(name): text for name, text in value.items() if isinstance(text, str)}


def _json(path: Path, advice: str) -> object:
    if not path.is_file():
        raise EncoderError(f"there is no {path.name}", where=str(path.parent), next=advice)
    try:
        value: object = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise EncoderError(f"this is no readable JSON: {error}", where=str(path), next=advice) from error
    return value
