"""Passages: they cover the text, end where sentences do, overlap by whole sentences, and are so many at most."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from ltrr_cli.encoder.passages import cut

if TYPE_CHECKING:
    from ltrr_cli.encoder import Encoder


def tokens(text: str) -> list[tuple[int, int]]:
    """Return the words of a text as spans."""
    spans, at = [], 0
    for word in text.split(" "):
        spans.append((at, at + len(word)))
        at += len(word) + 1
    return spans


def test_by_hand() -> None:
    """Windows of six words: each ends with a sentence, and the next begins with the last whole one that fits."""
    text = "a b c. d e. f g h i. j k l m n o p q. r s."
    found = [text[start:end] for start, end in cut(text, tokens(text), size=6, overlap=3, most=9)]
    assert found == ["a b c. d e.", "d e. f g h i.", "j k l m n o", "p q. r s."]


def test_no_sentence_ends() -> None:
    """Without any, the text is cut after so many tokens, and nothing overlaps."""
    text = " ".join("abcdefghij")
    assert [text[a:b] for a, b in cut(text, tokens(text), size=4, overlap=2, most=9)] == ["a b c d", "e f g h", "i j"]


def test_scripts_without_spaces() -> None:
    """Chinese full stops end sentences; no space has to follow."""
    text = "东京物语。电影很好。我喜欢看。"
    spans = [(i, i + 1) for i in range(len(text))]
    assert [text[a:b] for a, b in cut(text, spans, size=8, overlap=0, most=9)] == [
        "东京物语。",
        "电影很好。",
        "我喜欢看。",
    ]


@given(st.lists(st.sampled_from(["a", "bb", "c.", "d!", "。"]), min_size=1, max_size=80), st.integers(2, 20), st.data())
def test_all_is_covered(words: list[str], size: int, data: st.DataObject) -> None:
    """Every token is in a passage, none has more than `size`, each begins after the one before; `most` cuts."""
    overlap = data.draw(st.integers(0, size - 1))
    text = " ".join(words)
    spans = tokens(text)
    found = cut(text, spans, size=size, overlap=overlap, most=1000)
    inside = [{i for i, (a, b) in enumerate(spans) if start <= a and b <= end} for start, end in found]
    assert set().union(*inside) == set(range(len(spans)))
    assert all(0 < len(one) <= size for one in inside)
    assert [one[0] for one in found] == sorted({one[0] for one in found})
    assert cut(text, spans, size=size, overlap=overlap, most=2) == found[:2]


def test_tokens_are_spans_of_the_text(shipped: Encoder) -> None:
    """No special token, none cut off, also beyond what the encoder reads."""
    text = "Tokyo story " * 400
    (spans,) = shipped.spans([text])
    assert len(spans) >= 800
    assert text[slice(*spans[0])] == "Tokyo"
    assert list(shipped.spans([""])) == [[]]
    assert shipped.encode(["Tokyo story"]).shape == (1, shipped.dim)
