"""The architecture: imports point one way, only cli speaks, and heavy modules load late."""

from __future__ import annotations

import ast
import importlib.util
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

import ltrr_cli

ROOT = Path(ltrr_cli.__file__).parent
LAYERS = (
    {"records", "errors", "text", "native", "kept"},
    {"analysis", "memory", "catalog", "encoder", "estimators", "filters", "index", "config", "settings"},
    {"query", "retrieval", "policy", "ranking", "feedback"},
    {"engine"},
    {"cluster", "evaluation", "wire"},
    {"cli", "serve"},
)
"""Lowest first. The package itself stands above all of them: it only re-exports."""
HEAVY = ("numpy", "polars", "onnxruntime", "tantivy", "usearch", "tokenizers")
NATIVE = {"onnxruntime", "usearch"}
TERMINAL = {"rich", "typer", "prompt_toolkit", "click"}


class Import(NamedTuple):
    """`file`, relative to the package, imports `module` at `line`: `inner` in a function, `typing` only for types."""

    file: str
    line: int
    module: str
    inner: bool
    typing: bool

    @property
    def place(self) -> str:
        """Where it stands, and what it imports."""
        return f"{self.file}:{self.line} imports {self.module}"


def _imports(path: Path) -> list[Import]:
    found: list[Import] = []
    file = path.relative_to(ROOT).as_posix()
    package = ["ltrr_cli", *path.relative_to(ROOT).parts[:-1]]

    def visit(node: ast.AST, *, inner: bool, typing: bool) -> None:
        for child in ast.iter_child_nodes(node):
            modules: list[str] = []
            if isinstance(child, ast.Import):
                modules = [alias.name for alias in child.names]
            elif isinstance(child, ast.ImportFrom):
                base = package[: len(package) - child.level + 1] if child.level else []
                origin = ".".join([*base, *([child.module] if child.module else [])])
                # `from ltrr_cli import x` may name a module
                modules = [f"{origin}.{alias.name}" for alias in child.names] if origin == "ltrr_cli" else [origin]
            elif isinstance(child, ast.Call) and ast.unparse(child.func).endswith(("import_module", "__import__")):
                argument = child.args[0] if child.args else None
                modules = (
                    [argument.value] if isinstance(argument, ast.Constant) and isinstance(argument.value, str) else []
                )
            found.extend(Import(file, child.lineno, module, inner, typing) for module in modules)  # type: ignore[attr-defined]
            visit(
                child,
                inner=inner or isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef),
                typing=typing or (isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test)),
            )

    visit(ast.parse(path.read_text()), inner=False, typing=False)
    return found


FILES = sorted(path for path in ROOT.rglob("*.py"))
IMPORTS = [one for path in FILES for one in _imports(path)]


def _part(module: str) -> str:
    """Return the part of the package that a dotted module or a file belongs to, "" for the package itself."""
    pieces = module.removesuffix(".py").replace("/", ".").removeprefix("ltrr_cli").strip(".").split(".")
    return "" if pieces[0] in {"__init__", "__main__"} else pieces[0]


def _layer(part: str) -> int:
    return next(number for number, layer in enumerate(LAYERS) if part in layer)


OWN = [(one, _part(one.file), _part(one.module)) for one in IMPORTS if one.module.split(".")[0] == "ltrr_cli"]


def test_every_part_has_its_layer() -> None:
    """Each folder and module of the package is named in a layer: a new one has to say where it stands."""
    parts = {_part(path.relative_to(ROOT).as_posix()) for path in FILES} - {""}
    assert parts <= set().union(*LAYERS)
    assert len(parts) >= 15
    assert len(OWN) >= 150


def test_imports_point_down() -> None:
    """No part imports one of a higher layer, not even for types: a type is knowledge too."""
    wrong = [
        one.place
        for one, importer, imported in OWN
        if importer and imported not in {"", "__version__"} and _layer(imported) > _layer(importer)
    ]
    assert wrong == []


def test_stages_do_not_meet() -> None:
    """The stages do not import each other: they meet in the engine."""
    stages = LAYERS[2]
    wrong = [one.place for one, importer, imported in OWN if importer != imported and {importer, imported} <= stages]
    assert wrong == []


def test_neighbours_do_not_import_each_other_in_circles() -> None:
    """Within a layer below the stages one part may use another, but not both each other, nor around a corner."""
    uses: dict[str, set[str]] = {}
    for _, importer, imported in OWN:
        if importer and imported not in {"", importer}:
            uses.setdefault(importer, set()).add(imported)
    while uses:
        free = {part for part, used in uses.items() if not used & set(uses)}
        assert free, f"these import each other: {sorted(uses)}"
        uses = {part: used for part, used in uses.items() if part not in free}


def test_nothing_imports_the_package_itself_but_for_its_version() -> None:
    """Only cli may use the public names; the rest takes them from where they are made, which keeps imports acyclic."""
    allowed = {"", "cli", "evaluation"}
    wrong = [
        one.place
        for one in IMPORTS
        if one.module in {"ltrr_cli.Engine", "ltrr_cli.LtrrError"} and _part(one.file) not in allowed
    ]
    assert wrong == []


def test_native_modules_load_in_one_place() -> None:
    """Both onnxruntime and usearch are imported in native.py only: their order matters."""
    wrong = [one.place for one in IMPORTS if one.module.split(".")[0] in NATIVE and one.file != "native.py"]
    assert wrong == []
    assert {one.module.split(".")[0] for one in IMPORTS if one.file == "native.py"} >= NATIVE


def test_polars_loads_inside_functions() -> None:
    """Polars is imported by the functions that build and fold tables, at no module's own level."""
    own = [one for one in IMPORTS if one.module.split(".")[0] == "polars"]
    assert [one.place for one in own if not (one.inner or one.typing)] == []
    assert any(one.inner for one in own)


def test_only_cli_speaks() -> None:
    """Only cli prints, exits or knows of a terminal."""
    wrong = [one.place for one in IMPORTS if one.module.split(".")[0] in TERMINAL and _part(one.file) != "cli"]
    banned = {"print", "exit", "quit", "input", "breakpoint", "sys.exit", "os._exit", "os.abort", "sys.stdout.write"}
    for path in FILES:
        file = path.relative_to(ROOT).as_posix()
        if _part(file) == "cli" or path.name == "__main__.py":
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            name = ast.unparse(node.func) if isinstance(node, ast.Call) else ""
            raised = ast.unparse(node.exc) if isinstance(node, ast.Raise) and node.exc is not None else ""
            if name in banned or raised.startswith(("SystemExit", "KeyboardInterrupt")):
                wrong.append(f"{file}:{node.lineno} calls {name or raised}")  # type: ignore[attr-defined]
    assert wrong == []


def test_nothing_is_unpickled_or_executed() -> None:
    """No file of an index can run code: pickle, eval and allow_pickle=True do not occur."""
    wrong = [
        one.place for one in IMPORTS if one.module.split(".")[0] in {"pickle", "dill", "marshal", "shelve", "joblib"}
    ]
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call):
                call = ast.unparse(node.func)
                pickles = any(
                    word.arg == "allow_pickle" and ast.unparse(word.value) != "False" for word in node.keywords
                )
                if call in {"eval", "exec", "os.system"} or pickles:
                    wrong.append(f"{path.relative_to(ROOT)}:{node.lineno} calls {call}")
    assert wrong == []


def _loaded(code: str, names: tuple[str, ...]) -> list[str]:
    """Return which of the modules a fresh interpreter has loaded after `code`."""
    report = f"print(*[name for name in {names!r} if name in sys.modules])"
    program = f"import sys; sys.path.insert(0, {str(ROOT.parent)!r})\n{code}\n{report}"
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True, timeout=60)
    return done.stdout.split()


def test_the_probe_sees_what_is_loaded() -> None:
    """The check below can fail."""
    assert _loaded("import numpy", HEAVY) == ["numpy"]


@pytest.mark.parametrize(
    "module", ["ltrr_cli", "ltrr_cli.errors", "ltrr_cli.config", "ltrr_cli.records", "ltrr_cli.cli.main"]
)
def test_help_is_light(module: str) -> None:
    """Importing the package, its value types or the command line loads none of the heavy modules."""
    if importlib.util.find_spec(module) is None:
        pytest.skip(f"{module} is not there yet")
    assert _loaded(f"import {module}", HEAVY) == []


def test_the_query_path_leaves_polars_alone() -> None:
    """The public Engine, strategies and the encoder load without Polars, a terminal, and what reads catalogues."""
    code = (
        "from ltrr_cli import Engine\n"
        "from ltrr_cli.retrieval.base import BUILT_IN, find\n"
        "find(BUILT_IN)\n"
        "import ltrr_cli.encoder, ltrr_cli.engine.search, ltrr_cli.engine.learn, ltrr_cli.engine.opened"
    )
    assert _loaded(code, ("polars", "ltrr_cli.catalog", *sorted(TERMINAL))) == []
