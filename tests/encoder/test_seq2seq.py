"""Generated queries from an encoder-decoder that copies; folders that are none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from ltrr_cli.encoder.seq2seq import QueryGenerator
from ltrr_cli.errors import EncoderError

if TYPE_CHECKING:
    from pathlib import Path

pytest.importorskip("onnx", reason="the extra 'export' is not installed")
from seq2seq import SPECIAL, WORDS, write_seq2seq


def test_greedy_first(tmp_path: Path) -> None:
    """The first query is the likeliest one: here the first words; texts of all lengths keep their order."""
    generator = QueryGenerator.open(write_seq2seq(tmp_path / "m"))
    texts = ["love rain summer night", "train", "", "home river about song love", "   "] * 30
    greedy = [["love rain"], ["train"], [], ["home river"], []] * 30
    assert list(generator.generate(texts, 1)) == greedy
    several = list(generator.generate(texts, 4))
    assert [one[:1] for one in several] == greedy
    assert max(map(len, several)) > 1
    assert all(len(one) <= 4 and len(set(one)) == len(one) for one in several)
    assert list(generator.generate(texts, 4)) == several
    assert list(QueryGenerator.open(tmp_path / "m").generate(texts[:4], 4)) == several[:4]


def test_length(tmp_path: Path) -> None:
    """A query is cut, and a text too; nothing that is a string fails."""
    generator = QueryGenerator.open(write_seq2seq(tmp_path / "m", copies=60))
    assert list(generator.generate(["love " * 200_000], 1)) == [["love " * 31 + "love"]]
    assert len(list(generator.generate(["\ud800", "\x00", "[CLS]", "東京", "[SEP] love"], 3))) == 5
    assert list(generator.generate([], 3)) == []


def test_names(tmp_path: Path) -> None:
    """Folders of the same files have the same name, others another."""
    names = [
        QueryGenerator.open(write_seq2seq(tmp_path / str(number), copies=copies)).name
        for number, copies in enumerate((2, 2, 3))
    ]
    assert names[0] == names[1] != names[2]


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ({"past": True}, "without past key values"),
        ({"width": len(SPECIAL + WORDS) - 2}, "the decoder knows 13 tokens, the tokenizer 15"),
        ({"decoder_start_token_id": None}, "begins or ends"),
        ({"eos_token_id": None}, "begins or ends"),
        ({"eos_token_id": ["end"]}, "eos_token_id: must be a token's number"),
        ({"eos_token_id": 32_000}, "the settings name token 32,000, the tokenizer knows 15"),
        ({"pad_token_id": -1}, "pad_token_id: must be a whole number"),
    ],
)
def test_unusable_models(tmp_path: Path, how: dict[str, Any], message: str) -> None:
    """Each says what is wrong, before anything is built."""
    with pytest.raises(EncoderError) as caught:
        QueryGenerator.open(write_seq2seq(tmp_path / "m", **how))
    assert message in str(caught.value)


@pytest.mark.parametrize("name", ["encoder_model.onnx", "decoder_model.onnx", "tokenizer.json"])
def test_missing_and_broken_files(tmp_path: Path, name: str) -> None:
    """A file that is not there, or is something else, is named."""
    folder = write_seq2seq(tmp_path / "m")
    (folder / name).write_bytes(b"nothing of the kind")
    with pytest.raises(EncoderError) as caught:
        QueryGenerator.open(folder)
    assert name in str(caught.value)
    (folder / name).unlink()
    with pytest.raises(EncoderError, match=f"there is no {name}"):
        QueryGenerator.open(folder)


def test_swapped_graphs(tmp_path: Path) -> None:
    """An encoder in the place of the decoder, and the other way round, are refused by their inputs."""
    folder = write_seq2seq(tmp_path / "m")
    graph = (folder / "encoder_model.onnx").read_bytes()
    other = (folder / "decoder_model.onnx").read_bytes()
    (folder / "decoder_model.onnx").write_bytes(graph)
    with pytest.raises(EncoderError, match="the graph takes input_ids, attention_mask"):
        QueryGenerator.open(folder)
    (folder / "encoder_model.onnx").write_bytes(other)
    with pytest.raises(EncoderError, match="the graph takes input_ids, encoder_attention_mask"):
        QueryGenerator.open(folder)


def test_settings_of_generation_come_first(tmp_path: Path) -> None:
    """generation_config.json says more than config.json; several tokens may end a query."""
    folder = write_seq2seq(tmp_path / "m", copies=5)
    rain = (SPECIAL + WORDS).index("rain")
    (folder / "generation_config.json").write_text(f'{{"eos_token_id": [3, {rain}]}}')
    assert list(QueryGenerator.open(folder).generate(["love home rain summer"], 1)) == [["love home"]]


def test_data_in_other_files(tmp_path: Path) -> None:
    """A graph that keeps its numbers elsewhere is refused: such a name may lead anywhere."""
    import onnx

    path = write_seq2seq(tmp_path / "m") / "encoder_model.onnx"
    onnx.save_model(onnx.load(path), str(path), save_as_external_data=True, location="numbers", size_threshold=0)
    with pytest.raises(EncoderError, match="data in other files"):
        QueryGenerator.open(path.parent)
