"""Text features for training: the frozen text encoder with a bounded memory of what it has read."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ris_ros.types import TextFeatures


class Encodes(Protocol):
    """What is needed of :class:`ris_ros.language.encoder.TextEncoder`."""

    def encode_many(self, texts: Sequence[str], batch: int = 16) -> list[TextFeatures]:
        """Features of many utterances."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class TextTensors:
    """N sentences as the network takes them.

    Attributes:
        words: float32 [N, T, D], zero where padded; T is the longest sentence's number of tokens.
        word_mask: float32 [N, T].
        sentence: float32 [N, D].
    """

    words: Tensor
    word_mask: Tensor
    sentence: Tensor

    def to(self, device: torch.device) -> TextTensors:
        """The same features on a device."""
        return TextTensors(self.words.to(device), self.word_mask.to(device), self.sentence.to(device))


class TextMemo:
    """Encodes sentences, remembering the most recently used ones in half precision.

    Args:
        encoder: The text encoder.
        capacity: Sentences to remember, about 10 KB each.
    """

    def __init__(self, encoder: Encodes, capacity: int):
        self._encoder = encoder
        self._capacity = capacity
        self._kept: OrderedDict[str, tuple[NDArray[np.float16], NDArray[np.float16]]] = OrderedDict()
        self.read = 0
        self.encoded = 0

    def features(self, texts: Sequence[str]) -> TextTensors:
        """Features of sentences, in their order."""
        missing = list(dict.fromkeys(text for text in texts if text not in self._kept))
        if missing:
            for text, features in zip(missing, self._encoder.encode_many(missing), strict=True):
                length = int(features.word_mask.sum())
                self._kept[text] = (features.words[:length].astype(np.float16), features.sentence.astype(np.float16))
        self.read += len(texts)
        self.encoded += len(missing)
        rows = [self._kept[text] for text in texts]
        for text in texts:
            self._kept.move_to_end(text)
        while len(self._kept) > max(self._capacity, len(texts)):
            self._kept.popitem(last=False)
        longest = max(len(words) for words, _ in rows)
        stacked = np.zeros((len(rows), longest, rows[0][0].shape[1]), np.float32)
        mask = np.zeros((len(rows), longest), np.float32)
        for row, (words, _) in enumerate(rows):
            stacked[row, : len(words)] = words
            mask[row, : len(words)] = 1.0
        sentence = np.stack([sentence for _, sentence in rows]).astype(np.float32)
        return TextTensors(torch.from_numpy(stacked), torch.from_numpy(mask), torch.from_numpy(sentence))
