"""An ONNX graph that turns token ids into vectors, checked when it is opened."""

from __future__ import annotations

from mmap import ACCESS_READ, mmap
from typing import TYPE_CHECKING, Any, Literal

from ltrr_cli.encoder.external import has_external_data
from ltrr_cli.encoder.pooling import pool, unit_rows
from ltrr_cli.errors import EncoderError
from ltrr_cli.native import onnxruntime

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

_INPUTS = ("input_ids", "attention_mask", "token_type_ids")
_OUTPUTS = ("embedding", "sentence_embedding", "last_hidden_state", "token_embeddings")
"""Preferred output names, best first; any other graph's first output is taken."""
_ADVICE = "export the model again, or use another encoder"


class Model:
    """A session over a graph; `run` may be called from several threads at once."""

    def __init__(
        self, path: Path, *, pooling: Literal["graph", "mean", "cls"], outputs: Sequence[str] = _OUTPUTS
    ) -> None:
        self.path = path
        self.pooling = pooling
        self._session = open_graph(path)
        names = [value.name for value in self._session.get_inputs()]
        unknown = [name for name in names if name not in _INPUTS]
        if unknown or "input_ids" not in names:
            raise EncoderError(
                f"the graph takes {', '.join(names) or 'nothing'}",
                where=str(path),
                next="its inputs must be input_ids and, where needed, attention_mask and token_type_ids",
            )
        self._inputs = names
        given = [value.name for value in self._session.get_outputs()]
        self._output = next((name for name in outputs if name in given), given[0])

    def run(self, tokens: NDArray[np.int64], mask: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return (n, dim) float32 unit rows for (n, sequence) int64 token ids and their mask; every row has a token.

        Raises:
            EncoderError: the graph fails, returns another shape, or numbers that are not finite.
        """
        vectors = self.output(tokens, mask)
        if vectors.ndim == 3 and vectors.shape[:2] == tokens.shape:
            vectors = pool(vectors, mask, "cls" if self.pooling == "cls" else "mean")
        elif vectors.ndim != 2 or len(vectors) != len(tokens):
            raise EncoderError(
                f"the graph's output {self._output} has shape {vectors.shape} for token ids of shape {tokens.shape}",
                where=str(self.path),
                next="it must be (batch, dim), or (batch, sequence, dim) token embeddings",
            )
        try:
            return unit_rows(vectors)
        except ValueError as error:
            raise EncoderError(
                f"the graph returns no usable numbers: {error}", where=str(self.path), next=_ADVICE
            ) from error

    def output(self, tokens: NDArray[np.int64], mask: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return what the graph gives for (n, sequence) int64 token ids and their mask, as it is.

        Raises:
            EncoderError: the graph fails.
        """
        import numpy as np

        feed = {"input_ids": tokens}
        for name in self._inputs:
            if name == "attention_mask":
                feed[name] = mask
            elif name == "token_type_ids":
                feed[name] = np.zeros_like(tokens)
        try:
            (output,) = self._session.run([self._output], feed)
        except Exception as error:  # onnxruntime's errors share no public base
            raise EncoderError(
                f"the graph fails on a text of {tokens.shape[1]} tokens: {first_line(error)}",
                where=str(self.path),
                next="check that tokenizer.json and max_tokens in encoder.json belong to this model",
            ) from error
        return np.asarray(output, dtype=np.float32)


def open_graph(path: Path) -> Any:
    """Return an onnxruntime session on one thread; callers run several sessions' worth of batches at once.

    Raises:
        EncoderError: the file cannot be read, is no ONNX model, or keeps data in other files.
    """
    try:
        with path.open("rb") as file, mmap(file.fileno(), 0, access=ACCESS_READ) as data:
            external = has_external_data(data)
    except OSError as error:
        raise EncoderError(
            f"the graph cannot be read: {error.strerror}", where=str(path), next="check its permissions"
        ) from error
    except ValueError as error:
        raise EncoderError(f"this is no ONNX model: {error}", where=str(path), next=_ADVICE) from error
    if external:
        raise EncoderError(
            "the graph keeps data in other files, which is not supported",
            where=str(path),
            next="save it as one file (onnx.save_model with save_as_external_data=False)",
        )
    runtime = onnxruntime()
    options = runtime.SessionOptions()
    # Above BASIC, fusing the layer norms costs 8-bit models 25–30 % (seen with onnxruntime 1.2x and 1.32).
    options.graph_optimization_level = runtime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4  # errors come as exceptions; without this they are printed to stderr as well
    options.add_session_config_entry("session.load_model_format", "ONNX")
    try:
        return runtime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's errors share no public base
        raise EncoderError(
            f"onnxruntime {runtime.__version__} cannot open the graph: {first_line(error)}",
            where=str(path),
            next=_ADVICE,
        ) from error


def first_line(error: Exception) -> str:
    """Return the first line of what an exception says, or its name."""
    return (str(error).strip() or type(error).__name__).splitlines()[0]
