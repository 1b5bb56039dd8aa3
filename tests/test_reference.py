"""The README's reference of commands is what the program says of itself."""

from __future__ import annotations

import importlib.util
import re
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
    """Every command stands in README's table, and in docs/commands.md with its options; if not: make docs."""
    module = _module()
    written = module.block((ROOT / "README.md").read_text(encoding="utf-8"))
    assert written == module.reference()
    names = [name for name, _ in module.commands()]
    assert len(names) >= 35
    assert all(f"| `{name}" in written for name in names)

    sections = dict(part.split("\n", 1) for part in module.PAGE.read_text(encoding="utf-8").split("\n## ")[1:])
    assert list(sections) == names
    missing = [
        (name, one)
        for name, command in module.commands()
        for one in module.options(command)
        if one not in sections[name]
    ]
    assert not missing


def test_links_between_pages_lead_somewhere() -> None:
    """Every relative link of the Markdown pages names a file here, and its heading where it names one."""
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), *(ROOT / "benchmarks").glob("*.md")]
    links = [
        (page, link) for page in pages for link in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8"))
    ]
    assert len(links) >= 20
    for page, link in links:
        name, _, heading = link.partition("#")
        if "://" in link:
            continue
        target = (page.parent / name).resolve() if name else page
        assert target.exists(), (page.name, link)
        if heading:
            titles = re.findall(r"^#+ (.+)$", target.read_text(encoding="utf-8"), re.MULTILINE)
            assert heading in {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}, (
                page.name,
                link,
            )
