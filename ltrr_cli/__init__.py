"""Local, learning search in one directory: the public API is `Engine` and the errors it raises."""

from ltrr_cli.errors import LtrrError

TYPE_CHECKING = (
    False  # as in `typing`, which takes milliseconds to import: a key pressed meanwhile would be a traceback
)
if TYPE_CHECKING:
    from ltrr_cli.engine import Engine

__version__ = "0.1.0"
__all__ = ["Engine", "LtrrError", "__version__"]


def __getattr__(name: str) -> object:
    """Import `Engine` on first use: `ltrr --help` must not load the engines."""
    if name == "Engine":
        from ltrr_cli.engine import Engine

        return Engine
    raise AttributeError(name)
