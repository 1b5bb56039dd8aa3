"""An encoder that is opened ahead is the one that is used; what goes wrong is told by whoever opens it then."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from ltrr_cli.encoder import Encoder, encoder_folder
from ltrr_cli.encoder.ahead import open_ahead, opened
from ltrr_cli.errors import EncoderError

if TYPE_CHECKING:
    from pathlib import Path


def test_the_one_that_was_begun(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is opened once, and says what any other would."""
    folder = encoder_folder(None)
    wanted = Encoder.open(folder).encode(["rain"], kind="query")
    calls: list[Path] = []
    open_it = Encoder.open

    def noting(folder: Path) -> Encoder:
        calls.append(folder)
        return open_it(folder)

    monkeypatch.setattr(Encoder, "open", noting)
    open_ahead(folder)
    found = opened(folder)
    assert calls == [folder]
    assert np.array_equal(found.encode(["rain"], kind="query"), wanted)
    assert opened(folder) is not found


def test_another_is_opened_anew(tmp_path: Path) -> None:
    """Where another was begun, or none could be opened, the wanted one is; its errors are told."""
    folder = encoder_folder(None)
    open_ahead(tmp_path)
    assert opened(folder).folder == folder
    open_ahead(folder)
    with pytest.raises(EncoderError):
        opened(tmp_path)
