"""Sparse vectors from a masked-language model, by hand: pooling, pruning, queries, and folders that are none."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pytest

from ltrr_cli.encoder.sparse import SparseEncoder
from ltrr_cli.errors import EncoderError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

LOVE, HEART, CAR, RAIN = 4, 5, 6, 8
STRONG, WEAK = math.log1p(4), math.log1p(1)


def terms(encoder: SparseEncoder, *texts: str, **how: Any) -> list[dict[int, float]]:
    """Return each text's terms."""
    return [dict(zip(t.tolist(), w.tolist(), strict=True)) for t, w in encoder.encode(texts, **how)]


def test_weights_by_hand(make_mlm: Callable[..., Path], tmp_path: Path) -> None:
    """log(1 + relu(logit)), the largest over the tokens; what is not above 0 is left out; texts keep their order."""
    encoder = SparseEncoder.open(make_mlm(tmp_path / "mlm"))
    found = terms(encoder, "rain rain love", "love heart", "", "love")
    assert found[0] == pytest.approx({LOVE: STRONG, HEART: WEAK, RAIN: STRONG})
    assert found[1] == pytest.approx({LOVE: STRONG, HEART: STRONG})
    assert found[2] == {}
    assert found[3] == pytest.approx({LOVE: STRONG, HEART: WEAK})


def test_pruning(make_mlm: Callable[..., Path], tmp_path: Path) -> None:
    """The terms that weigh most are kept, of equal ones the first; those up to the threshold go."""
    encoder = SparseEncoder.open(make_mlm(tmp_path / "mlm", document_terms=2, query_terms=1))
    assert list(terms(encoder, "love car rain")[0]) == [LOVE, CAR]
    assert list(terms(encoder, "love car rain", kind="query")[0]) == [LOVE]
    high = SparseEncoder.open(make_mlm(tmp_path / "high", threshold=1.0))
    assert list(terms(high, "love")[0]) == [LOVE]


def test_queries_without_the_model(make_mlm: Callable[..., Path], tmp_path: Path) -> None:
    """Where the folder says so, a query is its own tokens, each once, special ones left out."""
    encoder = SparseEncoder.open(make_mlm(tmp_path / "mlm", query="idf"))
    assert terms(encoder, "rain love rain", kind="query") == [{LOVE: 1.0, RAIN: 1.0}]
    assert HEART in terms(encoder, "rain love")[0]


def test_any_text(make_mlm: Callable[..., Path], tmp_path: Path) -> None:
    """Nothing that is a string fails."""
    encoder = SparseEncoder.open(make_mlm(tmp_path / "mlm"))
    assert len(terms(encoder, "\ud800", "\x00", "[CLS]", "love " * 50_000, "東京")) == 5


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"drop": 3}, "the graph knows 14 terms, the tokenizer 17"),
        ({"query": "magic"}, "must be model or idf"),
        ({"max_tokens": 2}, "at least 8"),
        ({"document_terms": 0}, "at least 1"),
        ({"query_terms": "many"}, "whole number"),
    ],
)
def test_unusable_folders(
    make_mlm: Callable[..., Path], tmp_path: Path, settings: dict[str, Any], message: str
) -> None:
    """Each says what is wrong."""
    folder = make_mlm(tmp_path / "mlm", **settings)
    with pytest.raises(EncoderError, match=message):
        SparseEncoder.open(folder)


def test_an_encoder_is_no_masked_language_model() -> None:
    """The shipped encoder gives 384 numbers, which are no weights of its 30,522 tokens."""
    from ltrr_cli.encoder import encoder_folder

    with pytest.raises(EncoderError, match="terms, the tokenizer"):
        SparseEncoder.open(encoder_folder(None))
