from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from ris_ros.data.image_file import encode_png, read_rgb
from ris_ros.data.output_file import write_whole
from ris_ros.errors import ImageError

RGB = np.dstack([np.full((5, 7), value, np.uint8) for value in (200, 100, 50)])


def store(path: Path, array: NDArray[np.generic]) -> Path:
    assert cv2.imwrite(str(path), array)
    return path


def test_colours_come_red_first_at_the_stored_size(tmp_path: Path) -> None:
    path = store(tmp_path / "a.png", RGB[..., ::-1])
    np.testing.assert_array_equal(read_rgb(path), RGB)


def test_grey_alpha_and_16_bits_become_rgb_of_8_bits(tmp_path: Path) -> None:
    grey = np.full((5, 7), 90, np.uint8)
    alpha = np.dstack([RGB[..., ::-1], np.full((5, 7), 10, np.uint8)])
    deep = RGB[..., ::-1].astype(np.uint16) * 257
    np.testing.assert_array_equal(read_rgb(store(tmp_path / "grey.png", grey)), np.dstack([grey] * 3))
    np.testing.assert_array_equal(read_rgb(store(tmp_path / "alpha.png", alpha)), RGB)
    np.testing.assert_array_equal(read_rgb(store(tmp_path / "deep.png", deep)), RGB)
    np.testing.assert_array_equal(
        read_rgb(store(tmp_path / "deep_grey.png", deep[..., 0])), np.dstack([RGB[..., 2]] * 3)
    )


def test_the_orientation_that_a_jpeg_states_is_ignored(tmp_path: Path) -> None:
    done, data = cv2.imencode(".jpg", RGB[..., ::-1])
    assert done
    # An Exif segment with one entry: orientation 6, a quarter turn.
    tiff = b"MM\x00\x2a\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00\x06\x00\x00\x00\x00\x00\x00"
    body = b"Exif\x00\x00" + tiff
    segment = b"\xff\xe1" + (len(body) + 2).to_bytes(2, "big") + body
    path = tmp_path / "turned.jpg"
    path.write_bytes(data.tobytes()[:2] + segment + data.tobytes()[2:])
    assert cv2.imread(str(path)).shape[:2] == (7, 5)
    assert read_rgb(path).shape[:2] == (5, 7)


@pytest.mark.parametrize("content", [b"", b"no picture", b"\x89PNG\r\n\x1a\n" + b"\0" * 40])
def test_what_is_no_picture_is_refused_by_name(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "broken.png"
    path.write_bytes(content)
    with pytest.raises(ImageError, match=r"broken\.png"):
        read_rgb(path)


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match="cannot be read"):
        read_rgb(tmp_path / "none.png")
    with pytest.raises(ImageError, match="cannot be read"):
        read_rgb(tmp_path)


def test_pixels_of_another_kind_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match="float32"):
        read_rgb(store(tmp_path / "float.tiff", np.zeros((4, 4), np.float32)))


def test_a_png_holds_what_was_encoded(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    write_whole(path, encode_png(RGB))
    np.testing.assert_array_equal(read_rgb(path), RGB)


def test_a_source_that_never_ends_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ris_ros.data.image_file.MAX_BYTES", 1000)
    with pytest.raises(ImageError, match="over a gigabyte"):
        read_rgb(Path("/dev/zero"))
