"""From labelled images to training batches.

Everything about sample ``i`` of a run (its image, how it is varied, what is said about it) follows from the run's seed
and ``i`` alone, whichever process prepares it: so a run resumes at any step as if it had never stopped.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset

from ris_ros.data.classes import VOID
from ris_ros.data.colours import COLOURS
from ris_ros.data.edit.cutout import ThingBank
from ris_ros.data.expression import Expression
from ris_ros.data.labeled_image import LabeledImage
from ris_ros.errors import DataError
from ris_ros.geometry.letterbox import PAD_VALUE
from ris_ros.training.augment import Variation, choose_window, cut, edit, padded, vary_light, vary_weather
from ris_ros.training.window import Window
from ris_ros.types import Target

Write = Callable[[LabeledImage, np.random.Generator, int], list[Expression]]
"""Writes up to so many sentences about an image."""

NO_COLOUR = 255
"""In a map of colours: nothing is known of the colour there."""

STRIDE = 4
_TRIES = 20


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """B images and the N sentences asked of them.

    Attributes:
        images: uint8 [B, H, W, 3].
        classes: uint8 [B, H / 4, W / 4], class of the pixel in the middle of each cell.
        colours: uint8 [B, H / 4, W / 4], index in :data:`ris_ros.data.colours.COLOURS` of the thing there, or
            :data:`NO_COLOUR` where its colour is not known.
        texts: N sentences.
        camera_index: int64 [N], row of ``images``.
        masks: uint8 [N, 2, H / 4, W / 4], share of each cell that the object and the region cover, times 255.
        known: float32 [N, 2], 1 where that mask is known, be it as empty.
        present: float32 [N, 2], 1 where that mask is known and holds something.
        exists: float32 [N], 1 where the sentence is true of its image.
        is_region: bool [N], whether the sentence asks for a region.
    """

    images: Tensor
    classes: Tensor
    colours: Tensor
    texts: tuple[str, ...]
    camera_index: Tensor
    masks: Tensor
    known: Tensor
    present: Tensor
    exists: Tensor
    is_region: Tensor

    def to(self, device: torch.device) -> Batch:
        """The same batch on a device."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return replace(self, **{name: value.to(device) for name, value in values.items() if name != "texts"})

    @staticmethod
    def join(parts: Sequence[Batch]) -> Batch:
        """Put batches behind each other."""
        starts = np.cumsum([0, *(len(part.images) for part in parts)])
        return Batch(
            images=torch.cat([part.images for part in parts]),
            classes=torch.cat([part.classes for part in parts]),
            colours=torch.cat([part.colours for part in parts]),
            texts=tuple(text for part in parts for text in part.texts),
            camera_index=torch.cat([part.camera_index + int(at) for part, at in zip(parts, starts, strict=False)]),
            masks=torch.cat([part.masks for part in parts]),
            known=torch.cat([part.known for part in parts]),
            present=torch.cat([part.present for part in parts]),
            exists=torch.cat([part.exists for part in parts]),
            is_region=torch.cat([part.is_region for part in parts]),
        )


def encode_sample(
    content: LabeledImage, expressions: Sequence[Expression], window: Window, input_size_px: tuple[int, int]
) -> Batch:
    """One image with its sentences as a batch of one.

    Args:
        content: What the window shows, without bars.
        expressions: Sentences about ``content``.
        window: Where the content lies in the input.
        input_size_px: (width, height) of the network's input.
    """
    size = (input_size_px[0] // STRIDE, input_size_px[1] // STRIDE)
    count = len(expressions)
    masks = np.zeros((count, 2, size[1], size[0]), np.uint8)
    known = np.zeros((count, 2), np.float32)
    present = np.zeros((count, 2), np.float32)
    for row, expression in enumerate(expressions):
        for column, mask in enumerate((expression.object_mask, expression.region_mask)):
            if mask is not None and mask.any():
                masks[row, column] = _coverage(mask, window, input_size_px, size)
                present[row, column] = 1.0
            # What is absent has neither mask, and who asks for an object asks for no region.
            empty = not expression.exists or (column == 1 and expression.target is Target.OBJECT)
            known[row, column] = float(mask is not None or empty)
    classes, colours = (
        padded(values, window, input_size_px, outside)[STRIDE // 2 :: STRIDE, STRIDE // 2 :: STRIDE]
        for values, outside in ((content.class_map, VOID), (_colour_map(content), NO_COLOUR))
    )
    return Batch(
        images=torch.from_numpy(padded(content.image_rgb, window, input_size_px, PAD_VALUE))[None],
        classes=torch.from_numpy(np.ascontiguousarray(classes))[None],
        colours=torch.from_numpy(np.ascontiguousarray(colours))[None],
        texts=tuple(expression.text for expression in expressions),
        camera_index=torch.zeros(count, dtype=torch.int64),
        masks=torch.from_numpy(masks),
        known=torch.from_numpy(known),
        present=torch.from_numpy(present),
        exists=torch.tensor([float(expression.exists) for expression in expressions]),
        is_region=torch.tensor([expression.target is Target.REGION for expression in expressions], dtype=torch.bool),
    )


def _colour_map(image: LabeledImage) -> NDArray[np.uint8]:
    colours = np.full(image.instance_map.shape, NO_COLOUR, np.uint8)
    for key, info in image.instances.items():
        if info.colour in COLOURS:
            colours[image.instance_map == key] = COLOURS.index(info.colour)
    return colours


def _coverage(
    mask: NDArray[np.bool_], window: Window, input_size_px: tuple[int, int], size: tuple[int, int]
) -> NDArray[np.uint8]:
    full = padded(mask.view(np.uint8) * np.uint8(255), window, input_size_px, 0)
    return np.asarray(cv2.resize(full, size, interpolation=cv2.INTER_AREA), np.uint8)


class Mixture:
    """Several sources of labelled images, drawn from by weight.

    Args:
        sources: The sources.
        weights: How often each is drawn from, relative to the others.
        memory_px: Decoded images are kept up to so many pixels in all (eight bytes each), since drawing costs a decode
            otherwise; by pixels because the images of some sources are twelve times as large as those of others.
    """

    def __init__(
        self, sources: Sequence[Sequence[LabeledImage]], weights: Sequence[float], memory_px: int = 175_000_000
    ):
        self._sources = list(sources)
        self._shares = np.cumsum(weights) / np.sum(weights)
        self._memory_px = memory_px
        self._kept_px = 0
        self._kept: OrderedDict[tuple[int, int], LabeledImage] = OrderedDict()

    def draw(self, rng: np.random.Generator) -> LabeledImage:
        """One image at random."""
        which = min(int(np.searchsorted(self._shares, rng.random(), side="right")), len(self._sources) - 1)
        key = (which, int(rng.integers(len(self._sources[which]))))
        if key in self._kept:
            self._kept.move_to_end(key)
            return self._kept[key]
        image = self._sources[which][key[1]]
        self._kept[key] = image
        self._kept_px += image.class_map.size
        while self._kept_px > self._memory_px and len(self._kept) > 1:
            _, dropped = self._kept.popitem(last=False)
            self._kept_px -= dropped.class_map.size
        return image


class ReferringSamples(Dataset[Batch]):
    """Sample ``i`` of a training run, prepared from the run's seed and ``i``.

    Args:
        images: Where images are drawn from.
        write: Writes sentences about an image.
        sentences: Sentences per image.
        input_size_px: (width, height) of the network's input.
        variation: How images are varied.
        seed: The run's.
        count: Samples of the whole run.
        bank: Where things to be put into images come from; None for none.
    """

    def __init__(
        self,
        images: Mixture,
        write: Write,
        sentences: int,
        input_size_px: tuple[int, int],
        variation: Variation,
        seed: int,
        count: int,
        bank: ThingBank | None = None,
    ):
        self._images = images
        self._write = write
        self._sentences = sentences
        self._input_size_px = input_size_px
        self._variation = variation
        self._seed = seed
        self._count = count
        self._bank = bank

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, index: int) -> Batch:
        rng = np.random.default_rng([self._seed, index])
        for _ in range(_TRIES):
            image = self._images.draw(rng)
            size = (image.image_rgb.shape[1], image.image_rgb.shape[0])
            window = choose_window(size, self._input_size_px, self._variation, rng)
            content = cut(edit(image, window, self._bank, self._variation, rng), window)
            expressions = self._write(content, rng, self._sentences)
            if expressions:
                break
        else:
            raise DataError(f"Nothing can be said about any of {_TRIES} images: check the labels of the sources.")
        content = vary_weather(content, self._variation, rng)
        content = replace(content, image_rgb=vary_light(content.image_rgb, self._variation, rng))
        return encode_sample(content, expressions, window, self._input_size_px)
