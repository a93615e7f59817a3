"""Vary an image: crop, mirror, letterbox, light. Sentences are written afterwards, so that left is left."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from ris_ros.data.labeled_image import LabeledImage
from ris_ros.geometry.letterbox import Letterbox
from ris_ros.training.window import Window, surviving_instances, surviving_sayings

P = TypeVar("P", bound=np.generic)


@dataclass(frozen=True, slots=True)
class Variation:
    """How strongly to vary; the fields are those of :class:`ris_ros.config.training.AugmentSettings`.

    Attributes:
        flip: Chance of mirroring.
        whole: Chance of keeping the whole image.
        fill: Chance that a crop fills the input.
        min_scale: Smallest crop, as a share of the largest that fits.
        light: Largest relative change of brightness and contrast.
        tint: Largest relative change of one colour channel.
        blur: Chance of a slight blur.
        noise: Chance of sensor noise.
    """

    flip: float
    whole: float
    fill: float
    min_scale: float
    light: float
    tint: float
    blur: float
    noise: float


def choose_window(
    image_size_px: tuple[int, int], input_size_px: tuple[int, int], variation: Variation, rng: np.random.Generator
) -> Window:
    """Draw a window at random.

    Args:
        image_size_px: (width, height) of the image.
        input_size_px: (width, height) of the network's input.
        variation: How strongly to vary.
        rng: Source of chance.
    """
    width, height = image_size_px
    mirrored = bool(rng.random() < variation.flip)
    if rng.random() < variation.whole:
        return replace(whole_window(image_size_px, input_size_px), mirrored=mirrored)
    input_aspect = input_size_px[0] / input_size_px[1]
    aspect = input_aspect if rng.random() < variation.fill else float(rng.uniform(1.25, 1.85))
    scale = float(rng.uniform(variation.min_scale, 1.0))
    crop_width = min(width, round(min(width, height * aspect) * scale))
    crop_height = min(height, round(crop_width / aspect))
    x = int(rng.integers(0, width - crop_width + 1))
    # Driving happens around the horizon: the middle is likelier than the sky alone or the bonnet alone.
    y = round(float(rng.beta(2.0, 2.0)) * (height - crop_height))
    content = Letterbox.fit((crop_width, crop_height), input_size_px).content_xywh
    return Window((x, y, crop_width, crop_height), content, mirrored)


def whole_window(image_size_px: tuple[int, int], input_size_px: tuple[int, int]) -> Window:
    """The window that the pipeline's letterbox takes: the whole image, centred."""
    width, height = image_size_px
    return Window((0, 0, width, height), Letterbox.fit(image_size_px, input_size_px).content_xywh, mirrored=False)


def cut(image: LabeledImage, window: Window) -> LabeledImage:
    """The content of a window at the size that it has in the input, without bars."""
    x, y, width, height = window.source_xywh
    size = window.content_xywh[2:]

    def resized(array: NDArray[P], interpolation: int) -> NDArray[P]:
        part = cv2.resize(np.ascontiguousarray(array[y : y + height, x : x + width]), size, interpolation=interpolation)
        return np.ascontiguousarray(part[:, ::-1] if window.mirrored else part, array.dtype)

    shrinking = width > 1.2 * size[0]
    return replace(
        image,
        image_rgb=resized(image.image_rgb, cv2.INTER_AREA if shrinking else cv2.INTER_LINEAR),
        class_map=resized(image.class_map, cv2.INTER_NEAREST),
        instance_map=resized(image.instance_map, cv2.INTER_NEAREST),
        instances=surviving_instances(image, window),
        sayings=surviving_sayings(image, window),
    )


def vary_light(image_rgb: NDArray[np.uint8], variation: Variation, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Change brightness, contrast, gamma and a little tint; sometimes blur or add noise."""
    gain = 1.0 + rng.uniform(-variation.tint, variation.tint, 3)
    contrast = 1.0 + rng.uniform(-variation.light, variation.light)
    brightness = rng.uniform(-variation.light, variation.light) * 0.4
    gamma = float(np.exp(rng.uniform(-variation.light, variation.light)))
    ramp = np.linspace(0.0, 1.0, 256) ** gamma
    table = ((ramp - 0.5) * contrast + 0.5 + brightness)[:, None] * gain * 255.0
    varied = cv2.LUT(image_rgb, np.clip(np.rint(table), 0, 255).astype(np.uint8)[None])
    if rng.random() < variation.blur:
        varied = cv2.GaussianBlur(varied, (0, 0), float(rng.uniform(0.4, 1.2)))
    if rng.random() < variation.noise:
        height, width = varied.shape[:2]
        grain = np.empty((height, width, 3), np.int16)
        cv2.setRNGSeed(int(rng.integers(1 << 31)))
        cv2.randn(grain, (0, 0, 0), (float(rng.uniform(2, 8)),) * 3)
        varied = cv2.add(varied, grain, dtype=cv2.CV_8U)
    return np.asarray(varied, np.uint8)


def padded(array: NDArray[np.uint8], window: Window, input_size_px: tuple[int, int], value: int) -> NDArray[np.uint8]:
    """Put the content's array [h, w] or [h, w, 3] into the input's size, surrounded by ``value``."""
    x, y, width, height = window.content_xywh
    canvas = np.full((input_size_px[1], input_size_px[0], *array.shape[2:]), value, np.uint8)
    canvas[y : y + height, x : x + width] = array
    return canvas
