"""Words to token ids, by the tokenizer file that belongs to the text encoder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ris_ros.errors import BackendError, BundleError


@dataclass(frozen=True, slots=True, eq=False)
class Tokens:
    """One utterance as token ids, not padded.

    Attributes:
        ids: int64 [T], the first is [CLS] and the last [SEP].
        dropped: How many tokens at the end of the utterance did not fit.
    """

    ids: NDArray[np.int64]
    dropped: int


class Tokenizer:
    """WordPiece tokenizer read from a ``tokenizer.json``.

    Args:
        path: The tokenizer file.
        max_tokens: Longest result, [CLS] and [SEP] included.

    Raises:
        BundleError: The file is missing or is no tokenizer.
        BackendError: The package ``tokenizers`` is not installed.
    """

    def __init__(self, path: Path, max_tokens: int) -> None:
        try:
            import tokenizers
        except ImportError:
            raise BackendError("'tokenizers' is not installed: run `pip install tokenizers`.") from None
        if max_tokens < 3:
            raise ValueError("max_tokens must leave room for [CLS], one word and [SEP]")
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            raise BundleError(f"{path}: cannot be read as a tokenizer: restore the bundle.") from None
        try:
            self._tokenizer = tokenizers.Tokenizer.from_str(text)
        except Exception:  # the library raises plain Exception for every malformed file
            raise BundleError(f"{path}: is not a tokenizer file: restore the bundle.") from None
        # The file as distributed pads and cuts to lengths of its own.
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()
        # An utterance that spells out "[SEP]" means those characters, not the control token.
        self._tokenizer.encode_special_tokens = True
        self.max_tokens = max_tokens

    def tokenize(self, text: str) -> Tokens:
        """Token ids of a cleaned utterance; what is beyond ``max_tokens`` is cut at the end and counted."""
        ids = self._tokenizer.encode(text).ids
        dropped = max(0, len(ids) - self.max_tokens)
        if dropped:
            ids = [*ids[: self.max_tokens - 1], ids[-1]]
        return Tokens(np.asarray(ids, np.int64), dropped)
