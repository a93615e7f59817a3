"""How long it takes on this machine to get from a camera image to what the network sees of it; needs no ROS.

Each encoding is read in two ways by turns, straight to the working size as the node does it, and whole and then shrunk,
so that whatever else the machine does falls on both. OpenCV works in one thread, as in the node.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from types import SimpleNamespace

import cv2
import numpy as np
from numpy.typing import NDArray

from ris_ros.errors import ImageError
from ris_ros.geometry.letterbox import Letterbox, resized
from ris_ros.ros.compressed import decode_compressed
from ris_ros.ros.encodings import WorkingSize, decode_raw
from ris_ros.ros.process import use_one_thread_for_pictures

_INPUT_PX = (512, 384)
_LIMIT_PX = 100_000_000
_BYTES = {
    "bgr8": 3.0,
    "rgb8": 3.0,
    "bgra8": 4.0,
    "mono8": 1.0,
    "uyvy": 2.0,
    "nv12": 1.5,
    "bayer_rggb8": 1.0,
    "rgb16": 6.0,
}
"""Encoding -> bytes of a pixel."""

Decode = Callable[[WorkingSize | None], NDArray[np.uint8]]


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print a table; returns 0, or 2 where images of that size cannot be."""
    parser = argparse.ArgumentParser(
        prog="python -m ris_ros.ros.decode_trial",
        description="Measure decoding straight to the network's size against decoding whole and shrinking.",
        epilog="example: python -m ris_ros.ros.decode_trial --width 1920 --height 1080",
    )
    parser.add_argument("--width", type=int, default=1280, help="of the images, even (default 1280)")
    parser.add_argument("--height", type=int, default=720, help="of the images, even (default 720)")
    parser.add_argument("--runs", type=int, default=100, help="of each (default 100)")
    args = parser.parse_args(argv)
    size_px = args.width, args.height
    wanted_px = Letterbox.fit(size_px, _INPUT_PX).content_xywh[2:]
    use_one_thread_for_pictures()
    print(f"{args.width}x{args.height} to {wanted_px[0]}x{wanted_px[1]}, medians of {args.runs} runs by turns")
    try:
        for name, decode in _images(size_px):
            straight, whole = [], []
            for _ in range(args.runs):
                straight.append(_ms(partial(decode, lambda _: wanted_px)))
                whole.append(_ms(partial(_in_two_steps, decode, wanted_px)))
            print(f"{name:12} straight {np.median(straight):6.2f} ms   whole, then shrunk {np.median(whole):6.2f} ms")
    except ImageError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


def _images(size_px: tuple[int, int]) -> Iterator[tuple[str, Decode]]:
    """Encodings, and how to decode a picture of soft shades and some noise."""
    width, height = size_px
    rng = np.random.default_rng(0)
    shades = cv2.resize(rng.integers(0, 256, (9, 16, 3), np.uint8), size_px, interpolation=cv2.INTER_CUBIC)
    picture = cv2.add(np.asarray(shades, np.uint8), rng.integers(0, 12, (height, width, 3), np.uint8))
    for encoding, pixel_bytes in _BYTES.items():
        step = round(width * (1.0 if encoding == "nv12" else pixel_bytes))
        data = np.resize(picture, round(width * height * pixel_bytes)).tobytes()
        image = SimpleNamespace(
            width=width,
            height=height,
            encoding=encoding,
            is_bigendian=int(sys.byteorder == "big"),
            step=step,
            data=data,
        )
        yield encoding, partial(decode_raw, image, _LIMIT_PX)
    jpeg = cv2.imencode(".jpg", picture)[1].tobytes()
    yield "jpeg", partial(decode_compressed, jpeg, _LIMIT_PX)


def _in_two_steps(decode: Decode, size_px: tuple[int, int]) -> NDArray[np.uint8]:
    return resized(decode(None), size_px)


def _ms(call: Callable[[], object]) -> float:
    begin = time.perf_counter()
    call()
    return (time.perf_counter() - begin) * 1e3


if __name__ == "__main__":
    sys.exit(main())
