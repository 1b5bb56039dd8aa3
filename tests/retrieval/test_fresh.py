"""fresh: it takes what lexical found, where that is as much as it would look for itself."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from ltrr_cli.records import Entity
from ltrr_cli.retrieval.base import Request, built_in
from ltrr_cli.retrieval.fresh import WINDOW

if TYPE_CHECKING:
    from collections.abc import Callable

    from ltrr_cli.index.view import View


@pytest.mark.parametrize("found", [0, 5, WINDOW - 1, WINDOW, WINDOW + 9])
def test_what_lexical_found_is_not_looked_for_again(
    found: int, make_view: Callable[..., View], make_request: Callable[..., Request]
) -> None:
    """However many lexical hits there are, the same is found as without them."""
    built = [Entity(id=f"e{n}", title="love " + "la " * (n % 7), popularity=float(n)) for n in range(140)]
    added = [Entity(id=f"e{n}", title="love " + "la " * (n % 5), popularity=float(n)) for n in range(140, 150)]
    request = make_request(make_view(built, added), "love")
    fresh = built_in("fresh")
    alone = fresh.retrieve(replace(request, before={}), 50)
    assert len(alone.rows) > 5
    lexical = {"lexical": built_in("lexical").retrieve(request, found)} if found else {}
    hits = fresh.retrieve(replace(request, before=lexical), 50)
    assert hits.rows.tolist() == alone.rows.tolist()
    assert hits.scores.tolist() == alone.scores.tolist()
