"""A model whose answers can be worked out by hand, as a bundle of a few kilobytes.

It knows the colours of :data:`VOCABULARY` and paints them: the object is every pixel of the colour that the command
names, the region every other pixel, and the object exists where a block of 8x8 network pixels has that colour. The
word "unicorn" is never there. Other words mean nothing. Network input 96x64; the bundle lies in the folder ``tiny``;
the environment variable RIS_TEXT_WEIGHTS must name :data:`TEXT_WEIGHTS` where a whole process uses the bundle.

    pixel (r, g, b) in 0..1 -> object logit = 24 * (words . (r, g, b) + biases - 0.25), words and biases summed
    region logit = - object logit ; existence logit = highest object logit at stride 8, minus the doubts
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ris_ros.language.encoder import TextEncoder
from ris_ros.runtime.bundle import Bundle

BUNDLE = Path(__file__).parent / "tiny"
TEXT_WEIGHTS = Path(__file__).parent / "tiny_text.safetensors"
INPUT_SIZE_PX = (96, 64)
STRIDE = 4
WIDTH = 8

# Every utterance starts with this much against every pixel, so that one without a known word finds nothing.
START_BIAS = -0.25
# word -> weights of red, green, blue; bias; doubt (subtracted from existence); unused.
VOCABULARY: dict[str, tuple[float, ...]] = {
    "red": (1.0, -0.5, -0.5, -0.25, 0.0, 0.0, 0.0, 0.0),
    "green": (-0.5, 1.0, -0.5, -0.25, 0.0, 0.0, 0.0, 0.0),
    "blue": (-0.5, -0.5, 1.0, -0.25, 0.0, 0.0, 0.0, 0.0),
    "white": (0.333, 0.333, 0.333, -0.5, 0.0, 0.0, 0.0, 0.0),
    "unicorn": (0.0, 0.0, 0.0, 0.0, 100.0, 0.0, 0.0, 0.0),
}

RED, GREEN, BLUE, WHITE, GREY = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255), (90, 90, 90)


def open_bundle() -> Bundle:
    """The tiny bundle, verified."""
    return Bundle.open(BUNDLE)


def load_text_encoder() -> TextEncoder:
    """Its text encoder."""
    return open_bundle().load_text_encoder(TEXT_WEIGHTS)


def picture(
    size_px: tuple[int, int], *boxes: tuple[tuple[int, int, int], tuple[int, int, int, int]]
) -> NDArray[np.uint8]:
    """A grey picture with coloured boxes.

    Args:
        size_px: (width, height).
        boxes: Each a colour (r, g, b) and a box (x, y, width, height).
    """
    width, height = size_px
    image = np.empty((height, width, 3), np.uint8)
    image[:] = GREY
    for colour, (x, y, w, h) in boxes:
        image[y : y + h, x : x + w] = colour
    return image
