"""Generated queries (doc2query): a text → what may be asked to reach it, by an encoder-decoder that the user supplies.

The folder is what Hugging Face Optimum exports for text2text-generation: encoder_model.onnx, decoder_model.onnx,
tokenizer.json, and config.json or generation_config.json with decoder_start_token_id, eos_token_id and, where it is not
0, pad_token_id. The decoder is the one without past key values: every step reads the whole query so far, which is
short. Both graphs are one file each, without external data. Other settings of generation are not read: the first query
is decoded greedily, the others are sampled (`encoder.decoding`), each with a seed made of its text and its number.

Source: Nogueira, Yang, Lin & Cho, "Document Expansion by Query Prediction", 2019.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ltrr_cli.encoder.batches import by_length, padded
from ltrr_cli.encoder.decoding import decode
from ltrr_cli.encoder.encoder import open_tokenizer
from ltrr_cli.encoder.fields import FileFields
from ltrr_cli.encoder.model import first_line, open_graph
from ltrr_cli.encoder.text import clean
from ltrr_cli.errors import EncoderError
from ltrr_cli.text import hash64

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray
    from tokenizers import Tokenizer

MAX_TOKENS = 256
"""Tokens of a text that are read."""
LONGEST = 32
"""Tokens of a query."""
_WINDOW = 512
_SEQUENCES = 32
"""Queries that are decoded together: a step's logits are vocabulary × length numbers for each."""
_FILES = ("encoder_model.onnx", "decoder_model.onnx", "tokenizer.json")
_SETTINGS = ("generation_config.json", "config.json")
"""The first that has a field counts."""
_ENCODER = ("input_ids", "attention_mask")
_DECODER = ("input_ids", "encoder_attention_mask", "encoder_hidden_states")
_ADVICE = "export the model with: optimum-cli export onnx --task text2text-generation --model MODEL DIR"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Special:
    """The tokens that begin, end and pad a sequence; `forced` is the first one, where the model wants one."""

    start: int
    ends: frozenset[int]
    pad: int
    forced: int | None

    @property
    def all(self) -> set[int]:
        return {self.start, self.pad, *self.ends} | ({self.forced} if self.forced is not None else set())


class QueryGenerator:
    """A tokenizer, an encoder and a decoder; opened with `QueryGenerator.open`.

    Attributes:
        name: tells models apart: a hash of the folder's files, 16 hex digits.
    """

    def __init__(self, folder: Path, name: str, special: _Special, tokenizer: Tokenizer) -> None:
        self.folder = folder
        self.name = name
        self._special = special
        self._tokenizer = tokenizer
        tokenizer.no_padding()
        self._encoder = _Graph(folder / _FILES[0], _ENCODER, {"input_ids"}, "last_hidden_state")
        self._decoder = _Graph(folder / _FILES[1], _DECODER, {"input_ids", "encoder_hidden_states"}, "logits")
        self._known = max(tokenizer.get_vocab().values(), default=-1) + 1

    @classmethod
    def open(cls, folder: Path) -> QueryGenerator:
        """Open a folder.

        Raises:
            EncoderError: a file is missing or broken, or the graphs and the tokenizer are not those of one model.
        """
        if not folder.is_dir():
            raise EncoderError("there is no such folder", where=str(folder), next=_ADVICE)
        for name in _FILES:
            if not (folder / name).is_file():
                raise EncoderError(f"there is no {name}", where=str(folder), next=_ADVICE)
        special = _special(folder)
        tokenizer = open_tokenizer(folder / "tokenizer.json", MAX_TOKENS)
        opened = cls(folder, _digest(folder), special, tokenizer)
        opened._try()
        return opened

    def generate(self, texts: Sequence[str], most: int) -> Iterator[list[str]]:
        """Yield each text's queries, in order of the texts: at most `most`, the greedy one first, none twice.

        A text without a word has none. Equal texts have equal queries, but where rounding in another batch changes
        which of two tokens is the likelier.

        Raises:
            EncoderError: a graph fails.
        """
        for start in range(0, len(texts), _WINDOW):
            window = texts[start : start + _WINDOW]
            encodings = self._tokenizer.encode_batch([clean(text, max_tokens=MAX_TOKENS) for text in window])
            ids = [one.ids or [self._special.pad] for one in encodings]
            found: list[list[str]] = [[] for _ in window]
            said = [place for place, text in enumerate(window) if text.strip()]
            together = max(1, _SEQUENCES // most)
            for group in by_length([len(ids[place]) for place in said]):
                for at in range(0, len(group), together):
                    places = [said[i] for i in group[at : at + together]]
                    seeds = [
                        hash64(f"{number} {window[place]}") if number else None
                        for place in places
                        for number in range(most)
                    ]
                    queries = self._tokenizer.decode_batch(self._decode([ids[place] for place in places], seeds))
                    for number, place in enumerate(places):
                        own = (" ".join(one.split()) for one in queries[number * most : (number + 1) * most])
                        found[place] = list(dict.fromkeys(one for one in own if one))
            yield from found

    def _decode(self, ids: Sequence[Sequence[int]], seeds: Sequence[int | None]) -> list[list[int]]:
        """Return len(seeds) / len(ids) sequences of tokens for each of the ids."""
        import numpy as np

        tokens, mask = padded(ids, self._special.pad)
        hidden = self._encoder.run({"input_ids": tokens, "attention_mask": mask})
        if hidden.ndim != 3 or hidden.shape[:2] != tokens.shape:
            raise self._encoder.error(f"has shape {hidden.shape} for {tokens.shape}", "(batch, sequence, dim)")
        owner = np.repeat(np.arange(len(ids)), len(seeds) // len(ids))

        def step(going: NDArray[np.intp], so_far: NDArray[np.int64]) -> NDArray[np.float32]:
            own = owner[going]
            feed: dict[str, NDArray[Any]] = {
                "input_ids": so_far,
                "encoder_attention_mask": mask[own],
                "encoder_hidden_states": hidden[own],
            }
            logits = self._decoder.run(feed)
            if logits.ndim != 3 or logits.shape[:2] != so_far.shape:
                raise self._decoder.error(f"has shape {logits.shape} for {so_far.shape}", "(batch, length, vocabulary)")
            last = logits[:, -1]
            if last.shape[1] < self._known:
                raise EncoderError(
                    f"the decoder knows {last.shape[1]:,} tokens, the tokenizer {self._known:,}",
                    where=str(self.folder),
                    next="give the tokenizer.json of this model",
                )
            last = last[:, : self._known]  # T5's logits go on to a round number
            if not np.isfinite(last.max(axis=1)).all():
                raise EncoderError("the graph returns numbers that are not finite", where=str(self._decoder.path))
            return last

        special = self._special
        return decode(step, seeds, start=special.start, ends=special.ends, longest=LONGEST, forced=special.forced)

    def _try(self) -> None:
        """Decode a text, so that a folder that does not work is refused before anything is built."""
        highest = max(self._special.all)
        if highest >= self._known:
            raise EncoderError(
                f"the settings name token {highest:,}, the tokenizer knows {self._known:,}",
                where=str(self.folder),
                next="give the config.json and the tokenizer.json of one model",
            )
        list(self.generate(["a text"], 1))


class _Graph:
    """A graph whose inputs are among `inputs`, and have the `needed` ones.

    Its output is the one called `output`, else the first.
    """

    def __init__(self, path: Path, inputs: Sequence[str], needed: Collection[str], output: str) -> None:
        self.path = path
        self._session: Any = open_graph(path)
        self._inputs = [value.name for value in self._session.get_inputs()]
        if set(self._inputs) - set(inputs) or not set(needed) <= set(self._inputs):
            past = any("past" in name or name == "use_cache_branch" for name in self._inputs)
            raise EncoderError(
                f"the graph takes {', '.join(self._inputs) or 'nothing'}",
                where=str(path),
                next="give the decoder without past key values: decoder_model.onnx as Optimum writes it"
                if past
                else f"its inputs must be {', '.join(inputs)}; {_ADVICE}",
            )
        given = [value.name for value in self._session.get_outputs()]
        self._output = output if output in given else given[0]

    def run(self, feed: dict[str, NDArray[Any]]) -> NDArray[np.float32]:
        import numpy as np

        try:
            (output,) = self._session.run([self._output], {name: feed[name] for name in self._inputs})
        except Exception as error:  # onnxruntime's errors share no public base
            raise EncoderError(
                f"the graph fails: {first_line(error)}",
                where=str(self.path),
                next="check that encoder, decoder, tokenizer.json and config.json belong to one model",
            ) from error
        return np.asarray(output, dtype=np.float32)

    def error(self, what: str, wanted: str) -> EncoderError:
        return EncoderError(
            f"the graph's output {self._output} {what}", where=str(self.path), next=f"it must be {wanted}; {_ADVICE}"
        )


def _special(folder: Path) -> _Special:
    files = [FileFields.read(folder / name) for name in _SETTINGS if (folder / name).is_file()]

    def token(name: str) -> int | None:
        fields = next((one for one in files if one.values.get(name) is not None), None)
        return fields.count(name, 0) if fields is not None else None

    fields = next((one for one in files if one.values.get("eos_token_id") is not None), None)
    given = fields.values["eos_token_id"] if fields is not None else []
    listed = given if isinstance(given, list) else [given]
    ends = [one for one in listed if isinstance(one, int) and not isinstance(one, bool) and one >= 0]
    if fields is not None and ends != listed:
        raise fields.error("eos_token_id", f"must be a token's number or a list of them, not {given!r}")
    start, pad = token("decoder_start_token_id"), token("pad_token_id")
    if start is None or not ends:
        raise EncoderError(
            "nothing says what token a query begins or ends with",
            where=str(folder),
            next="config.json or generation_config.json must have decoder_start_token_id and eos_token_id",
        )
    return _Special(
        start=start, ends=frozenset(ends), pad=pad if pad is not None else 0, forced=token("forced_bos_token_id")
    )


def _digest(folder: Path) -> str:
    digest = hashlib.sha256()
    for name in (*_FILES, *_SETTINGS):
        path = folder / name
        if path.is_file():
            try:
                with path.open("rb") as file:
                    digest.update(f"{name} {hashlib.file_digest(file, 'sha256').hexdigest()}\n".encode())
            except OSError as error:
                raise EncoderError(
                    f"the file cannot be read: {error.strerror}", where=str(path), next="check its permissions"
                ) from error
    return digest.hexdigest()[:16]
