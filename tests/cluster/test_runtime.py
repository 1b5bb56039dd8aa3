"""Joining Ray: nobody there is told at once, and what lies about is not imported."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest

from ltrr_cli.cluster.runtime import _check_reachable, _elsewhere
from ltrr_cli.errors import ClusterError


def test_nobody_there() -> None:
    """A port that nobody listens on is one clear error; what is no `host:port` is Ray's to judge."""
    with pytest.raises(ClusterError, match="no Ray listens there"):
        _check_reachable("127.0.0.1:1")
    for other in ("", "auto", "local", "ray://somewhere"):
        _check_reachable(other)


def test_workers_do_not_import_what_lies_about(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ray gives its workers the directory in which it is joined: that is the package's, also where joining fails."""
    monkeypatch.chdir(tmp_path)
    inside = []
    with suppress(ZeroDivisionError), _elsewhere():
        inside.append((Path.cwd() / "ltrr_cli").is_dir())
        raise ZeroDivisionError
    assert (inside, Path.cwd()) == ([True], tmp_path)
