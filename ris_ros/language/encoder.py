"""The text encoder: an utterance to word and sentence features, once per command."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ris_ros.errors import BackendError, first_line
from ris_ros.language import weights as weight_files
from ris_ros.language.tokenizer import Tokenizer, Tokens
from ris_ros.types import TextFeatures


class TextEncoder:
    """all-MiniLM-L6-v2 on ONNX Runtime; the weights are mapped from their safetensors file.

    Args:
        graph: ``text.onnx``, see :mod:`ris_ros.language.text_graph`.
        tokenizer: ``tokenizer.json``.
        weights: ``model.safetensors``.
        max_tokens: T of the features; longer utterances are cut.
        threads: Threads of one run; they wait passively.
        sha256: What the weights' checksum must be.

    Raises:
        BundleError: A file is missing, malformed or another one.
        BackendError: The graph cannot be run, or ``onnxruntime`` or ``tokenizers`` is not installed.
    """

    def __init__(
        self,
        graph: Path,
        tokenizer: Path,
        weights: Path,
        max_tokens: int = 32,
        threads: int = 1,
        sha256: str = weight_files.SHA256,
    ) -> None:
        try:
            import onnxruntime
        except ImportError:
            raise BackendError("'onnxruntime' is not installed: run `pip install onnxruntime`.") from None
        weight_files.verify(weights, sha256)
        self._tokenizer = Tokenizer(tokenizer, max_tokens)
        self._arrays = weight_files.map_float32(weights)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.log_severity_level = 3
        # ONNX Runtime wants every value it is given to be named by the graph.
        names = [name for name in self._arrays if not name.startswith("pooler.")]
        self._values = [onnxruntime.OrtValue.ortvalue_from_numpy(self._arrays[name]) for name in names]
        options.add_external_initializers(names, self._values)
        try:
            self._session = onnxruntime.InferenceSession(
                graph.read_bytes(), options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # ONNX Runtime raises classes of its own that share no base
            raise BackendError(
                f"{graph}: ONNX Runtime cannot load it ({first_line(error)}): restore the bundle."
            ) from None
        weight_files.forget_pages(self._arrays)
        self.max_tokens = max_tokens

    def tokenize(self, text: str) -> Tokens:
        """Token ids of a cleaned utterance, cut to ``max_tokens``, with the number of tokens that were cut off."""
        return self._tokenizer.tokenize(text)

    def encode(self, text: str) -> TextFeatures:
        """Features of one cleaned utterance, padded to ``max_tokens``."""
        return self.encode_many([text])[0]

    def encode_many(self, texts: Sequence[str], batch: int = 16) -> list[TextFeatures]:
        """Features of many cleaned utterances.

        Args:
            texts: Utterances, cleaned.
            batch: How many are run at once, at most; utterances of one length run together, so that a
                text's features do not depend on its company beyond rounding.

        Raises:
            BackendError: ONNX Runtime failed.
        """
        if batch < 1:
            raise ValueError("batch must be at least 1")
        tokens = [self.tokenize(text).ids for text in texts]
        order = sorted(range(len(tokens)), key=lambda index: len(tokens[index]))
        features: dict[int, TextFeatures] = {}
        start = 0
        while start < len(order):
            length = len(tokens[order[start]])
            group = [index for index in order[start : start + batch] if len(tokens[index]) == length]
            words, sentences = self._run(np.stack([tokens[index] for index in group]))
            for row, index in enumerate(group):
                features[index] = self._pad(words[row], sentences[row])
            start += len(group)
        return [features[index] for index in range(len(tokens))]

    def _run(self, ids: NDArray[np.int64]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        try:
            words, sentences = self._session.run(
                ["words", "sentence"], {"input_ids": ids, "attention_mask": np.ones_like(ids)}
            )
        except Exception as error:
            raise BackendError(
                f"The text encoder failed ({first_line(error)}): report this with the command."
            ) from None
        return words, sentences

    def _pad(self, words: NDArray[np.float32], sentence: NDArray[np.float32]) -> TextFeatures:
        length, width = words.shape
        padded = np.zeros((self.max_tokens, width), np.float32)
        padded[:length] = words
        mask = np.zeros(self.max_tokens, np.float32)
        mask[:length] = 1.0
        return TextFeatures(padded, mask, sentence.copy())
