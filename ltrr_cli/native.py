"""The one place that imports onnxruntime and usearch: their order and an environment variable matter."""

from __future__ import annotations

import os
from typing import Any


def onnxruntime() -> Any:
    """Return the onnxruntime module, with its telemetry off.

    Its Linux wheels look up names on the network and write into the user's cache folder unless the variable is set
    before the import (seen with 1.2x and 1.32).
    """
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    import onnxruntime as module

    return module


def usearch_index() -> Any:
    """Return the `usearch.index` module.

    onnxruntime goes first: with usearch ≥ 2.26.2 the other order crashes the process.
    """
    onnxruntime()
    import usearch.index as module

    return module
