"""The vectors of queries: begun in another thread, made once, kept up to a number, and their errors told."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from ltrr_cli.engine import query_vectors
from ltrr_cli.engine.query_vectors import QueryVectors

LONG = 60.0


class Encoder:
    """Notes what it encodes, in which thread; a text's vector is its length. It waits until it may go on."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, ...]] = []
        self.threads: set[int] = set()
        self.go = threading.Event()
        self.go.set()

    def __call__(self, texts: object) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
        """Encode."""
        assert isinstance(texts, list)
        self.go.wait(LONG)
        self.asked.append(tuple(texts))
        self.threads.add(threading.get_ident())
        if "bad" in texts:
            raise ValueError("no vector")
        return np.array([[len(text)] for text in texts], np.float32)


def test_what_was_begun_is_made_once_and_elsewhere() -> None:
    """A text that was begun is waited for, whoever asks; then it is kept."""
    encode = Encoder()
    vectors = QueryVectors(encode)
    encode.go.clear()
    vectors.begin("love")
    vectors.begin("love")
    threading.Timer(0.01, encode.go.set).start()
    assert [vectors.of("love").tolist() for _ in range(2)] == [[4.0], [4.0]]
    vectors.begin("love")
    assert vectors.of("rain").tolist() == [4.0]
    assert encode.asked == [("love",), ("rain",)]
    assert len(encode.threads - {threading.get_ident()}) == 1
    assert not vectors._begun


def test_an_error_is_told_to_who_asks_and_not_kept() -> None:
    """What cannot be encoded raises where it is asked for, each time anew."""
    encode = Encoder()
    vectors = QueryVectors(encode)
    vectors.begin("bad")
    for _ in range(2):
        with pytest.raises(ValueError, match="no vector"):
            vectors.of("bad")
    assert not vectors._begun
    vectors.begin("  ")
    assert ("  ",) not in encode.asked


def test_the_latest_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """The oldest go; several at once are encoded in one call, those known left out."""
    monkeypatch.setattr(query_vectors, "_KEPT", 3)
    encode = Encoder()
    vectors = QueryVectors(encode)
    vectors.make(["a", "bb", "a"])
    vectors.make_ahead(["bb", "ccc", "dddd"])()
    assert encode.asked == [("a", "bb"), ("ccc", "dddd")]
    assert vectors.unknown(["a", "bb", "ccc", "dddd"]) == ["a"]
    younger = QueryVectors(encode)
    younger.adopt(vectors)
    assert younger.of("dddd").tolist() == [4.0]
    assert len(encode.asked) == 2


def test_many_are_made_but_for_those_that_are_kept() -> None:
    """Each text has its vector in its place, also twice; only what is new is encoded, once, and not kept."""
    encode = Encoder()
    vectors = QueryVectors(encode)
    vectors.make(["love", "rain falls"])
    assert vectors.many(["night", "love", "night", "rain falls"]).tolist() == [[5], [4], [5], [10]]
    assert vectors.many(["love"]).tolist() == [[4]]
    assert encode.asked == [("love", "rain falls"), ("night",)]
    assert vectors.unknown(["night"]) == ["night"]
