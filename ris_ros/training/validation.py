"""Cheap figures for watching a run: fixed sentences on a few fixed images, scored at the network's resolution.

They steer training; what is reported about a bundle comes from ``ris eval``, at the images' own size.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
import torch
from numpy.typing import NDArray

from ris_ros.data.classes import VOID
from ris_ros.data.labeled_image import LabeledImage
from ris_ros.model.network import ReferringNetwork
from ris_ros.pipeline.thresholds import Thresholds
from ris_ros.training.augment import cut, whole_window
from ris_ros.training.samples import Batch, Write, encode_sample
from ris_ros.training.text import TextMemo

_IMAGES_AT_ONCE = 8
EVEN = Thresholds(object=0.5, region=0.5, existence=0.5)
"""What counts before a model is calibrated."""


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """What a network answered to N sentences, beside the truth.

    Attributes:
        probability: float32 [N, 2, h, w], object then region.
        existence: float32 [N], probability.
        truth: bool [N, 2, h, w].
        present: bool [N, 2], whether that mask was asked for and holds something.
        exists: bool [N].
    """

    probability: NDArray[np.float32]
    existence: NDArray[np.float32]
    truth: NDArray[np.bool_]
    present: NDArray[np.bool_]
    exists: NDArray[np.bool_]

    @staticmethod
    def join(parts: Sequence[Answers]) -> Answers:
        """Put answers behind each other."""
        return Answers(**{f.name: np.concatenate([getattr(part, f.name) for part in parts]) for f in fields(Answers)})


class ValidationSet:
    """Fixed sentences on fixed images.

    Args:
        images: The validation images.
        write: Writes sentences about an image.
        text: Encodes sentences.
        count: How many images to take, evenly spread.
        sentences: Sentences per image.
        input_size_px: (width, height) of the network's input.
    """

    def __init__(
        self,
        images: Sequence[LabeledImage],
        write: Write,
        text: TextMemo,
        count: int,
        sentences: int,
        input_size_px: tuple[int, int],
    ):
        self._text = text
        self._batches: list[Batch] = []
        chosen = np.unique(np.linspace(0, len(images) - 1, min(count, len(images))).round().astype(int))
        parts = []
        for index in chosen:
            image = images[int(index)]
            window = whole_window((image.image_rgb.shape[1], image.image_rgb.shape[0]), input_size_px)
            content = cut(image, window)
            expressions = write(content, np.random.default_rng([7, int(index)]), sentences)
            if expressions:
                parts.append(encode_sample(content, expressions, window, input_size_px))
        for start in range(0, len(parts), _IMAGES_AT_ONCE):
            self._batches.append(Batch.join(parts[start : start + _IMAGES_AT_ONCE]))

    @torch.no_grad()
    def answers(self, network: ReferringNetwork) -> tuple[Answers, NDArray[np.int64]]:
        """Ask everything.

        Returns:
            The answers, and the confusion of pixel classes [classes, classes] (truth by row, void left out).
        """
        network.eval()
        device = network.mean.device
        classes = network.semantic.coarse.out_channels
        confusion = np.zeros((classes, classes), np.int64)
        parts: list[tuple[NDArray[np.float32], NDArray[np.float32]]] = []
        for batch in self._batches:
            text = self._text.features(batch.texts).to(device)
            with torch.autocast(device.type, torch.bfloat16):
                features = network.see(batch.images.to(device))
                index = batch.camera_index.to(device)
                outputs = network.ground(features, text.words, text.word_mask, text.sentence, index)
                predicted = network.classify(features)[0].argmax(dim=1).cpu().numpy()
            masks = torch.stack([outputs["object_logits"], outputs["region_logits"]], dim=1).float().sigmoid()
            parts.append((masks.cpu().numpy(), outputs["existence_logit"].float().sigmoid().cpu().numpy()))
            truth = batch.classes.numpy().astype(np.int64)
            counted = truth != VOID
            confusion += np.bincount(truth[counted] * classes + predicted[counted], minlength=classes**2).reshape(
                classes, classes
            )
        every = Batch.join(self._batches)
        return Answers(
            probability=np.concatenate([masks for masks, _ in parts]),
            existence=np.concatenate([existence for _, existence in parts]),
            truth=every.masks.numpy() >= 128,
            present=every.present.numpy() > 0,
            exists=every.exists.numpy() > 0,
        ), confusion

    def __call__(self, network: ReferringNetwork) -> dict[str, float]:
        """Figures by name, see :func:`figures`, with every threshold at 0.5."""
        answers, confusion = self.answers(network)
        return figures(answers, EVEN) | {"semantic_miou": mean_class_iou(confusion)}


def figures(answers: Answers, thresholds: Thresholds) -> dict[str, float]:
    """Mean IoU and pointing game of both masks where they hold something, without the existence gate; and the shares of
    true sentences kept and of false ones rejected."""
    found: dict[str, float] = {}
    for column, (name, threshold) in enumerate((("object", thresholds.object), ("region", thresholds.region))):
        rows = np.flatnonzero(answers.present[:, column] & answers.truth[:, column].any(axis=(1, 2)))
        truth, probability = answers.truth[rows, column], answers.probability[rows, column]
        iou = intersection_over_union(probability >= threshold, truth)
        peak = probability.reshape(len(rows), -1).argmax(axis=1)
        pointed = truth.reshape(len(rows), -1)[np.arange(len(rows)), peak]
        found[f"{name}_miou"] = _mean(iou)
        found[f"{name}_pointing"] = _mean(pointed)
    found["kept"] = _mean(answers.existence[answers.exists] >= thresholds.existence)
    found["rejected"] = _mean(answers.existence[~answers.exists] < thresholds.existence)
    return found


def intersection_over_union(predicted: NDArray[np.bool_], truth: NDArray[np.bool_]) -> NDArray[np.float64]:
    """IoU of each pair of masks [N, h, w]; 0 where both are empty."""
    overlap = (predicted & truth).sum(axis=(1, 2))
    union = (predicted | truth).sum(axis=(1, 2))
    return np.asarray(overlap / np.maximum(union, 1), np.float64)


def mean_class_iou(confusion: NDArray[np.int64]) -> float:
    """Mean IoU over the classes that the truth holds."""
    hit = np.diag(confusion)
    truth = confusion.sum(axis=1)
    iou = hit / np.maximum(truth + confusion.sum(axis=0) - hit, 1)
    return _mean(iou[truth > 0])


def _mean(values: NDArray[np.float64] | NDArray[np.bool_]) -> float:
    return float(np.mean(values)) if len(values) else 0.0
