"""The public Python API: its names, documented and annotated."""

from __future__ import annotations

import inspect
import os
import subprocess
import sys
from pathlib import Path

import pytest

import ltrr_cli
from ltrr_cli import errors
from ltrr_cli.engine import Engine

PUBLIC = [name for name in dir(Engine) if not name.startswith("_") and callable(getattr(Engine, name))]
ERRORS = [member for member in vars(errors).values() if isinstance(member, type) and issubclass(member, Exception)]


def test_exported_names() -> None:
    """The package exports these names, no others, and each is there."""
    assert ltrr_cli.__all__ == ["Engine", "LtrrError", "__version__"]
    assert ltrr_cli.Engine is Engine
    assert ltrr_cli.LtrrError is errors.LtrrError
    assert [part.isdigit() for part in ltrr_cli.__version__.split(".")[:2]] == [True, True]
    with pytest.raises(AttributeError, match="nonsense"):
        ltrr_cli.nonsense  # noqa: B018


def test_engine_has_these_methods() -> None:
    """The engine's public methods are these: a new one is documented on purpose, none goes by accident."""
    assert set(PUBLIC) >= {
        "build",
        "open",
        "close",
        "search",
        "warm_up",
        "record",
        "ingest",
        "learn",
        "relearn",
        "delete",
        "info",
    }


@pytest.mark.parametrize("name", PUBLIC)
def test_public_methods_are_documented(name: str) -> None:
    """Every public method has a docstring and annotations for all it takes and returns, none of them Any."""
    method = getattr(Engine, name)
    assert inspect.getdoc(method)
    signature = inspect.signature(method)
    assert signature.return_annotation is not inspect.Signature.empty
    for parameter in signature.parameters.values():
        if parameter.name != "self":
            assert parameter.annotation not in (inspect.Parameter.empty, "Any"), parameter.name


@pytest.mark.parametrize("error", ERRORS)
def test_errors_are_in_the_tree(error: type[errors.LtrrError]) -> None:
    """Every error descends from LtrrError, is named in the module's tree, and says what it means."""
    assert issubclass(error, errors.LtrrError)
    assert errors.__doc__ is not None
    tree = [line.strip("├└│─ ").split()[0] for line in errors.__doc__.splitlines() if line.strip("├└│─ ")]
    assert error.__name__ in tree
    assert error.__doc__


def test_tree_names_no_others() -> None:
    """The tree of errors names errors that exist."""
    assert errors.__doc__ is not None
    named = [
        line.lstrip("├└│─ ").split()[0]
        for line in errors.__doc__.splitlines()
        if line.lstrip("├└│─ ").split(" ")[0].endswith("Error")
    ]
    assert sorted(named) == sorted(error.__name__ for error in ERRORS)


def test_importing_is_cheap() -> None:
    """Importing the package, and even the engine, loads none of the heavy libraries."""
    heavy = ("numpy", "polars", "onnxruntime", "tantivy", "usearch", "tokenizers", "typer", "rich")
    code = f"import sys, ltrr_cli; ltrr_cli.Engine; print([name for name in {heavy} if name in sys.modules])"
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
