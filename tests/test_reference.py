"""The README's reference of commands is what the program says of itself."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]


def _module() -> Any:
    spec = importlib.util.spec_from_file_location("reference", ROOT / "docs" / "reference.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_reference_is_up_to_date() -> None:
    """Every command stands there, with its options; after a change: python docs/reference.py."""
    module = _module()
    written = module.block((ROOT / "README.md").read_text(encoding="utf-8"))
    assert written == module.reference()
    names = [name for name, _ in module.commands()]
    assert len(names) >= 35
    assert all(f"| `{name}" in written for name in names)
