"""The shipped encoder is faithful, any text has a vector, and foreign folders work or say why not."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from ltrr_cli.encoder import Encoder, encoder_folder
from ltrr_cli.errors import EncoderError

if TYPE_CHECKING:
    from numpy.typing import NDArray

FIXTURES = Path(__file__).parent / "fixtures"
TEXTS: list[str] = json.loads((FIXTURES / "texts.json").read_text())["texts"]


@pytest.fixture(scope="module")
def vectors(shipped: Encoder) -> NDArray[np.float32]:
    """Return the shipped encoder's vectors of the 50 texts."""
    return shipped.encode(TEXTS)


def test_shipped_encoder_is_faithful(vectors: NDArray[np.float32]) -> None:
    """Every one of 50 texts has a cosine of at least .99, on average .997, to the fp32 graph's vector."""
    reference = np.load(FIXTURES / "reference.npy", allow_pickle=False)
    assert reference.shape == (50, 384)
    cosines = (vectors * reference).sum(axis=1)
    assert cosines.min() >= 0.99, TEXTS[int(cosines.argmin())]
    assert cosines.mean() >= 0.997


def test_reference_is_the_published_model() -> None:
    """The fp32 reference gives the three similarities in the documentation of sentence-transformers for this model."""
    reference = np.load(FIXTURES / "reference.npy", allow_pickle=False)
    weather, sunny, stadium = (
        reference[TEXTS.index(text)]
        for text in ("The weather is lovely today.", "It's so sunny outside!", "He drove to the stadium.")
    )
    assert weather @ sunny == pytest.approx(0.6660, abs=1e-4)
    assert weather @ stadium == pytest.approx(0.1046, abs=1e-4)
    assert sunny @ stadium == pytest.approx(0.1411, abs=1e-4)


def test_shipped_files_are_those_of_their_record(shipped: Encoder) -> None:
    """The hashes in encoder.json are those of the files, and PROVENANCE.md names them."""
    import hashlib

    provenance = (shipped.folder / "PROVENANCE.md").read_text()
    for name, digest in shipped.settings.sha256.items():
        assert hashlib.sha256((shipped.folder / name).read_bytes()).hexdigest() == digest
        assert digest in provenance
    assert sum(path.stat().st_size for path in shipped.folder.iterdir()) < 30e6


def test_vectors_are_unit_rows(vectors: NDArray[np.float32], shipped: Encoder) -> None:
    """Vectors are (n, dim) float32, finite, with norm 1: also of empty, control and broken text."""
    assert vectors.shape == (len(TEXTS), shipped.dim)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_no_texts_give_no_rows(shipped: Encoder) -> None:
    """An empty sequence gives an array of shape (0, dim)."""
    assert shipped.encode([]).shape == (0, 384)


def test_one_string_is_refused(shipped: Encoder) -> None:
    """A bare string, which is a sequence of characters, is a mistake."""
    with pytest.raises(TypeError, match="sequence of strings"):
        shipped.encode("red shoes")


def test_batch_does_not_change_a_vector(vectors: NDArray[np.float32], shipped: Encoder) -> None:
    """Encoded alone, every text has the same vector, each number within 1e-6."""
    alone = np.concatenate([shipped.encode([text]) for text in TEXTS])
    np.testing.assert_allclose(alone, vectors, atol=1e-6)


def test_order_and_threads_do_not_change_a_vector(vectors: NDArray[np.float32], shipped: Encoder) -> None:
    """Shuffled texts on one thread have the same vectors, in the shuffled order."""
    order = np.random.default_rng(5).permutation(len(TEXTS))
    single = Encoder.open(threads=1).encode([TEXTS[i] for i in order])
    np.testing.assert_allclose(single, vectors[order], atol=1e-6)


def test_equal_texts_have_equal_vectors(shipped: Encoder) -> None:
    """Duplicates have bit-identical vectors, wherever they stand."""
    rows = shipped.encode(["a", "red shoes", *TEXTS, "red shoes", "a"])
    np.testing.assert_array_equal(rows[:2], rows[[-1, -2]])


@pytest.mark.parametrize("texts", [["a"], TEXTS, ["a", "b", "a", "a"], []])
def test_progress_adds_up(shipped: Encoder, texts: list[str]) -> None:
    """The numbers given to progress are positive and add up to the number of texts, duplicates included."""
    done: list[int] = []
    shipped.encode(texts, progress=done.append)
    assert sum(done) == len(texts)
    assert all(n > 0 for n in done)


def test_a_failing_progress_ends_the_call(shipped: Encoder) -> None:
    """An exception from progress reaches the caller, and the encoder still works."""

    def fail(_: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        shipped.encode(TEXTS, progress=fail)
    assert shipped.encode(["a"]).shape == (1, 384)


def test_many_windows_keep_the_order(shipped: Encoder, monkeypatch: pytest.MonkeyPatch) -> None:
    """With windows of 7 texts the vectors are those of one window."""
    whole = shipped.encode(TEXTS[:40])
    monkeypatch.setattr("ltrr_cli.encoder.encoder._WINDOW", 7)
    np.testing.assert_allclose(shipped.encode(TEXTS[:40]), whole, atol=1e-6)


def test_special_tokens_in_text_are_text(shipped: Encoder) -> None:
    """`[CLS]`, `[MASK]`, `[SEP]` and `[PAD]` in a text are spelt out: special ids stand at the two ends only."""
    (ids,) = shipped._ids(["[CLS] a [MASK] [SEP] [PAD] [UNK]"])
    assert ids[0] == 101
    assert ids[-1] == 102
    assert not {0, 100, 101, 102, 103} & set(ids[1:-1])


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("\ud83d\ude00 smile", "😀 smile"),
        ("half \ud83d pair", "half \ufffd pair"),
        ("a\0b", "a b"),
        ("red " * 300, "red " * 400),
    ],
    ids=["CESU-8", "lone surrogate", "NUL", "truncated"],
)
def test_garbage_has_the_vector_of_its_repair(shipped: Encoder, one: str, other: str) -> None:
    """Text that is no valid Unicode, or too long, has the vector of the repaired or cut text."""
    np.testing.assert_allclose(shipped.encode([one]), shipped.encode([other]), atol=1e-6)


def test_a_huge_text_is_cut_before_tokenising(shipped: Encoder) -> None:
    """A text of 100 MB is encoded like its beginning."""
    np.testing.assert_allclose(shipped.encode(["red " * 25_000_000]), shipped.encode(["red " * 300]), atol=1e-6)


@pytest.mark.parametrize(
    "texts", [["red"], ["red"] * 2, ["red moon", "", "red " * 300, "red", "x" * 30_000, "red"], []]
)
def test_tokens_are_counted(shipped: Encoder, texts: list[str]) -> None:
    """As many as the graph sees, of each text in their order; one that is cut before tokenising has them all."""
    tokens = np.zeros(len(texts), np.int64)
    shipped.encode(texts, tokens=tokens)
    known = {"red": 3, "red moon": 4, "": 2, "red " * 300: 256, "x" * 30_000: 256}
    assert tokens.tolist() == [known[text] for text in texts]


def test_max_tokens_is_what_the_graph_sees(shipped: Encoder) -> None:
    """A long text becomes exactly 256 tokens, special ones included."""
    assert (shipped.max_tokens, len(shipped._ids(["red " * 1000])[0])) == (256, 256)


def test_nothing_is_written_and_imports_are_light(tmp_path: Path) -> None:
    """Importing loads neither numpy nor onnxruntime; encoding leaves no file in the home, cache or working folder."""
    script = (
        "import sys, ltrr_cli.encoder as e\n"
        "assert not {'numpy', 'onnxruntime', 'tokenizers'} & set(sys.modules)\n"
        "e.Encoder.open().encode(['a', 'b'])\n"
    )
    root = str(Path(__file__).parents[2])
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": root, "PYTHONDONTWRITEBYTECODE": "1"}
    env |= {name: str(tmp_path) for name in ("HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "TMPDIR")}
    before = sorted(encoder_folder(None).rglob("*"))
    done = subprocess.run([sys.executable, "-c", script], env=env, cwd=tmp_path, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    assert list(tmp_path.iterdir()) == []
    assert sorted(encoder_folder(None).rglob("*")) == before


# Folders made elsewhere


def foreign(
    folder: Path, *, outputs: str = "tokens", inputs: tuple[str, ...] = ("input_ids", "attention_mask")
) -> Path:
    """Write an encoder folder whose graph is a table of 40 × 6; `outputs`: tokens (3-d), scalar, or nan."""
    onnx = pytest.importorskip("onnx", reason="the extra 'export' is not installed")
    helper, numpy_helper = onnx.helper, onnx.numpy_helper
    table = np.random.default_rng(4).normal(size=(40, 6)).astype(np.float32)
    if outputs == "nan":
        table[:] = np.nan
    nodes = [helper.make_node("Gather", ["table", inputs[0]], ["last_hidden_state" if outputs != "scalar" else "all"])]
    if outputs == "scalar":
        nodes.append(helper.make_node("ReduceSum", ["all"], ["last_hidden_state"], keepdims=0))
    graph = helper.make_graph(
        nodes,
        "foreign",
        [helper.make_tensor_value_info(name, 7, ["b", "s"]) for name in inputs],
        [helper.make_tensor_value_info("last_hidden_state", 1, None)],
        [numpy_helper.from_array(table, "table")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    folder.mkdir()
    (folder / "model.onnx").write_bytes(model.SerializeToString())
    write_foreign_tokenizer(folder / "tokenizer.json")
    return folder


def write_foreign_tokenizer(path: Path) -> None:
    """Write a word tokenizer without any special token: an empty text has no token at all."""
    from tokenizers import Tokenizer, models, pre_tokenizers

    tokenizer = Tokenizer(models.WordLevel({"red": 5, "shoes": 7, "<unk>": 1}, unk_token="<unk>"))  # noqa: S106 (no password)
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.save(str(path))


def foreign_table() -> NDArray[np.float64]:
    """Return the table that `foreign` writes."""
    return np.random.default_rng(4).normal(size=(40, 6)).astype(np.float32).astype(np.float64)


def unit(vector: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the vector with norm 1."""
    result: NDArray[np.float64] = vector / np.linalg.norm(vector)
    return result


@pytest.mark.parametrize(
    ("file", "content", "rows"),
    [
        ("", "", [5, 7]),
        ("encoder.json", '{"format_version": 1, "pooling": "mean"}', [5, 7]),
        ("encoder.json", '{"format_version": 1, "pooling": "cls"}', [5]),
        ("1_Pooling/config.json", '{"pooling_mode_cls_token": true, "pooling_mode_mean_tokens": false}', [5]),
    ],
    ids=["default", "mean", "cls", "1_Pooling"],
)
def test_token_embeddings_are_pooled(tmp_path: Path, file: str, content: str, rows: list[int]) -> None:
    """A 3-d output is pooled as the folder says, the same alone and beside a longer text, and has norm 1."""
    folder = foreign(tmp_path / "f")
    if file:
        (folder / file).parent.mkdir(exist_ok=True)
        (folder / file).write_text(content)
    encoder = Encoder.open(folder)
    expected = unit(foreign_table()[rows].mean(axis=0))
    for texts in (["red shoes"], ["red shoes", "red red red red red"]):
        np.testing.assert_allclose(encoder.encode(texts)[0], expected, atol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(encoder.encode(["", "red"]), axis=1), 1, atol=1e-6)


def test_token_type_ids_are_zeros(tmp_path: Path) -> None:
    """A graph that asks for token_type_ids is given zeros."""
    folder = foreign(tmp_path / "f", inputs=("token_type_ids", "input_ids", "attention_mask"))
    np.testing.assert_allclose(Encoder.open(folder).encode(["red"])[0], unit(foreign_table()[0]), atol=1e-6)


def test_prompts_go_before_the_text(tmp_path: Path) -> None:
    """A query gets the query's prompt, a document its own."""
    folder = foreign(tmp_path / "f")
    (folder / "encoder.json").write_text('{"format_version": 1, "prompts": {"query": "red ", "document": ""}}')
    encoder = Encoder.open(folder)
    np.testing.assert_array_equal(encoder.encode(["shoes"], kind="query"), encoder.encode(["red shoes"]))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"inputs": ("ids",)}, "the graph takes ids"),
        ({"inputs": ("input_ids", "pixels")}, "the graph takes input_ids, pixels"),
        ({"outputs": "scalar"}, "has shape ()"),
        ({"outputs": "nan"}, "not finite"),
    ],
)
def test_wrong_graphs_are_named(tmp_path: Path, options: dict[str, Any], message: str) -> None:
    """A graph that is no encoder's is refused when opened, with the file and what to do."""
    folder = foreign(tmp_path / "f", **options)
    with pytest.raises(EncoderError) as error:
        Encoder.open(folder)
    assert message in error.value.what
    assert error.value.where == str(folder / "model.onnx")
    assert error.value.next


@pytest.mark.parametrize(
    ("file", "content", "message"),
    [
        ("model.onnx", "nonsense", "no ONNX model"),
        ("tokenizer.json", "{}", "tokenizer cannot be opened"),
        ("encoder.json", "[]", "not a JSON object"),
        ("encoder.json", "{", "no readable JSON"),
        ("encoder.json", "{}", "format_version"),
        ("encoder.json", '{"format_version": 99}', "newer"),
        ("encoder.json", '{"format_version": 1, "max_tokens": 2}', "max_tokens"),
        ("encoder.json", '{"format_version": 1, "max_tokens": true}', "max_tokens"),
        ("encoder.json", '{"format_version": 1, "pooling": "max"}', "pooling"),
        ("encoder.json", '{"format_version": 1, "dim": 7}', "vectors of 6 numbers"),
        ("encoder.json", '{"format_version": 1, "prompts": []}', "prompts"),
    ],
)
def test_broken_files_are_named(tmp_path: Path, file: str, content: str, message: str) -> None:
    """A broken file in the folder gives an error that says where and what to do next."""
    folder = foreign(tmp_path / "f")
    (folder / file).write_text(content)
    with pytest.raises(EncoderError, match=message) as error:
        Encoder.open(folder)
    assert str(folder) in error.value.where
    assert error.value.next


def test_a_token_outside_the_table_is_an_error(tmp_path: Path) -> None:
    """A tokenizer of another model, whose ids the graph does not know, gives an EncoderError and no crash."""
    folder = foreign(tmp_path / "f")
    text = (folder / "tokenizer.json").read_text()
    (folder / "tokenizer.json").write_text(
        text.replace('"shoes": 7', '"shoes": 4000').replace('"shoes":7', '"shoes":4000')
    )
    encoder = Encoder.open(folder)
    with pytest.raises(EncoderError, match="the graph fails"):
        encoder.encode(["red shoes"])
