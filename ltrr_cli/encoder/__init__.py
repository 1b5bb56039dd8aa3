"""ENCODE: texts become unit vectors, on this machine, with onnxruntime and tokenizers.

The package ships one encoder (all-MiniLM-L6-v2, 8-bit). Any folder with a `model.onnx` and a `tokenizer.json` can
take its place. Importing this package loads neither numpy nor onnxruntime; `Encoder.open` does.
"""

from ltrr_cli.encoder.encoder import Encoder
from ltrr_cli.encoder.source import copy_encoder, encoder_digest, encoder_folder

__all__ = ["Encoder", "copy_encoder", "encoder_digest", "encoder_folder"]
