"""Vary an image: what it shows, crop, mirror, letterbox, weather, light.

Sentences are written after all that changes their truth, so that left is left and red is red.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from ris_ros.data.edit.cutout import ThingBank
from ris_ros.data.edit.paste import paste
from ris_ros.data.edit.recolour import PEOPLE, VEHICLES, draw_colour, recolour
from ris_ros.data.edit.weather import CHANGES
from ris_ros.data.labeled_image import LabeledImage
from ris_ros.geometry.letterbox import Letterbox, resized
from ris_ros.training.window import Window, surviving_instances, surviving_sayings

P = TypeVar("P", bound=np.generic)

_MAX_PASTED = 3


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
        night: Chance of night.
        rain: Chance of rain.
        fog: Chance of fog.
        glare: Chance of a low sun in the picture.
        motion_blur: Chance that the camera moved while the shutter was open.
        jpeg: Chance of a hard JPEG compression.
        recolour: Chance, of each vehicle and person, of another colour.
        paste: Chance of a thing out of another picture, and after each of one more.
    """

    flip: float
    whole: float
    fill: float
    min_scale: float
    light: float
    tint: float
    blur: float
    noise: float
    night: float
    rain: float
    fog: float
    glare: float
    motion_blur: float
    jpeg: float
    recolour: float
    paste: float


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
    # The smaller the crop, the nearer, lest it show nothing to speak of.
    y = round(float(rng.beta(2.0 / scale, 2.0 / scale)) * (height - crop_height))
    content = Letterbox.fit((crop_width, crop_height), input_size_px).content_xywh
    return Window((x, y, crop_width, crop_height), content, mirrored)


def whole_window(image_size_px: tuple[int, int], input_size_px: tuple[int, int]) -> Window:
    """The window that the pipeline's letterbox takes: the whole image, centred."""
    width, height = image_size_px
    return Window((0, 0, width, height), Letterbox.fit(image_size_px, input_size_px).content_xywh, mirrored=False)


def edit(
    image: LabeledImage, window: Window, bank: ThingBank | None, variation: Variation, rng: np.random.Generator
) -> LabeledImage:
    """Put things of other pictures into the window, and give some of what it shows another colour.

    Args:
        image: The whole picture.
        window: What will be shown of it.
        bank: Where things come from; None for none.
        variation: How strongly to vary.
        rng: Source of chance.

    Returns:
        The picture, its maps, its facts and its sayings after that.
    """
    x, y, width, height = window.source_xywh
    for _ in range(_MAX_PASTED):
        if bank is None or rng.random() >= variation.paste:
            break
        thing = bank.draw(rng)
        if thing is None:
            continue
        placed = paste(image, thing.mirrored() if rng.random() < 0.5 else thing, rng, (x, y, x + width, y + height))
        image = placed or image
    # Ten times as fast as numpy.unique.
    shown = np.flatnonzero(np.bincount(image.instance_map[y : y + height, x : x + width].ravel()))
    for key in map(int, shown):
        info = image.instances.get(key)
        if info is None or info.class_name not in VEHICLES | PEOPLE or rng.random() >= variation.recolour:
            continue
        image = recolour(image, key, draw_colour(info, rng), rng) or image
    return image


def cut(image: LabeledImage, window: Window) -> LabeledImage:
    """The content of a window at the size that it has in the input, without bars."""
    x, y, width, height = window.source_xywh
    size = window.content_xywh[2:]

    def sampled(array: NDArray[P]) -> NDArray[P]:
        part = np.ascontiguousarray(array[y : y + height, x : x + width])
        return turned(cv2.resize(part, size, interpolation=cv2.INTER_NEAREST).astype(array.dtype))

    def turned(array: NDArray[P]) -> NDArray[P]:
        return np.ascontiguousarray(array[:, ::-1]) if window.mirrored else array

    return replace(
        image,
        image_rgb=turned(resized(image.image_rgb[y : y + height, x : x + width], size)),
        class_map=sampled(image.class_map),
        instance_map=sampled(image.instance_map),
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


def vary_weather(image: LabeledImage, variation: Variation, rng: np.random.Generator) -> LabeledImage:
    """Sometimes another weather or hour, or a fault of the camera; the maps and facts stay."""
    picture = image.image_rgb
    for name, change in CHANGES.items():
        if rng.random() < getattr(variation, name):
            picture = change(picture, image.class_map, rng)
    return replace(image, image_rgb=picture)


def padded(array: NDArray[np.uint8], window: Window, input_size_px: tuple[int, int], value: int) -> NDArray[np.uint8]:
    """Put the content's array [h, w] or [h, w, 3] into the input's size, surrounded by ``value``."""
    x, y, width, height = window.content_xywh
    canvas = np.full((input_size_px[1], input_size_px[0], *array.shape[2:]), value, np.uint8)
    canvas[y : y + height, x : x + width] = array
    return canvas
