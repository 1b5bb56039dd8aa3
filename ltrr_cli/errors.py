"""Every error that a user can meet: what happened, where, and what to do next.

LtrrError
├── UsageError       the call itself is wrong (exit code 2)
├── NotFoundError    an entity, a version … that the index does not have
├── CatalogError     a catalogue cannot be read, or holds no usable record
├── EncoderError     an encoder folder is missing, damaged or of the wrong kind
├── FeedbackError    feedback cannot be read or refers to nothing
├── EvaluationError  queries, judgments, runs or logs to evaluate with cannot be used
├── IndexDirectoryError   no index, a damaged one, or one of another format version
│   ├── NewerFormatError  the index was written by a newer ltrr
│   └── LockedError  another process holds the lock for longer than we waited
├── ServeError       the server cannot listen, or what it needs is not installed
├── ClusterError     other machines cannot be reached, or what reaches them is not installed
└── ConfigError      ltrr.toml or an LTRR_* variable holds something unusable
"""

from __future__ import annotations


class LtrrError(Exception):
    """Base of all errors: `what` happened, `where` (file, line, field), what to do `next`; exit code 1."""

    exit_code = 1

    def __init__(self, what: str, *, where: str = "", next: str = "") -> None:  # noqa: A002 – the word users read
        super().__init__(what)
        self.what = what
        self.where = where
        self.next = next

    def __str__(self) -> str:
        """One line: what (where) – next."""
        place = f" ({self.where})" if self.where else ""
        advice = f" – {self.next}" if self.next else ""
        return f"{self.what}{place}{advice}"


class UsageError(LtrrError):
    """The call itself is wrong: an unknown name, a value out of range (exit code 2)."""

    exit_code = 2


class NotFoundError(LtrrError):
    """The call is right, but the index does not have what it asks for: an entity, a version, something to undo."""


class CatalogError(LtrrError):
    """A catalogue cannot be read, or holds no usable record."""


class EncoderError(LtrrError):
    """An encoder folder is missing, damaged or of the wrong kind."""


class FeedbackError(LtrrError):
    """Feedback cannot be read or refers to nothing."""


class EvaluationError(LtrrError):
    """Queries, judgments, runs or logs to evaluate with cannot be read, or do not fit together."""


class IndexDirectoryError(LtrrError):
    """There is no index here, it is damaged, or it has another format version."""


class NewerFormatError(IndexDirectoryError):
    """The index was written by a newer ltrr, which knows more of its format."""


class LockedError(IndexDirectoryError):
    """Another process holds the lock for longer than we waited."""


class ServeError(LtrrError):
    """The server cannot listen, or what it needs is not installed."""


class ClusterError(LtrrError):
    """The other machines cannot be reached, or what reaches them is not installed."""


class ConfigError(LtrrError):
    """ltrr.toml or an LTRR_* variable holds something unusable."""
