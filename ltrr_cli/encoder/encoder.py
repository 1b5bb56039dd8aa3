"""The encoder: texts → unit vectors."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from ltrr_cli.encoder.batches import by_length, padded
from ltrr_cli.encoder.model import Model
from ltrr_cli.encoder.passages import MOST
from ltrr_cli.encoder.settings import Settings, read_settings
from ltrr_cli.encoder.source import encoder_digest, encoder_files, encoder_folder
from ltrr_cli.encoder.text import CHARACTERS_PER_TOKEN, clean
from ltrr_cli.errors import EncoderError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray
    from tokenizers import Tokenizer

_WINDOW = 4096
"""Texts that are tokenised and sorted together: enough for even batches, few enough to keep their tokens in memory."""
_LONG_WINDOW = 256
"""The same of whole texts, of which nothing is cut off: a token takes a hundred bytes."""


class Encoder:
    """A tokenizer and a graph. Thread-safe; opened with `Encoder.open`.

    Attributes:
        folder: where its files lie.
        settings: what the folder says about it.
        dim: vector width.
        max_tokens: longer texts are cut, special tokens included.
    """

    def __init__(self, folder: Path, settings: Settings, tokenizer: Tokenizer, model: Model, threads: int) -> None:
        self.folder = folder
        self.settings = settings
        self.max_tokens = settings.max_tokens
        self._tokenizer = tokenizer
        self._model = model
        self._threads = threads
        padding = tokenizer.padding
        self._pad = int(padding["pad_id"]) if padding else 0
        tokenizer.no_padding()  # this model's file pads everything to 128
        self._prompts = {"query": settings.query_prompt, "document": settings.document_prompt}
        self.dim = int(self._run([self._ids([""])[0]]).shape[1])
        if settings.dim not in (0, self.dim):
            raise EncoderError(
                f"the graph gives vectors of {self.dim} numbers, encoder.json says {settings.dim}",
                where=str(folder),
                next="correct dim in encoder.json, or export the model again",
            )

    @classmethod
    def open(cls, folder: Path | None = None, *, threads: int = 2) -> Encoder:
        """Open an encoder's folder, by default the one shipped in the package.

        Args:
            folder: holds model.onnx and tokenizer.json, and where present encoder.json or the settings of
                sentence-transformers.
            threads: how many batches are computed at once; a single text uses one.

        Raises:
            EncoderError: a file is missing or broken, or the graph's inputs and outputs are not those of an encoder.
        """
        folder = encoder_folder(None) if folder is None else folder
        files = encoder_files(folder)
        settings = read_settings(folder)
        tokenizer = open_tokenizer(files["tokenizer.json"], settings.max_tokens)
        return cls(folder, settings, tokenizer, Model(files["model.onnx"], pooling=settings.pooling), max(1, threads))

    @cached_property
    def sha256(self) -> str:
        """The hex digest of the folder's files (`encoder_digest`); reads them once, on first use."""
        return encoder_digest(self.folder)

    def encode(
        self,
        texts: Sequence[str],
        *,
        kind: Literal["query", "document"] = "document",
        progress: Callable[[int], None] | None = None,
        tokens: NDArray[np.int64] | None = None,
    ) -> NDArray[np.float32]:
        """Return (n, dim) float32 unit rows in the order of the texts.

        Any string has a vector: the empty one too, broken surrogates are replaced, and `[CLS]` is ordinary text. Equal
        texts of one call have equal vectors. The other texts of the call change a vector by rounding only, every number
        by less than 1e-6.

        Args:
            texts: what to encode.
            kind: chooses the prompt that some models want before a query or a document.
            progress: called from this thread with the number of texts done since its last call.
            tokens: (n,), is filled with how many tokens each text has, special ones among them; one that is cut has
                `max_tokens`.

        Raises:
            EncoderError: the graph fails.
            TypeError: `texts` is one string.
        """
        import numpy as np

        if isinstance(texts, str):
            raise TypeError("texts is a sequence of strings, not one string")
        prompt = self._prompts[kind]
        cleaned = [clean(prompt + text, max_tokens=self.max_tokens) for text in texts]
        if len(cleaned) == 1 and tokens is None:  # without the rest it takes less time
            vectors = self._run(self._ids(cleaned))
            if progress is not None:
                progress(1)
            return vectors
        places: dict[str, int] = {}
        place = np.array([places.setdefault(text, len(places)) for text in cleaned], dtype=np.intp)
        counts = np.bincount(place, minlength=len(places))
        vectors = np.empty((len(places), self.dim), dtype=np.float32)
        lengths = np.empty(len(places), dtype=np.int64)
        for done in self._encode_into(vectors, lengths, list(places)):
            if progress is not None:
                progress(int(counts[done].sum()))
        if tokens is not None:
            cut = np.array([*map(len, texts)]) > self.max_tokens * CHARACTERS_PER_TOKEN - len(prompt)
            tokens[:] = np.where(cut, self.max_tokens, lengths[place])
        return vectors if len(places) == len(cleaned) else vectors[place]

    def spans(self, texts: Sequence[str]) -> Iterator[list[tuple[int, int]]]:
        """Yield each text's tokens, special ones left out and none cut off, as spans of its characters.

        A text beyond `CHARACTERS_PER_TOKEN` × `max_tokens` × `MOST` characters is cut there.
        """
        tokenizer = self._uncut
        for start in range(0, len(texts), _LONG_WINDOW):
            cleaned = [clean(text, max_tokens=self.max_tokens * MOST) for text in texts[start : start + _LONG_WINDOW]]
            for encoding in tokenizer.encode_batch(cleaned, add_special_tokens=False):
                yield [span for span in encoding.offsets if span[1] > span[0]]

    def characters_per_token(self, texts: Sequence[str]) -> float:
        """Return how many characters of these texts a token stands for; an unknown one counts as its characters.

        About 4 to 5 in a language that the tokenizer was made for, and 1 where it spells the words.
        """
        unknown = {self._uncut.token_to_id(token) for token in ("[UNK]", "<unk>")}
        characters = tokens = 0
        for encoding in self._uncut.encode_batch(
            [clean(text, max_tokens=self.max_tokens) for text in texts], add_special_tokens=False
        ):
            for number, (start, end) in zip(encoding.ids, encoding.offsets, strict=True):
                characters += end - start
                tokens += end - start if number in unknown else 1
        return characters / max(1, tokens)

    @cached_property
    def _uncut(self) -> Tokenizer:
        """The tokenizer without truncation; only builds need it."""
        tokenizer = open_tokenizer(encoder_files(self.folder)["tokenizer.json"], self.max_tokens)
        tokenizer.no_truncation()
        tokenizer.no_padding()
        return tokenizer

    def _encode_into(
        self, vectors: NDArray[np.float32], lengths: NDArray[np.int64], texts: Sequence[str]
    ) -> Iterator[list[int]]:
        """Fill rows of `vectors`, and their tokens into `lengths`, batch by batch; yield the rows of each batch."""
        with ThreadPoolExecutor(self._threads, thread_name_prefix="ltrr-encode") as pool:
            try:
                for start in range(0, len(texts), _WINDOW):
                    ids = self._ids(texts[start : start + _WINDOW])
                    own = [len(sequence) for sequence in ids]
                    lengths[start : start + len(own)] = own
                    batches = list(by_length(own))
                    results = pool.map(self._run, ([ids[i] for i in batch] for batch in batches))
                    for batch, result in zip(batches, results, strict=True):
                        rows = [start + i for i in batch]
                        vectors[rows] = result
                        yield rows
            finally:
                pool.shutdown(cancel_futures=True)  # after an error or an interrupt, do not compute the rest

    def _ids(self, texts: Sequence[str]) -> list[list[int]]:
        """Return the token ids of clean texts, truncated, special tokens included, never none."""
        if len(texts) == 1:
            encodings = [self._tokenizer.encode(texts[0])]  # for a single text less overhead than a batch
        else:
            encodings = self._tokenizer.encode_batch_fast(list(texts))
        return [encoding.ids or [self._pad] for encoding in encodings]

    def _run(self, ids: Sequence[Sequence[int]]) -> NDArray[np.float32]:
        return self._model.run(*padded(ids, self._pad))


def open_tokenizer(path: Path, max_tokens: int) -> Tokenizer:
    """Return the tokenizer of a file: no padding (this project pads), truncation, and no special tokens from the text.

    Raises:
        EncoderError: it is no usable tokenizer.json.
    """
    from tokenizers import Tokenizer

    try:
        tokenizer = Tokenizer.from_file(str(path))
        tokenizer.enable_truncation(max_tokens)
        tokenizer.encode_special_tokens = True  # `[CLS]` in a text is then spelt out like any other word
    except Exception as error:  # tokenizers raises bare Exception
        raise EncoderError(
            f"the tokenizer cannot be opened: {error}",
            where=str(path),
            next="give the tokenizer.json that a fast tokenizer's save_pretrained writes",
        ) from error
    return tokenizer
