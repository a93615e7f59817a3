"""JPEG and PNG: what is whole comes back, what is not is refused before or instead of decoding."""

from __future__ import annotations

import struct
import zlib

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ris_ros.errors import ImageError
from ris_ros.geometry.letterbox import resized
from ris_ros.ros.compressed import decode_compressed, encoded_size_px

LIMIT = 1_000_000
RGB = np.kron(np.random.default_rng(3).integers(0, 256, (6, 9, 3), np.uint8), np.ones((8, 8, 1), np.uint8))


def encode(suffix: str, image: np.ndarray = RGB, *flags: int) -> bytes:
    bgr = image[:, :, ::-1] if image.ndim == 3 else image
    done, data = cv2.imencode(suffix, np.ascontiguousarray(bgr), list(flags))
    assert done
    return data.tobytes()


VARIANTS = {
    "png": encode(".png"),
    "jpeg": encode(".jpg"),
    "progressive": encode(".jpg", RGB, cv2.IMWRITE_JPEG_PROGRESSIVE, 1),
    "restarts": encode(".jpg", RGB, cv2.IMWRITE_JPEG_RST_INTERVAL, 2),
    "trailing": encode(".jpg") + bytes(100),
}


@pytest.mark.parametrize("name", VARIANTS)
def test_what_is_whole_comes_back_in_rgb(name: str) -> None:
    data = VARIANTS[name]
    assert encoded_size_px(data) == (72, 48)
    decoded = decode_compressed(data, LIMIT)
    assert decoded.shape == RGB.shape
    tolerance = 0 if name == "png" else 40
    assert np.abs(decoded[4::8, 4::8].astype(int) - RGB[4::8, 4::8]).mean() <= tolerance


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_gray_and_16_bit_png_become_rgb_of_8_bits(dtype: type) -> None:
    gray = (RGB[:, :, 0].astype(dtype) * (257 if dtype == np.uint16 else 1)).astype(dtype)
    decoded = decode_compressed(encode(".png", gray), LIMIT)
    assert decoded.dtype == np.uint8
    assert np.array_equal(decoded, np.repeat(RGB[:, :, :1], 3, axis=2))


@pytest.mark.parametrize("suffix", [".png", ".jpg"])
@pytest.mark.parametrize("size", [(400, 300), (399, 299), (200, 150), (197, 148), (160, 120), (100, 75), (47, 35)])
def test_shrunk_while_decoded_is_what_was_decoded_and_then_shrunk(suffix: str, size: tuple[int, int]) -> None:
    coarse = np.random.default_rng(4).integers(0, 256, (15, 20, 3), np.uint8)
    data = encode(suffix, np.asarray(cv2.resize(coarse, (400, 300), interpolation=cv2.INTER_CUBIC), np.uint8))
    small = decode_compressed(data, LIMIT, lambda _: size)
    whole = decode_compressed(data, LIMIT)
    assert small.shape == (size[1], size[0], 3)
    difference = np.abs(small.astype(int) - (whole if size == (400, 300) else resized(whole, size)))
    assert difference.max() <= (0 if suffix == ".png" else 60)
    assert difference.mean() <= 2.0


@pytest.mark.parametrize("size", [(401, 301), (403, 302), (404, 303)])
def test_a_size_that_no_power_of_two_divides_is_shrunk_in_its_place(size: tuple[int, int]) -> None:
    width, height = size
    ramp = np.repeat(np.linspace(0, 255, height).astype(np.uint8)[:, None, None], width, axis=1).repeat(3, axis=2)
    small = decode_compressed(encode(".jpg", ramp), LIMIT, lambda _: (48, 36))
    assert np.abs(small[:, 20, 0] - (np.arange(36) + 0.5) / 36 * 255).max() <= 3


@pytest.mark.parametrize("wanted", [None, (90, 60), (72, 48)])
def test_a_picture_that_is_wanted_as_it_is_or_larger_comes_as_it_is(wanted: tuple[int, int] | None) -> None:
    decoded = decode_compressed(VARIANTS["png"], LIMIT, None if wanted is None else lambda _: wanted)
    assert np.array_equal(decoded, RGB)


def test_an_orientation_in_the_file_is_not_applied() -> None:
    turned = struct.pack(">2sHI", b"MM", 42, 8) + struct.pack(">HHHIHHI", 1, 0x0112, 3, 1, 6, 0, 0)
    exif = b"Exif\0\0" + turned
    jpeg = VARIANTS["jpeg"]
    data = jpeg[:2] + b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif + jpeg[2:]
    assert cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR).shape[:2] == (72, 48), "the file says turn"
    assert decode_compressed(data, LIMIT).shape == RGB.shape
    assert decode_compressed(data, LIMIT, lambda _: (36, 24)).shape == (24, 36, 3)


@pytest.mark.parametrize("name", ["png", "jpeg", "progressive", "restarts"])
@given(share=st.floats(0, 0.98))
def test_what_is_cut_off_is_refused(name: str, share: float) -> None:
    data = VARIANTS[name]
    with pytest.raises(ImageError, match=r"truncated|empty|neither"):
        decode_compressed(data[: int(len(data) * share)], LIMIT)


@given(st.binary(max_size=200), st.sampled_from([b"", b"\xff\xd8", b"\xff\xd8\xff\xc0", b"\x89PNG\r\n\x1a\n"]))
def test_any_bytes_are_an_image_or_an_image_error(data: bytes, start: bytes) -> None:
    with pytest.raises(ImageError):
        decode_compressed(start + data, LIMIT)


def test_a_side_that_opencv_does_not_read_is_refused() -> None:
    png = bytearray(VARIANTS["png"])
    png[16:24] = struct.pack(">II", 2**21, 1)
    png[29:33] = struct.pack(">I", zlib.crc32(png[12:29]))
    with pytest.raises(ImageError, match="damaged"):
        decode_compressed(bytes(png), 2**22)


def test_what_claims_to_be_huge_is_refused_from_its_header() -> None:
    png = bytearray(VARIANTS["png"])
    png[16:24] = struct.pack(">II", 50_000, 50_000)
    jpeg = bytearray(VARIANTS["jpeg"])
    at = jpeg.index(b"\xff\xc0") + 5
    jpeg[at : at + 4] = struct.pack(">HH", 50_000, 50_000)
    for data in (png, jpeg):
        with pytest.raises(ImageError, match="max_image_pixels"):
            decode_compressed(bytes(data), LIMIT)
