"""How strategies are found by name: given ones, built-in ones, other packages'."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ltrr_cli.errors import ConfigError
from ltrr_cli.retrieval.base import BUILT_IN, Hits, Request, Strategy, find

if TYPE_CHECKING:
    from pathlib import Path

PLUGIN = '''
"""A strategy from elsewhere."""
from ltrr_cli.retrieval.base import Hits

class Upside:
    name = "upside_down"
    def applies(self, request):
        return True
    def retrieve(self, request, depth):
        return Hits.none()
'''


class Own:
    """A strategy that an application passes in."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.learns = False

    def applies(self, request: Request) -> bool:
        """Say yes."""
        del request
        return True

    def retrieve(self, request: Request, depth: int) -> Hits:
        """Find nothing."""
        del request, depth
        return Hits.none()


def test_built_in() -> None:
    """Names give the strategies that bear them, in order, each once."""
    assert [strategy.name for strategy in find(BUILT_IN)] == list(BUILT_IN)
    assert [strategy.name for strategy in find(["memory", "lexical", "memory"])] == ["memory", "lexical"]
    assert find([]) == []


def test_given_ones_come_too_and_come_first() -> None:
    """A given strategy is found by name, stands in for a built-in one of that name, and is added if nobody named it."""
    own: Strategy = Own("own")
    lexical: Strategy = Own("lexical")
    assert find(["own"], [own]) == [own]
    assert find(["lexical"], [lexical]) == [lexical]
    assert [strategy.name for strategy in find(["memory"], [own])] == ["memory", "own"]


@pytest.mark.parametrize("name", ["no_such", "", "base", "pool", "..base", "os"])
def test_an_unknown_name(name: str) -> None:
    """A name that nobody provides is a ConfigError that says what there is; modules beside are no strategies."""
    with pytest.raises(ConfigError) as caught:
        find(["lexical", name])
    assert repr(name) in caught.value.what
    assert "use" in caught.value.where
    assert all(known in caught.value.next for known in BUILT_IN)


def test_entry_points(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An installed package's entry point is found by its name, after the built-in ones."""
    (tmp_path / "upside_plugin.py").write_text(PLUGIN)
    info = tmp_path / "upside_plugin-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: upside-plugin\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        "[ltrr.strategies]\nupside_down = upside_plugin:Upside\nlexical = upside_plugin:Upside\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    found = find(["upside_down", "lexical"])
    assert [strategy.name for strategy in found] == ["upside_down", "lexical"]
    assert type(found[0]).__module__ == "upside_plugin"
    assert type(found[1]).__module__ == "ltrr_cli.retrieval.lexical"
    with pytest.raises(ConfigError):
        find(["upside"])
