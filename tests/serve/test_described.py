"""The API does what its own description says: schemathesis makes requests from it, good ones and bad ones.

LTRR_FUZZ=N makes N of each operation, in place of the few that fit into `make test`.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest
import schemathesis
from hypothesis import HealthCheck, settings

from ltrr_cli.serve.app import make_app
from ltrr_cli.serve.openapi import openapi
from ltrr_cli.serve.operations import OPERATIONS
from ltrr_cli.serve.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

    from starlette.testclient import TestClient

EXAMPLES = int(os.environ.get("LTRR_FUZZ", "10"))
